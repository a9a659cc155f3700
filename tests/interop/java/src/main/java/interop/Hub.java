package interop;

import com.microsoft.signalr.TransportEnum;

/** Where the hub is, and how to reach it. */
record Hub(String url, TransportEnum transport, boolean skipNegotiation) {}
