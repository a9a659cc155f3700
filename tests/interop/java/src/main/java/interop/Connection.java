package interop;

import com.microsoft.signalr.HubConnection;
import com.microsoft.signalr.HubConnectionBuilder;
import io.reactivex.rxjava3.core.Completable;
import io.reactivex.rxjava3.core.Observable;
import io.reactivex.rxjava3.core.Single;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One client, and what reached it. */
final class Connection {
    /** What the server called {@code Message} with. */
    record Message(String sender, String text) {}

    /** A result stream that was read to its end; {@code error} is null if it ended well. */
    record Stream<T>(List<T> items, String error) {}

    final HubConnection client;
    private final BlockingQueue<Message> inbox = new LinkedBlockingQueue<>();
    /** Holds the error text, or "" for none, once the close handler has run. */
    private final CompletableFuture<String> closed = new CompletableFuture<>();
    private String id;

    Connection(Hub hub, String user) {
        client = HubConnectionBuilder.create(user == null ? hub.url() : hub.url() + "?user=" + user)
                .withTransport(hub.transport())
                .shouldSkipNegotiate(hub.skipNegotiation())
                .build();
        client.on("Message", (sender, text) -> inbox.add(new Message(sender, text)), String.class, String.class);
        client.onClosed(error -> closed.complete(error == null ? "" : String.valueOf(error.getMessage())));
    }

    void start() throws Exception {
        within("the connection to start", client.start().toSingleDefault(""));
        id = call(String.class, "ConnectionId");
    }

    void stop() {
        client.stop().onErrorComplete().blockingAwait(Runner.WAIT_SECONDS, TimeUnit.SECONDS);
    }

    String id() {
        return id;
    }

    <T> T call(Class<T> type, String method, Object... arguments) throws Exception {
        return within(method, client.invoke(type, method, arguments));
    }

    void call(String method, Object... arguments) throws Exception {
        within(method, client.invoke(method, arguments).toSingleDefault(""));
    }

    String errorOf(String method, Object... arguments) throws Exception {
        return errorOf(method, client.invoke(method, arguments));
    }

    <T> String errorOf(Class<T> type, String method, Object... arguments) throws Exception {
        return errorOf(method, client.invoke(type, method, arguments).ignoreElement());
    }

    private static String errorOf(String what, Completable call) throws Exception {
        String text = within(what, call.toSingleDefault("").onErrorReturn(error -> "failed: " + error.getMessage()));
        if (text.isEmpty()) {
            throw new AssertionError(what + " did not fail");
        }
        return text.substring("failed: ".length());
    }

    <T> Stream<T> collect(Class<T> type, String method, Object... arguments) throws Exception {
        List<T> items = new ArrayList<>();
        Observable<T> stream = client.stream(type, method, arguments);
        String error = within(
                "the end of " + method,
                stream.doOnNext(items::add)
                        .ignoreElements()
                        .toSingleDefault("")
                        .onErrorReturn(problem -> String.valueOf(problem.getMessage())));
        return new Stream<>(items, error.isEmpty() ? null : error);
    }

    /** The next message must be this one: nothing else came before it. */
    void expectMessage(Connection sender, String text) throws Exception {
        Message message = inbox.poll(Runner.WAIT_SECONDS, TimeUnit.SECONDS);
        Checks.expect(message, new Message(sender.id, text));
    }

    /** Marks the end of what this connection may have got: the next message must be the marker. */
    void expectNothingElse(Connection sender) throws Exception {
        sender.call("SendToConnection", id, "marker");
        expectMessage(sender, "marker");
    }

    /** Waits for the close handler and gives the error text that it got, or "" for none. */
    String closed() throws Exception {
        return within("the close handler", Single.fromFuture(closed));
    }

    /** What {@code waiting} gives, or an error that says what was waited for. */
    static <T> T within(String what, Single<T> waiting) throws Exception {
        try {
            return waiting.toFuture().get(Runner.WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException error) {
            throw new AssertionError("waited " + Runner.WAIT_SECONDS + " s for " + what, error);
        } catch (java.util.concurrent.ExecutionException error) {
            throw new AssertionError(what + " failed: " + error.getCause().getMessage(), error);
        }
    }
}
