//! How clients may connect, and how long each step may take.

use std::time::Duration;

use super::token::TokenKey;
use crate::endpoint::node::NodeId;
use crate::endpoint::origin_policy::OriginPolicy;
use crate::transport::negotiate::TransportKind;

/// The options of an endpoint (`HttpConnectionDispatcherOptions`), with the same names and defaults where ASP.NET Core
/// has them.
///
/// ```
/// use signalr_runtime::server::{HttpOptions, Transports};
///
/// // WebSockets, and long polling for whom they cannot reach.
/// let options = HttpOptions {
///     transports: Transports { server_sent_events: false, ..Transports::ALL },
///     ..HttpOptions::default()
/// };
/// assert!(options.transports.long_polling);
/// ```
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The transports that are offered. Default: all of them.
    pub transports: Transports,
    /// How many bytes may wait to be written to one client before those who send to it wait. Default: 64 KiB.
    /// Zero means that there is no limit.
    pub transport_max_buffer_size: usize,
    /// How many bytes of one client may wait to be handled: stream items beyond the stream's own buffer, or what it sends
    /// while its hub is being made or too many of its calls wait, before the connection stops reading, and what was sent by
    /// POST before the next one is answered. Default: 64 KiB. Zero means that there is no limit.
    pub application_max_buffer_size: usize,
    /// The time after which a client is given up to which bytes are to be written and none go out
    /// (`TransportSendTimeout`). A client that reads slowly, but reads, is not given up. Default: 10 seconds.
    ///
    /// An event stream and the answer to a poll are written in parts of 64 KiB, each of which may take as long. The body of an event stream that is given up breaks off, and an HTTP server ends its socket then. An answer to a
    /// poll has a length: hyper gathers up to 0.5 MiB of it, and holds on to that until TCP gives the client up.
    /// `TCP_USER_TIMEOUT` on the sockets bounds that time. Bytes that an HTTP server holds count in the
    /// [memory](crate::server::Limits::memory) budget, and their connection keeps its place among the
    /// [connections](crate::server::Limits::connections) until the server drops them.
    pub transport_send_timeout: Duration,
    /// The lowest negotiate version that is accepted. Default: 0. With 1, a connection id is never a secret.
    pub minimum_protocol_version: i32,
    /// How long a client may take to answer the close of its WebSocket (`WebSockets.CloseTimeout`). Default: 5
    /// seconds.
    pub close_timeout: Duration,
    /// How long a poll waits for something to send before it is answered empty (`LongPolling.PollTimeout`). Default:
    /// 90 seconds.
    pub poll_timeout: Duration,
    /// How long a connection may be without a transport: from negotiation to the first request, between two polls
    /// (`ConnectionOptions.DisconnectTimeout`). Default: 15 seconds.
    pub disconnect_timeout: Duration,
    /// Whether a client that loses its WebSocket may come back and miss nothing (`AllowStatefulReconnects`), if it asks
    /// for that. Default: no. It takes memory for every client that does: see
    /// [`stateful_reconnect_buffer_size`](crate::server::HubOptions::stateful_reconnect_buffer_size) and
    /// [`kept_for_absent_clients`](crate::server::Limits::kept_for_absent_clients).
    ///
    /// A client has [`disconnect_timeout`](Self::disconnect_timeout) to come back to the same process. Until then its
    /// hub notices nothing. On connections of bytes this has no meaning.
    pub allow_stateful_reconnects: bool,
    /// How long a client may pause while it sends the body of a POST. Default: 5 seconds. Over the whole body it may
    /// not be slower than 240 bytes a second, after as long.
    pub body_read_timeout: Duration,
    /// From which web sites browsers may use this endpoint. Default: requests with cookies only from pages of the same
    /// host. Whoever may not is answered with status 403.
    pub origin_policy: OriginPolicy,
    /// Whether a connection ends when the credentials of its client do (`CloseOnAuthenticationExpiration`), at the time
    /// that [`HubService::authentication_expiry`](crate::server::HubService::authentication_expiry) says. Default: no.
    /// The client may connect again by itself, with new ones. Each poll counts as showing credentials.
    pub close_on_authentication_expiration: bool,
    /// Whether clients may show new credentials without connecting anew (`EnableAuthenticationRefresh`), by
    /// `POST path/refresh` with the connection token in the header `X-SignalR-Connection-Token`, or with a later poll or
    /// WebSocket of the same connection. Default: no. See
    /// [`HubService::on_authentication_refresh`](crate::server::HubService::on_authentication_refresh).
    pub enable_authentication_refresh: bool,
    /// How long credentials count at the most from when they are shown, whatever they say themselves
    /// (`MaximumAuthenticationExpiration`): those that have no end get this one. It holds for the two options above. Zero
    /// ends a connection at once. Default: `None`, no limit.
    pub maximum_authentication_expiration: Option<Duration>,
    /// The key that connection tokens are sealed with. Default: none, which is a random key for each process. With a
    /// key that all nodes share, a client may negotiate with one node and open its WebSocket on another.
    pub token_key: Option<TokenKey>,
    /// What connection ids say of this process. Default: a random number. Nodes that share their clients may be given
    /// numbers of their own instead.
    pub node_id: NodeId,
    /// When clients that come while the hub is [drained](crate::server::HubHandle::drain), or while it has as many as it
    /// [may have](crate::server::Limits), may try again: the `Retry-After` of the answer, in whole seconds. Default: 5
    /// seconds, in which a load balancer notices.
    pub retry_after: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            transports: Transports::ALL,
            transport_max_buffer_size: 64 * 1024,
            application_max_buffer_size: 64 * 1024,
            transport_send_timeout: Duration::from_secs(10),
            minimum_protocol_version: 0,
            close_timeout: Duration::from_secs(5),
            poll_timeout: Duration::from_secs(90),
            disconnect_timeout: Duration::from_secs(15),
            allow_stateful_reconnects: false,
            body_read_timeout: Duration::from_secs(5),
            origin_policy: OriginPolicy::SameHost,
            close_on_authentication_expiration: false,
            enable_authentication_refresh: false,
            maximum_authentication_expiration: None,
            token_key: None,
            node_id: NodeId::of_this_process(),
            retry_after: Duration::from_secs(5),
        }
    }
}

/// A size of which zero means that there is no limit.
pub(crate) fn unless_zero(size: usize) -> usize {
    if size == 0 { usize::MAX } else { size }
}

/// A choice of transports (`HttpTransportType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transports {
    /// WebSockets, over HTTP/1.1 or HTTP/2.
    pub web_sockets: bool,
    /// Server-Sent Events, with POST requests in the other direction. Text only.
    pub server_sent_events: bool,
    /// Long polling, with POST requests in the other direction.
    pub long_polling: bool,
}

impl Transports {
    /// All of them.
    pub const ALL: Self = Self { web_sockets: true, server_sent_events: true, long_polling: true };

    /// None of them: a start for those who want one.
    pub const NONE: Self = Self { web_sockets: false, server_sent_events: false, long_polling: false };

    pub(super) fn offers(self, kind: TransportKind) -> bool {
        match kind {
            TransportKind::WebSockets => self.web_sockets,
            TransportKind::ServerSentEvents => self.server_sent_events,
            TransportKind::LongPolling => self.long_polling,
        }
    }
}

impl Default for Transports {
    fn default() -> Self {
        Self::ALL
    }
}
