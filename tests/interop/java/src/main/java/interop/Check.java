package interop;

import com.microsoft.signalr.TransportEnum;
import java.util.Set;

/** One line of {@code checks.txt}: either what it does, or why the client cannot do it. */
record Check(String name, Body body, String cannot, String cannotOverLongPolling, Set<String> notOn) {
    /** What a check does. */
    interface Body {
        void run(Connections connections) throws Exception;
    }

    static Check of(String name, Body body) {
        return new Check(name, body, null, null, Set.of());
    }

    static Check notOn(String server, String name, Body body) {
        return new Check(name, body, null, null, Set.of(server));
    }

    static Check cannot(String name, String reason) {
        return new Check(name, null, reason, null, Set.of());
    }

    Check cannotOverLongPolling(String reason) {
        return new Check(name, body, cannot, reason, notOn);
    }

    /** Why the client cannot do it when it talks to this hub, or null. */
    String reasonAgainst(Hub hub) {
        return cannot == null && hub.transport() == TransportEnum.LONG_POLLING ? cannotOverLongPolling : cannot;
    }
}
