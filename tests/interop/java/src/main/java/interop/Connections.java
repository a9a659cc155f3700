package interop;

import java.util.ArrayList;
import java.util.List;

/** Opens the connections of one check and stops them after it. */
final class Connections implements AutoCloseable {
    private final Hub hub;
    private final List<Connection> open = new ArrayList<>();

    Connections(Hub hub) {
        this.hub = hub;
    }

    Connection open() throws Exception {
        Connection connection = new Connection(hub);
        open.add(connection);
        connection.start();
        return connection;
    }

    @Override
    public void close() {
        open.forEach(Connection::stop);
    }
}
