package interop;

import com.microsoft.signalr.TransportEnum;
import java.util.ArrayList;
import java.util.List;

/** Opens the connections of one check and stops them after it. */
final class Connections implements AutoCloseable {
    private final Hub hub;
    private final List<Connection> open = new ArrayList<>();

    Connections(Hub hub) {
        this.hub = hub;
    }

    /** Of nobody in particular. */
    Connection open() throws Exception {
        return open(null);
    }

    Connection open(String user) throws Exception {
        Connection connection = new Connection(hub, user);
        open.add(connection);
        connection.start();
        return connection;
    }

    boolean areOverLongPolling() {
        return hub.transport() == TransportEnum.LONG_POLLING;
    }

    @Override
    public void close() {
        open.forEach(Connection::stop);
    }
}
