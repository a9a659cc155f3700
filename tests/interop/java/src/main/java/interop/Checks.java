package interop;

import com.microsoft.signalr.HubConnectionState;
import interop.Connection.Stream;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.disposables.Disposable;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** The checks, in the order of {@code checks.txt}. Each opens its own connections. */
final class Checks {
    /** Has neither client results nor a Close message for {@code Context.Abort()}, and takes none from a client. */
    private static final String ASPNETCORE31 = "aspnetcore31";

    private static final String NO_ORDER =
            "it does not wait for one POST before it sends the next, so its messages arrive in any order";

    static final List<Check> ALL = List.of(
            Check.of("connect", Checks::connect),
            Check.of("call-result", Checks::callResult),
            Check.of("call-void", connections -> connections.open().call("Nothing")),
            Check.of("call-case", Checks::callCase),
            Check.of("error-hub", Checks::errorHub),
            Check.of("error-crash", Checks::errorCrash),
            Check.of("error-unknown", Checks::errorUnknown),
            Check.of("error-arguments", Checks::errorArguments),
            Check.of("error-call-kind", Checks::errorCallKind),
            Check.of("send", Checks::send).cannotOverLongPolling(NO_ORDER),
            Check.of("send-to-all", Checks::sendToAll),
            Check.of("group-send", Checks::groupSend),
            Check.of("group-others", Checks::groupOthers),
            Check.of("group-leave", Checks::groupLeave),
            Check.of("user-send", Checks::userSend),
            Check.of("stream-down", Checks::streamDown),
            Check.of("stream-down-error", Checks::streamDownError),
            Check.of("stream-refused", Checks::streamRefused),
            Check.of("stream-cancel", Checks::streamCancel),
            Check.of("stream-up-items", Checks::streamUpItems).cannotOverLongPolling(NO_ORDER),
            Check.of("stream-up", Checks::streamUp).cannotOverLongPolling(NO_ORDER),
            Check.of("stream-up-argument", Checks::streamUpArgument).cannotOverLongPolling(NO_ORDER),
            Check.of("stream-both", Checks::streamBoth).cannotOverLongPolling(NO_ORDER),
            Check.notOn(ASPNETCORE31, "client-result", Checks::clientResult),
            Check.notOn(ASPNETCORE31, "client-result-error", Checks::clientResultError),
            Check.notOn(ASPNETCORE31, "client-result-none", Checks::clientResultNone),
            Check.of("close", Checks::close),
            Check.cannot("close-for-good", "it has no automatic reconnect"),
            Check.notOn(ASPNETCORE31, "stop", Checks::stop));

    private Checks() {}

    /** Fails with both values if they differ. */
    static void expect(Object actual, Object wanted) {
        if (!Objects.equals(actual, wanted)) {
            throw new AssertionError("got " + actual + ", expected " + wanted);
        }
    }

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private static void connect(Connections connections) throws Exception {
        Connection a = connections.open();
        Connection b = connections.open();
        expect(a.client.getConnectionState(), HubConnectionState.CONNECTED);
        expect(a.id().isEmpty(), false);
        expect(a.id().equals(b.id()), false);
    }

    private static void callResult(Connections connections) throws Exception {
        Connection a = connections.open();
        String text = "Grüße, 世界 🦀 \"quoted\" <&> \\ \u001f \n";
        expect(a.call(String.class, "Echo", text), text);
        String longText = "x".repeat(20_000);
        expect(a.call(String.class, "Echo", longText), longText);
        expect(a.call(Integer.class, "Add", 40, 2), 42);
        Person person = a.call(Person.class, "EchoPerson", new Person("Ada", 36, List.of("maths", "engines")));
        expect(person.toString(), "Ada, 36, [maths, engines]");
    }

    private static void callCase(Connections connections) throws Exception {
        expect(connections.open().call(String.class, "eCHO", "found"), "found");
    }

    private static void errorHub(Connections connections) throws Exception {
        expect(
                connections.open().errorOf("Fail", "no room"),
                "An unexpected error occurred invoking 'Fail' on the server. HubException: no room");
    }

    private static void errorCrash(Connections connections) throws Exception {
        expect(
                connections.open().errorOf("Crash"),
                "An unexpected error occurred invoking 'Crash' on the server.");
    }

    private static void errorUnknown(Connections connections) throws Exception {
        expect(
                connections.open().errorOf("NoSuchMethod"),
                "Failed to invoke 'NoSuchMethod' due to an error on the server. HubException: Method does not exist.");
    }

    private static void errorArguments(Connections connections) throws Exception {
        Connection a = connections.open();
        String text = "Failed to invoke 'Add' due to an error on the server.";
        expect(a.errorOf(Integer.class, "Add", 1), text);
        expect(a.errorOf(Integer.class, "Add", 1, "two"), text);
    }

    private static void errorCallKind(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(
                a.errorOf(Integer.class, "Counter", 1, 0),
                "The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation.");
        String text = "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.";
        expect(a.collect(String.class, "Echo", "x"), new Stream<>(List.of(), text));
    }

    private static void send(Connections connections) throws Exception {
        Connection a = connections.open();
        a.client.send("Record", "one");
        a.client.send("Fail", "nobody hears this");
        a.client.send("NoSuchMethod");
        a.client.send("Record", "two");
        a.client.send("Record", "three");
        expect(Arrays.asList(a.call(String[].class, "Recorded")), List.of("one", "two", "three"));
    }

    private static void sendToAll(Connections connections) throws Exception {
        Connection a = connections.open();
        Connection b = connections.open();
        a.call("SendToAll", "all");
        a.call("SendToOthers", "others");
        a.call("SendToCaller", "caller");
        a.call("SendToConnection", b.id(), "connection");
        a.expectMessage(a, "all");
        a.expectMessage(a, "caller");
        b.expectMessage(a, "all");
        b.expectMessage(a, "others");
        b.expectMessage(a, "connection");
        a.expectNothingElse(a);
        b.expectNothingElse(a);
    }

    private static void groupSend(Connections connections) throws Exception {
        Connection a = connections.open();
        Connection b = connections.open();
        Connection outsider = connections.open();
        a.call("JoinGroup", "room");
        b.call("JoinGroup", "room");
        outsider.call("JoinGroup", "Room");
        a.call("SendToGroup", "room", "hello");
        a.expectMessage(a, "hello");
        b.expectMessage(a, "hello");
        outsider.call("SendToGroup", "room", "from outside");
        a.expectMessage(outsider, "from outside");
        b.expectMessage(outsider, "from outside");
        outsider.expectNothingElse(a);
    }

    private static void groupOthers(Connections connections) throws Exception {
        Connection a = connections.open();
        Connection b = connections.open();
        Connection outsider = connections.open();
        a.call("JoinGroup", "room");
        b.call("JoinGroup", "room");
        a.call("SendToOthersInGroup", "room", "hello");
        b.expectMessage(a, "hello");
        for (Connection connection : List.of(a, b, outsider)) {
            connection.expectNothingElse(a);
        }
    }

    private static void groupLeave(Connections connections) throws Exception {
        Connection a = connections.open();
        Connection b = connections.open();
        a.call("JoinGroup", "room");
        b.call("JoinGroup", "room");
        a.call("SendToGroup", "room", "before");
        b.expectMessage(a, "before");
        b.call("LeaveGroup", "room");
        a.call("SendToGroup", "room", "after");
        b.expectNothingElse(a);
        a.expectMessage(a, "before");
        a.expectMessage(a, "after");
    }

    private static void userSend(Connections connections) throws Exception {
        Connection desk = connections.open("ada");
        Connection phone = connections.open("ada");
        Connection other = connections.open("Ada");
        Connection nobody = connections.open();
        nobody.call("SendToUser", "ada", "hello");
        desk.expectMessage(nobody, "hello");
        phone.expectMessage(nobody, "hello");
        desk.call("SendToUser", "Ada", "hello, namesake");
        other.expectMessage(desk, "hello, namesake");
        desk.call("SendToUser", "Bob", "nobody hears this");
        for (Connection connection : List.of(desk, phone, other, nobody)) {
            connection.expectNothingElse(nobody);
        }
    }

    private static void streamDown(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(a.collect(Integer.class, "Counter", 5, 1), new Stream<>(numbers(5), null));
        expect(a.collect(Integer.class, "Counter", 0, 0), new Stream<>(numbers(0), null));
        expect(a.collect(Integer.class, "Counter", 500, 0), new Stream<>(numbers(500), null));
    }

    private static void streamDownError(Connections connections) throws Exception {
        expect(
                connections.open().collect(Integer.class, "CounterThenFail", 2, "ran dry"),
                new Stream<>(
                        numbers(2), "An error occurred on the server while streaming results. HubException: ran dry"));
    }

    private static void streamRefused(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(
                a.collect(Integer.class, "CounterUnless", 2, "was dry"),
                new Stream<>(
                        numbers(0),
                        "An unexpected error occurred invoking 'CounterUnless' on the server. HubException: was dry"));
        expect(a.collect(Integer.class, "CounterUnless", 2, ""), new Stream<>(numbers(2), null));
    }

    private static void streamCancel(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(a.call(Integer.class, "CancelledStreams"), 0);
        CompletableFuture<Integer> third = new CompletableFuture<>();
        Disposable subscription = a.client.stream(Integer.class, "Endless")
                .subscribe(
                        item -> {
                            if (item == 3) {
                                third.complete(item);
                            }
                        },
                        third::completeExceptionally,
                        () -> third.completeExceptionally(new AssertionError("Endless ended by itself")));
        Connection.within("the third item", Single.fromFuture(third));
        subscription.dispose();
        askUntil(1, a, Integer.class, "CancelledStreams");
    }

    /** Asks again until the answer is the wanted one: for what the server does after it has answered. */
    private static <T> void askUntil(
            T wanted, Connection connection, Class<T> type, String method, Object... arguments) throws Exception {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(Runner.WAIT_SECONDS);
        T answer = connection.call(type, method, arguments);
        while (!Objects.deepEquals(answer, wanted) && System.nanoTime() < giveUp) {
            answer = connection.call(type, method, arguments);
        }
        String got = Arrays.deepToString(new Object[] {answer});
        expect(got, Arrays.deepToString(new Object[] {wanted}));
    }

    private static void streamUpItems(Connections connections) throws Exception {
        Connection a = connections.open();
        String[] texts = IntStream.range(0, 30).mapToObj(i -> "line " + i).toArray(String[]::new);
        a.client.send("RecordStream", Observable.fromArray(texts));
        askUntil(texts, a, String[].class, "Recorded");
    }

    private static void streamUp(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(a.call(Integer.class, "Sum", Observable.just(1, 2, 3, 4)), 10);
        expect(a.call(Integer.class, "Sum", Observable.empty()), 0);
        expect(a.call(Integer.class, "Sum", Observable.range(0, 200)), 19_900);
    }

    private static void streamUpArgument(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(a.call(String.class, "Concat", "-", Observable.just("a", "b", "c")), "a-b-c");
    }

    private static void streamBoth(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(
                a.collect(Integer.class, "Doubled", Observable.just(1, 2, 3)),
                new Stream<>(List.of(2, 4, 6), null));
    }

    private static void clientResult(Connections connections) throws Exception {
        Connection a = connections.open();
        a.client.onWithResult("Confirm", question -> Single.just(question + " yes"), String.class);
        expect(a.call(String.class, "AskCaller", "really?"), "really? yes");

        // Calls made while the server waits for the answer must get through.
        Connection b = connections.open();
        b.client.onWithResult(
                "Confirm",
                question -> b.client.invoke(Integer.class, "Add", 1, 1).map(sum -> question + " " + sum),
                String.class);
        expect(b.call(String.class, "AskCaller", "one and one?"), "one and one? 2");
    }

    private static void clientResultError(Connections connections) throws Exception {
        Connection a = connections.open();
        a.client.onWithResult("Confirm", question -> Single.error(new Exception("not now")), String.class);
        expect(
                a.errorOf(String.class, "AskCaller", "really?"),
                "An unexpected error occurred invoking 'AskCaller' on the server. HubException: java.lang.Exception: not now");
    }

    private static void clientResultNone(Connections connections) throws Exception {
        Connection a = connections.open();
        expect(
                a.errorOf(String.class, "AskCaller", "really?"),
                "An unexpected error occurred invoking 'AskCaller' on the server. "
                        + "HubException: Client failed to parse argument(s).");
    }

    private static void close(Connections connections) throws Exception {
        Connection a = connections.open();
        a.client.send("CloseMe");
        String error = a.closed();
        // While the client ends a connection that it was told is closed, a last poll of it may find none there.
        if (!error.equals("Unexpected response code 404.") || !connections.areOverLongPolling()) {
            expect(error, "");
        }
        expect(a.client.getConnectionState(), HubConnectionState.DISCONNECTED);
    }

    private static void stop(Connections connections) throws Exception {
        Connection a = connections.open();
        Connection b = connections.open();
        expect(b.call(Boolean.class, "IsConnected", a.id()), true);
        a.stop();
        expect(a.closed(), "");
        askUntil(false, b, Boolean.class, "IsConnected", a.id());
    }
}
