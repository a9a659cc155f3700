package interop;

import java.util.Set;

/** One line of {@code checks.txt}: either what it does, or why the client cannot do it. */
record Check(String name, Body body, String cannot, Set<String> notOn) {
    /** What a check does. */
    interface Body {
        void run(Connections connections) throws Exception;
    }

    static Check of(String name, Body body) {
        return new Check(name, body, null, Set.of());
    }

    static Check notOn(String server, String name, Body body) {
        return new Check(name, body, null, Set.of(server));
    }

    static Check cannot(String name, String reason) {
        return new Check(name, null, reason, Set.of());
    }
}
