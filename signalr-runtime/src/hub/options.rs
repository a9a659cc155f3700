//! What a hub allows, and how long it waits.

use std::time::Duration;

use crate::HubProtocol;
use crate::endpoint::blocking_detector::BlockingDetector;
use crate::endpoint::http::options::HttpOptions;
use crate::endpoint::limits::Limits;

/// The options of one hub (`HubOptions<THub>`), with ASP.NET Core's names and defaults; and [`Limits`], which it has
/// beyond them.
///
/// ```
/// use signalr_runtime::server::HubOptions;
///
/// let options = HubOptions { enable_detailed_errors: cfg!(debug_assertions), ..HubOptions::default() };
/// assert_eq!(options.maximum_receive_message_size, Some(32 * 1024));
/// ```
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// The hub protocols that clients may speak. Default: all that this build has. A client that asks for another one
    /// is refused; with an empty list every connection ends at once, with an error in the log.
    pub supported_protocols: Vec<HubProtocol>,
    /// How long a client may take to send its handshake. Default: 15 seconds.
    pub handshake_timeout: Duration,
    /// Time between two pings to a client. Default: 15 seconds. A client should wait for at least twice as
    /// long before it takes the server for gone.
    pub keep_alive_interval: Duration,
    /// How long a client that has ever pinged may be silent. Default: 30 seconds, twice the interval at which
    /// clients ping. While as many of its calls run as may, it waits for the server and is not silent.
    pub client_timeout_interval: Duration,
    /// The largest message accepted from a client, in bytes on the wire. Default: 32 KiB. `None` lets a client
    /// make the server allocate as much as it likes.
    pub maximum_receive_message_size: Option<usize>,
    /// Whether clients read the texts of internal errors. Default: no, because they may hold secrets.
    pub enable_detailed_errors: bool,
    /// How many items of a client's stream wait for the hub method that reads them, before further ones count as backlog.
    /// The connection stops reading when the backlog of all its streams holds
    /// [`application_max_buffer_size`](crate::server::HttpOptions::application_max_buffer_size) bytes; ASP.NET Core stops at the first
    /// item, and with it everything else the client sends. Default: 10.
    pub stream_buffer_capacity: usize,
    /// How many calls of one client run at once; the others wait in order. Default: 1. Calls that stream, in
    /// either direction, are not counted. Zero is taken for one.
    pub maximum_parallel_invocations_per_client: usize,
    /// How many bytes of messages are kept for a client that may come back after it has lost its WebSocket, and that has
    /// not said yet that it has them (`StatefulReconnectBufferSize`). Default: 100 000. While there are more, those who
    /// send to it wait; its own streams leave half of it to others. A client that keeps them waiting for five seconds
    /// without an acknowledgement that releases something is disconnected, and may connect again; time without a
    /// WebSocket does not count. See
    /// [`allow_stateful_reconnects`](HttpOptions::allow_stateful_reconnects).
    pub stateful_reconnect_buffer_size: usize,
    /// How long a piece of the application's code may hold its thread before that is told: the counter
    /// `signalr.server.blocking_polls` goes up, and once in a minute for each method or callback a warning is logged. Whoever else
    /// is served by that thread waits meanwhile; the method option `blocking` is the cure. Default: 100 milliseconds. `None`
    /// switches it off.
    pub blocking_warning: Option<Duration>,
    /// How clients may connect.
    pub http: HttpOptions,
    /// What clients can make the server hold beyond all this.
    pub limits: Limits,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            supported_protocols: HubProtocol::ALL.to_vec(),
            handshake_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(15),
            client_timeout_interval: Duration::from_secs(30),
            maximum_receive_message_size: Some(32 * 1024),
            enable_detailed_errors: false,
            stream_buffer_capacity: 10,
            maximum_parallel_invocations_per_client: 1,
            stateful_reconnect_buffer_size: 100_000,
            blocking_warning: Some(BlockingDetector::DEFAULT),
            http: HttpOptions::default(),
            limits: Limits::default(),
        }
    }
}
