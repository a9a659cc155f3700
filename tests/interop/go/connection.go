package main

import (
	"context"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/philippseith/signalr"
)

// hub is where the server is, and how to reach it.
type hub struct {
	url       string
	transport signalr.TransportType
	protocol  signalr.TransferFormatType
}

// fixture opens the connections of one check and stops them after it.
type fixture struct {
	hub  hub
	open []*connection
}

// message is what the server called `Message` with.
type message struct {
	sender string
	text   string
}

// connection is one client, and what reached it.
type connection struct {
	client signalr.Client
	url    string
	id     string
	inbox  chan message
	// How often the client has opened a transport: more than once is a reconnect.
	transportsOpened atomic.Int32
}

// receiver has the methods that the server may call.
type receiver struct {
	inbox chan message
}

func (r *receiver) Message(sender string, text string) {
	r.inbox <- message{sender, text}
}

// answering is a receiver that can be asked, too.
type answering struct {
	receiver
	answer func(question string) string
}

func (a *answering) Confirm(question string) string {
	return a.answer(question)
}

type silent struct{}

func (silent) Log(...any) error { return nil }

// connect opens a connection that does not reconnect.
func (f *fixture) connect() *connection {
	inbox := make(chan message, 100)
	return f.start("", inbox, &receiver{inbox}, f.once)
}

// connectAs opens a connection of a user.
func (f *fixture) connectAs(user string) *connection {
	inbox := make(chan message, 100)
	return f.start("?user="+user, inbox, &receiver{inbox}, f.once)
}

// connectAnswering opens a connection with a `Confirm` that the server may ask.
func (f *fixture) connectAnswering(answer func(string) string) *connection {
	inbox := make(chan message, 100)
	return f.start("", inbox, &answering{receiver{inbox}, answer}, f.once)
}

// connectForGood opens a connection that the client reopens whenever it may.
func (f *fixture) connectForGood() *connection {
	inbox := make(chan message, 100)
	return f.start("", inbox, &receiver{inbox}, f.again)
}

type connectOption = func(ctx context.Context, c *connection) func(signalr.Party) error

func (f *fixture) openTransport(ctx context.Context, c *connection) (signalr.Connection, error) {
	c.transportsOpened.Add(1)
	return signalr.NewHTTPConnection(ctx, c.url, signalr.WithTransports(f.hub.transport))
}

func (f *fixture) once(ctx context.Context, c *connection) func(signalr.Party) error {
	transport, err := f.openTransport(ctx, c)
	if err != nil {
		failf("cannot connect: %v", err)
	}
	return signalr.WithConnection(transport)
}

func (f *fixture) again(ctx context.Context, c *connection) func(signalr.Party) error {
	return signalr.WithConnector(func() (signalr.Connection, error) { return f.openTransport(ctx, c) })
}

func (f *fixture) start(query string, inbox chan message, receiver any, option connectOption) *connection {
	c := &connection{url: f.hub.url + query, inbox: inbox}
	connecting, cancel := context.WithTimeout(context.Background(), waitTime)
	defer cancel()
	client, err := signalr.NewClient(context.Background(),
		option(connecting, c),
		signalr.TransferFormat(f.hub.protocol),
		signalr.WithReceiver(receiver),
		// Over Server-Sent Events only a ping that fails shows the client that the response has ended.
		signalr.KeepAliveInterval(time.Second),
		signalr.Logger(silent{}, false),
	)
	if err != nil {
		failf("cannot build the client: %v", err)
	}
	c.client = client
	f.open = append(f.open, c)
	client.Start()
	if err, failed := within("the connection to start", client.WaitForState(connecting, signalr.ClientConnected)); failed {
		failf("cannot connect: %v", err)
	}
	c.id = c.call("ConnectionId").(string)
	return c
}

func (f *fixture) stopAll() {
	for _, c := range f.open {
		c.stop()
	}
}

func (c *connection) stop() {
	stopped := make(chan struct{})
	go func() {
		c.client.Stop()
		close(stopped)
	}()
	within("the connection to stop", stopped)
}

// plain gives a value of either protocol as the client reads it from JSON: MessagePack has integers of several sizes, and
// maps with keys of any type.
func plain(value any) any {
	reflected := reflect.ValueOf(value)
	switch {
	case reflected.CanInt():
		return float64(reflected.Int())
	case reflected.CanUint():
		return float64(reflected.Uint())
	}
	switch value := value.(type) {
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = plain(item)
		}
		return items
	case map[any]any:
		members := make(map[string]any, len(value))
		for name, member := range value {
			members[name.(string)] = plain(member)
		}
		return members
	}
	return value
}

// result reads what a call ended with. The client sends the value and a nil error one after the other, in any order.
func result(what string, results <-chan signalr.InvokeResult) (value any, err error) {
	for {
		next, more := within(what, results)
		if !more {
			return value, err
		}
		if next.Value != nil {
			value = plain(next.Value)
		}
		if next.Error != nil {
			err = next.Error
		}
	}
}

func (c *connection) call(method string, arguments ...any) any {
	value, err := result(method, c.client.Invoke(method, arguments...))
	if err != nil {
		failf("%s failed: %v", method, err)
	}
	return value
}

func (c *connection) errorOf(method string, arguments ...any) string {
	value, err := result(method, c.client.Invoke(method, arguments...))
	if err == nil {
		failf("%s did not fail but answered %v", method, value)
	}
	return err.Error()
}

// collect reads a result stream to its end: its items, and its error text if it ended with one.
func (c *connection) collect(method string, arguments ...any) (items []any, errorText string) {
	results := c.client.PullStream(method, arguments...)
	for {
		next, more := within("the end of "+method, results)
		switch {
		case !more:
			return items, errorText
		case next.Error != nil:
			errorText = next.Error.Error()
		default:
			items = append(items, plain(next.Value))
		}
	}
}

// expectMessage fails unless the next message is this one: nothing else came before it.
func (c *connection) expectMessage(sender *connection, text string) {
	got, _ := within("the message "+text, c.inbox)
	expect(got, message{sender.id, text})
}

// expectNothingElse marks the end of what c may have got: the next message must be the marker. The client runs each
// handler in a goroutine of its own, so what came before the marker has one more round trip to show up.
func (c *connection) expectNothingElse(sender *connection) {
	sender.call("SendToConnection", c.id, "marker")
	c.expectMessage(sender, "marker")
	c.call("ConnectionId")
	expect(len(c.inbox), 0)
}

// expectInAnyOrder fails unless the next messages are these. Messages that follow each
// other closely reach the handlers in any order, for the same reason.
func (c *connection) expectInAnyOrder(sender *connection, texts ...string) {
	wanted, got := []string{}, []string{}
	for _, text := range texts {
		wanted = append(wanted, sender.id+" "+text)
		message, _ := within("a message", c.inbox)
		got = append(got, message.sender+" "+message.text)
	}
	slices.Sort(wanted)
	slices.Sort(got)
	expect(got, wanted)
}
