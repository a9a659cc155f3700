package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/philippseith/signalr"
)

// expect fails with both values if they differ.
func expect(got, wanted any) {
	if !reflect.DeepEqual(got, wanted) {
		failf("got %#v, expected %#v", got, wanted)
	}
}

// numbers are 0..count-1 as `plain` gives them.
func numbers(count int) []any {
	all := make([]any, count)
	for i := range all {
		all[i] = float64(i)
	}
	return all
}

// upload is a channel that gives the items and then ends.
func upload[T any](items ...T) chan T {
	channel := make(chan T, len(items))
	for _, item := range items {
		channel <- item
	}
	close(channel)
	return channel
}

func connect(f *fixture) {
	a, b := f.connect(), f.connect()
	if a.id == "" || a.id == b.id {
		failf("the connection ids are %q and %q", a.id, b.id)
	}
}

func callResult(f *fixture) {
	a := f.connect()
	text := "Grüße, 世界 🦀 \"quoted\" <&> \\ \u001f \n"
	expect(a.call("Echo", text), text)
	long := strings.Repeat("x", 20_000)
	expect(a.call("Echo", long), long)
	expect(a.call("Add", 40, 2), float64(42))
	person := map[string]any{"name": "Ada", "age": 36, "tags": []any{"maths", "engines"}}
	expect(a.call("EchoPerson", person), map[string]any{"name": "Ada", "age": float64(36), "tags": []any{"maths", "engines"}})
}

func callVoid(f *fixture) {
	expect(f.connect().call("Nothing"), nil)
}

func callCase(f *fixture) {
	expect(f.connect().call("eCHO", "found"), "found")
}

func errorHub(f *fixture) {
	expect(f.connect().errorOf("Fail", "no room"),
		"An unexpected error occurred invoking 'Fail' on the server. HubException: no room")
}

func errorCrash(f *fixture) {
	expect(f.connect().errorOf("Crash"), "An unexpected error occurred invoking 'Crash' on the server.")
}

func errorUnknown(f *fixture) {
	expect(f.connect().errorOf("NoSuchMethod"),
		"Failed to invoke 'NoSuchMethod' due to an error on the server. HubException: Method does not exist.")
}

func errorArguments(f *fixture) {
	a := f.connect()
	expect(a.errorOf("Add", 1), "Failed to invoke 'Add' due to an error on the server.")
	expect(a.errorOf("Add", 1, "two"), "Failed to invoke 'Add' due to an error on the server.")
}

func errorCallKind(f *fixture) {
	a := f.connect()
	expect(a.errorOf("Counter", 1, 0),
		"The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation.")
	items, errorText := a.collect("Echo", "x")
	expect(len(items), 0)
	expect(errorText,
		"The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.")
}

func sendToAll(f *fixture) {
	a, b := f.connect(), f.connect()
	a.call("SendToAll", "all")
	a.call("SendToOthers", "others")
	a.call("SendToCaller", "caller")
	a.call("SendToConnection", b.id, "connection")
	a.expectInAnyOrder(a, "all", "caller")
	b.expectInAnyOrder(a, "all", "others", "connection")
	a.expectNothingElse(a)
	b.expectNothingElse(a)
}

func groupSend(f *fixture) {
	a, b, outsider := f.connect(), f.connect(), f.connect()
	a.call("JoinGroup", "room")
	b.call("JoinGroup", "room")
	outsider.call("JoinGroup", "Room")
	a.call("SendToGroup", "room", "hello")
	a.expectMessage(a, "hello")
	b.expectMessage(a, "hello")
	outsider.call("SendToGroup", "room", "from outside")
	a.expectMessage(outsider, "from outside")
	b.expectMessage(outsider, "from outside")
	outsider.expectNothingElse(a)
}

func groupOthers(f *fixture) {
	a, b, outsider := f.connect(), f.connect(), f.connect()
	a.call("JoinGroup", "room")
	b.call("JoinGroup", "room")
	a.call("SendToOthersInGroup", "room", "hello")
	b.expectMessage(a, "hello")
	for _, c := range []*connection{a, b, outsider} {
		c.expectNothingElse(a)
	}
}

func groupLeave(f *fixture) {
	a, b := f.connect(), f.connect()
	a.call("JoinGroup", "room")
	b.call("JoinGroup", "room")
	a.call("SendToGroup", "room", "before")
	a.expectMessage(a, "before")
	b.expectMessage(a, "before")
	b.call("LeaveGroup", "room")
	a.call("SendToGroup", "room", "after")
	a.expectMessage(a, "after")
	b.expectNothingElse(a)
}

func userSend(f *fixture) {
	desk, phone, other, nobody := f.connectAs("ada"), f.connectAs("ada"), f.connectAs("Ada"), f.connect()
	nobody.call("SendToUser", "ada", "hello")
	desk.expectMessage(nobody, "hello")
	phone.expectMessage(nobody, "hello")
	desk.call("SendToUser", "Ada", "hello, namesake")
	other.expectMessage(desk, "hello, namesake")
	desk.call("SendToUser", "Bob", "nobody hears this")
	for _, c := range []*connection{desk, phone, other, nobody} {
		c.expectNothingElse(nobody)
	}
}

func streamDown(f *fixture) {
	a := f.connect()
	for _, count := range []int{5, 0, 500} {
		items, errorText := a.collect("Counter", count, 0)
		expect(errorText, "")
		expect(len(items), count)
		expect(append([]any{}, items...), numbers(count))
	}
}

func streamDownError(f *fixture) {
	items, errorText := f.connect().collect("CounterThenFail", 2, "ran dry")
	expect(errorText, "An error occurred on the server while streaming results. HubException: ran dry")
	// In this client an error may overtake items that were read before it.
	if len(items) > 2 {
		failf("got %v, expected at most 2 items", items)
	}
	expect(append([]any{}, items...), numbers(len(items)))
}

func streamRefused(f *fixture) {
	a := f.connect()
	items, errorText := a.collect("CounterUnless", 2, "was dry")
	expect(errorText, "An unexpected error occurred invoking 'CounterUnless' on the server. HubException: was dry")
	expect(len(items), 0)
	items, errorText = a.collect("CounterUnless", 2, "")
	expect(errorText, "")
	expect(append([]any{}, items...), numbers(2))
}

func streamUpItems(f *fixture) {
	a := f.connect()
	texts := make([]string, 30)
	wanted := make([]any, len(texts))
	for i := range texts {
		texts[i] = fmt.Sprintf("line %d", i)
		wanted[i] = texts[i]
	}
	push(a, "RecordStream", upload(texts...))
	expect(a.call("Recorded"), wanted)
}

// push calls a method with upload streams among its arguments, and gives its result.
func push(c *connection, method string, arguments ...any) any {
	value, err := result(method, c.client.PushStreams(method, arguments...))
	if err != nil {
		failf("%s failed: %v", method, err)
	}
	return value
}

func streamUp(f *fixture) {
	a := f.connect()
	expect(push(a, "Sum", upload(1, 2, 3, 4)), float64(10))
	expect(push(a, "Sum", upload[int]()), float64(0))
	many := make([]int, 200)
	for i := range many {
		many[i] = i
	}
	expect(push(a, "Sum", upload(many...)), float64(19_900))
}

func streamUpArgument(f *fixture) {
	expect(push(f.connect(), "Concat", "-", upload("a", "b", "c")), "a-b-c")
}

func clientResult(f *fixture) {
	a := f.connectAnswering(func(question string) string { return question + " yes" })
	expect(a.call("AskCaller", "really?"), "really? yes")
	var b *connection
	b = f.connectAnswering(func(question string) string {
		// Calls made while the server waits for the answer must get through.
		return fmt.Sprintf("%s %v", question, b.call("Add", 1, 1))
	})
	expect(b.call("AskCaller", "one and one?"), "one and one? 2")
}

func clientResultError(f *fixture) {
	a := f.connectAnswering(func(string) string { panic("not now") })
	// A line feed and a stack follow the text; the stack is empty by default.
	expect(a.errorOf("AskCaller", "really?"),
		"An unexpected error occurred invoking 'AskCaller' on the server. HubException: not now\n")
}

func clientResultNone(f *fixture) {
	expect(f.connect().errorOf("AskCaller", "really?"),
		"An unexpected error occurred invoking 'AskCaller' on the server. HubException: Unknown method Confirm")
}

// closed waits until the client says that it is closed.
func closed(c *connection) {
	states := make(chan signalr.ClientState, 10)
	cancel := c.client.ObserveStateChanged(states)
	defer cancel()
	c.client.Invoke("CloseMe")
	for c.client.State() != signalr.ClientClosed {
		within("the client to be closed", states)
		expect(c.transportsOpened.Load(), int32(1))
	}
}

func closeOnce(f *fixture) {
	closed(f.connect())
}

func closeForGood(f *fixture) {
	closed(f.connectForGood())
}

func stop(f *fixture) {
	a, b := f.connect(), f.connect()
	expect(b.call("IsConnected", a.id), true)
	a.stop()
	expect(a.client.State(), signalr.ClientClosed)
	for giveUp := time.Now().Add(waitTime); b.call("IsConnected", a.id) != false; {
		if time.Now().After(giveUp) {
			failf("waited %v for the server to let go of the connection", waitTime)
		}
	}
}

// Servers without client results, and without a Close message for `Context.Abort()`.
var (
	noClientResults = []string{"aspnetcore31"}
	noCloseMessage  = []string{"aspnetcore31"}
)

var checks = []check{
	{name: "connect", run: connect},
	{name: "call-result", run: callResult},
	{name: "call-void", run: callVoid},
	{name: "call-case", run: callCase},
	{name: "error-hub", run: errorHub},
	{name: "error-crash", run: errorCrash},
	{name: "error-unknown", run: errorUnknown},
	{name: "error-arguments", run: errorArguments},
	{name: "error-call-kind", run: errorCallKind},
	{name: "send", cannot: "every call carries an invocation id and is answered"},
	{name: "send-to-all", run: sendToAll},
	{name: "group-send", run: groupSend},
	{name: "group-others", run: groupOthers},
	{name: "group-leave", run: groupLeave},
	{name: "user-send", run: userSend},
	{name: "stream-down", run: streamDown},
	{name: "stream-down-error", run: streamDownError},
	{name: "stream-refused", run: streamRefused},
	{name: "stream-cancel", cannot: "it has no call that cancels a stream"},
	{name: "stream-up-items", run: streamUpItems},
	{name: "stream-up", run: streamUp},
	{name: "stream-up-argument", run: streamUpArgument},
	{name: "stream-both", cannot: "a call with an upload takes no result stream"},
	{name: "client-result", run: clientResult, notOn: noClientResults},
	{name: "client-result-error", run: clientResultError, notOn: noClientResults},
	{name: "client-result-none", run: clientResultNone, notOn: noClientResults},
	{name: "close", run: closeOnce},
	{name: "close-for-good", run: closeForGood, notOn: noCloseMessage,
		cannotWithMessagePack: "it expects headers in Close, so it does not understand the server's and reconnects",
		cannotOverEvents:      "it drops what it reads together with the end of the response, as Close is, and reconnects"},
	{name: "stop", run: stop},
}
