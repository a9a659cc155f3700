package interop;

import com.microsoft.signalr.TransportEnum;
import java.util.Map;

/**
 * The interop suite of com.microsoft.signalr: {@code java interop.Main HUB_URL [--transport websockets|long-polling]
 * [--skip-negotiation] [--server aspnetcore31]}.
 */
public final class Main {
    private static final Map<String, TransportEnum> TRANSPORTS =
            Map.of("websockets", TransportEnum.WEBSOCKETS, "long-polling", TransportEnum.LONG_POLLING);

    private Main() {}

    public static void main(String[] arguments) {
        String url = null;
        String transport = "websockets";
        String server = "this";
        boolean skipNegotiation = false;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--transport" -> transport = valueOf(arguments, ++i);
                case "--server" -> server = valueOf(arguments, ++i);
                case "--skip-negotiation" -> skipNegotiation = true;
                default -> url = arguments[i];
            }
        }
        if (url == null) {
            throw usage("give the URL of the hub, e.g. http://127.0.0.1:5000/hub");
        }
        if (!TRANSPORTS.containsKey(transport)) {
            throw usage("unknown transport '" + transport + "': use websockets or long-polling");
        }
        String suite = "java-" + transport + (skipNegotiation ? "-direct" : "");
        Hub hub = new Hub(url, TRANSPORTS.get(transport), skipNegotiation);
        int failed = new Runner(suite, hub, server).run(Checks.ALL);
        // The client's own threads would keep the process alive for a while.
        System.exit(failed == 0 ? 0 : 1);
    }

    private static String valueOf(String[] arguments, int index) {
        if (index == arguments.length) {
            throw usage("the last option lacks its value");
        }
        return arguments[index];
    }

    /** Never returns: the result only tells the compiler so. */
    private static IllegalStateException usage(String message) {
        System.err.println(message);
        System.exit(2);
        return new IllegalStateException();
    }
}
