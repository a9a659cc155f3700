//! What a hub allows, and how long it waits.

use std::time::Duration;

/// The options of one hub: ASP.NET Core's `HubOptions<THub>` and `HttpConnectionDispatcherOptions`, with the
/// same names and defaults.
///
/// Beyond them, one client may have 100 calls waiting for their turn (then nothing more is read from it), 100 calls
/// that stream or that wait for an answer of the client, and 100 open streams of its own; its ids may be 128 bytes
/// long. A call beyond that is answered with an error.
///
/// ```
/// use signalr_runtime::server::HubOptions;
///
/// let options = HubOptions { enable_detailed_errors: cfg!(debug_assertions), ..HubOptions::default() };
/// assert_eq!(options.maximum_receive_message_size, Some(32 * 1024));
/// ```
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// How long a client may take to send its handshake. Default: 15 seconds.
    pub handshake_timeout: Duration,
    /// Time between two pings to a client. Default: 15 seconds. A client should wait for at least twice as
    /// long before it takes the server for gone.
    pub keep_alive_interval: Duration,
    /// How long a client that has ever pinged may be silent. Default: 30 seconds, twice the interval at which
    /// clients ping.
    pub client_timeout_interval: Duration,
    /// The largest message accepted from a client, in bytes on the wire. Default: 32 KiB. `None` lets a client
    /// make the server allocate as much as it likes.
    pub maximum_receive_message_size: Option<usize>,
    /// Whether clients read the texts of internal errors. Default: no, because they may hold secrets.
    pub enable_detailed_errors: bool,
    /// How many items of a client's stream wait for the hub method that reads them, before the connection
    /// stops reading. Default: 10.
    pub stream_buffer_capacity: usize,
    /// How many calls of one client run at once; the others wait in order. Default: 1. Calls that stream, in
    /// either direction, are not counted. Zero is taken for one.
    pub maximum_parallel_invocations_per_client: usize,
    /// How many bytes may wait to be written to one client before those who send to it wait. Default: 64 KiB.
    /// Zero means that there is no limit.
    pub transport_max_buffer_size: usize,
    /// How many bytes of a client's stream items may wait to be read, beyond the stream's own buffer, before
    /// the connection stops reading. Default: 64 KiB. Zero means that there is no limit.
    pub application_max_buffer_size: usize,
    /// How long one write to a client may take before the client is given up. Default: 10 seconds.
    pub transport_send_timeout: Duration,
    /// How long a client may take to answer the close of its WebSocket. Default: 5 seconds.
    pub close_timeout: Duration,
    /// The lowest negotiate version that is accepted. Default: 0. With 1, a connection id is never a secret.
    pub minimum_protocol_version: i32,
    /// When clients that come while the hub is [drained](super::HubHandle::drain) may try again: the `Retry-After` of
    /// the answer, in whole seconds. Default: 5 seconds, in which a load balancer notices.
    pub retry_after: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(15),
            keep_alive_interval: Duration::from_secs(15),
            client_timeout_interval: Duration::from_secs(30),
            maximum_receive_message_size: Some(32 * 1024),
            enable_detailed_errors: false,
            stream_buffer_capacity: 10,
            maximum_parallel_invocations_per_client: 1,
            transport_max_buffer_size: 64 * 1024,
            application_max_buffer_size: 64 * 1024,
            transport_send_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            minimum_protocol_version: 0,
            retry_after: Duration::from_secs(5),
        }
    }
}
