//! What one client, and all of them together, can make a hub hold.

use std::time::Duration;

use super::resume::absentees::AbsenceBudget;
use crate::connection::budget::MemoryBudget;
use crate::connection::rate::Rate;
use crate::connection::slow_consumer::SlowConsumer;

/// The limits of a hub beyond those that ASP.NET Core has: no client, and no crowd of clients, makes the server hold or
/// do more than they say.
///
/// # What one connection can hold
///
/// With the defaults of [`HubOptions`](crate::server::HubOptions), in bytes, where *message* is
/// [`maximum_receive_message_size`](crate::server::HubOptions::maximum_receive_message_size):
///
/// | what | at most | by default |
/// |---|---|---|
/// | the request that has opened it, and that of a refresh | twice [`request_head`], and 104 bytes for each header | 64 KiB, 20 KiB |
/// | refreshes that the application is being asked about | four requests | 168 KiB |
/// | a message that has begun, and the rest of one read | message + 64 KiB | 96 KiB |
/// | sent before its hub is made, or together with [`queued_calls`](Self::queued_calls) that wait for their turn | [`application_max_buffer_size`], and one read | 128 KiB |
/// | sent by POST and not read yet | [`application_max_buffer_size`], and what the HTTP server has read of one body (with hyper at most 408 KiB, over HTTP/2 1 MiB) | 472 KiB, 1.1 MiB |
/// | requests whose turn to be read has not come, with what the HTTP server has read of their bodies | [`queued_post_bytes`] | 4 MiB |
/// | items of its streams that no method has read, as they came | [`upload_streams`] × `stream_buffer_capacity` × (item + 48 bytes), and [`application_max_buffer_size`] + message | 1 000 items, 96 KiB |
/// | ids of its streams whose calls were answered before it has ended them | [`upload_streams`] × ([`id_length`](Self::id_length) + 16) | 14 KiB |
/// | calls that wait for their turn, as they came | [`queued_call_bytes`] + message, with 80 bytes for each | 1 MiB |
/// | arguments of the calls that run, copied for filters and rules | (2 × [`unordered_calls`] + parallel calls) × message | 6.3 MiB |
/// | what waits to be written | [`transport_max_buffer_size`], or [`queued_messages`], and the message that makes it full; a message of more than 1 KiB that others get too counts once for all of them, and 32 bytes for each | 64 KiB |
/// | what is being written | as much again | 64 KiB |
/// | what the HTTP server has of an event stream, and of an answer to a poll | 320 KiB, and the whole answer | 320 KiB |
/// | answers to its own calls | as many as the calls that were read before it was found to be full | |
/// | kept for a client that may come back | `stateful_reconnect_buffer_size` and 8 bytes for each message, the message that is too much, ten more for one that comes back and acknowledges nothing, and [`read_ahead`] of what it sends | 100 000, 1 MiB |
/// | groups | [`groups_per_connection`] × ([`group_name_length`] + 352); in groups that others have joined before, 96 each | 594 KiB |
/// | senders that wait for it | for each of them one frame for each hub protocol, and about 300 bytes for each client that it waits for | |
/// | client results that are awaited from it | 1 KiB each, and each question until it is in the queue | |
///
/// An idle connection holds nothing of all that but its request. Those that hold much can be held off together by a
/// [`MemoryBudget`]: see [`memory`](Self::memory).
///
/// [`request_head`]: Self::request_head
/// [`application_max_buffer_size`]: crate::server::HttpOptions::application_max_buffer_size
/// [`transport_max_buffer_size`]: crate::server::HttpOptions::transport_max_buffer_size
/// [`upload_streams`]: Self::upload_streams
/// [`queued_call_bytes`]: Self::queued_call_bytes
/// [`queued_post_bytes`]: Self::queued_post_bytes
/// [`unordered_calls`]: Self::unordered_calls
/// [`queued_messages`]: Self::queued_messages
/// [`read_ahead`]: Self::read_ahead
/// [`groups_per_connection`]: Self::groups_per_connection
/// [`group_name_length`]: Self::group_name_length
///
/// # Waits that have an end
///
/// | wait | at most | by default | then |
/// |---|---|---|---|
/// | the handshake | [`handshake_timeout`] | 15 s | the client is refused |
/// | the factory, `on_connected` and the filters around it, during which no message is handled | [`callback_timeout`] | 30 s | the connection ends with an error |
/// | `on_disconnected` and the filters around it | [`callback_timeout`] | 30 s | the connection is forgotten without it |
/// | the callbacks of an authentication refresh | [`callback_timeout`] | 30 s | the new credentials are refused; the hub is not told |
/// | calls of a client that has left | [`call_linger`] | 30 s | they are dropped |
/// | the answer of a client that was asked for a result | [`client_result_timeout`] | none | the call fails with `Timeout` |
/// | a call | [`MethodOptions::timeout`](crate::server::MethodOptions::timeout) | none | it is answered with an error |
/// | bytes that are to be written, of a message, of an event or of an answer to a poll, while none go out | [`transport_send_timeout`] | 10 s | the connection ends |
/// | those outside a connection who send to its client and to others, all together until it has caught up | [`send_patience`](Self::send_patience) | 5 s | [`slow_consumer`](Self::slow_consumer) decides |
/// | a call from outside a connection to its client alone | [`send_patience`](Self::send_patience) | 5 s | [`slow_consumer`](Self::slow_consumer) decides |
/// | an acknowledgement of a client that may come back, while all is kept for it that may be | | 5 s | the connection ends |
///
/// [`handshake_timeout`]: crate::server::HubOptions::handshake_timeout
/// [`callback_timeout`]: Self::callback_timeout
/// [`call_linger`]: Self::call_linger
/// [`client_result_timeout`]: Self::client_result_timeout
/// [`transport_send_timeout`]: crate::server::HttpOptions::transport_send_timeout
///
/// # What is up to the HTTP server
///
/// Connections whose request has not come yet are not ours: how many there may be, and how long a request may take to
/// arrive, says the server in front, or the one that runs the router. `axum::serve` sets no time for the headers of a
/// request; a proxy does, and so does hyper with a timer and `header_read_timeout`. The bodies of requests are limited here:
/// [`body_read_timeout`](crate::server::HttpOptions::body_read_timeout).
///
/// # What is counted
///
/// Whenever one is reached, the counter `signalr.server.limit_hit` goes up (feature `metrics`); its label `kind` says
/// which one it was: see [`telemetry`](crate::server::telemetry). Where `None` is possible it means that there is no limit.
///
/// ```
/// use signalr_runtime::server::{HubOptions, Limits, Rate};
///
/// let limits = Limits { messages: Some(Rate::per_second(100)), ..Limits::default() };
/// let options = HubOptions { limits, ..HubOptions::default() };
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long the address and the headers of a request may be together, in bytes: a connection keeps those of the
    /// request that has opened it, for [`HubContext::request`](crate::server::HubContext::request). Others are answered with
    /// status 431. Default: 32 KiB.
    pub request_head: usize,
    /// The largest handshake request, in bytes, where
    /// [`maximum_receive_message_size`](crate::server::HubOptions::maximum_receive_message_size) is not even less. Default: 4 KiB.
    pub handshake_size: usize,
    /// How often a client may send a message. What comes faster is read later. Default: 100 000 in a second, twice as
    /// many at once.
    pub messages: Option<Rate>,
    /// How often a client may send a WebSocket ping, pong or empty message. Beyond that it is disconnected. Default:
    /// 100 in a second. Four pings in a second are answered at once, and 32 after a rest; of more, the newest, once in a second.
    pub control_frames: Option<Rate>,
    /// In how many fragments of any size a client may send one WebSocket message. It may take one more for each 256
    /// bytes of the message, because some clients send a fragment for each buffer that they have filled. Beyond that
    /// it is disconnected. Default: 64.
    pub fragments: u64,
    /// How many calls of one client may wait for their turn before nothing more is read from it. Over a WebSocket some more is
    /// read, for the sake of pings and the close frame, and handled later: no more than
    /// [`application_max_buffer_size`](crate::server::HttpOptions::application_max_buffer_size) together with those calls. Default: 100.
    pub queued_calls: usize,
    /// How many bytes the calls of one client may hold that wait for their turn before nothing more is read from it. They
    /// wait as they came: arguments are decoded when a call starts. Default: 1 MiB.
    pub queued_call_bytes: usize,
    /// How many calls of one client may run at once without being held back: those that stream, in either direction,
    /// and those that wait for an answer of the client. A call beyond that is answered with an error; one that does not
    /// stream only where as many as that wait for the client. Default: 100.
    pub unordered_calls: usize,
    /// Time for which the calls of a client that has left may go on, those that wait for their turn included. Then they
    /// are dropped, each at the point where it waits. Default: 30 seconds. `None`: until they end by themselves, as in
    /// ASP.NET Core.
    pub call_linger: Option<Duration>,
    /// Time that one callback may take: the factory of the hub together with
    /// [`on_connected`](crate::server::Hub::on_connected) and the filters around it, during which no message is handled;
    /// [`on_disconnected`](crate::server::Hub::on_disconnected) with its filters;
    /// [`on_authentication_refresh`](crate::server::HubService::on_authentication_refresh), and
    /// [`on_authentication_refreshed`](crate::server::Hub::on_authentication_refreshed). It is dropped then, at the point where it
    /// waits, with an error in the log: a client that was connecting is disconnected, new credentials are refused.
    /// Default: 30 seconds. `None`: no end, as in ASP.NET Core.
    pub callback_timeout: Option<Duration>,
    /// Time for which the server waits for the answer of a client that it has asked for a result. The call then fails with
    /// an error of the kind [`Timeout`](crate::HubErrorKind::Timeout), and a later answer is ignored. Default: `None`, as
    /// in ASP.NET Core: until the client answers or leaves.
    pub client_result_timeout: Option<Duration>,
    /// Threads on which the calls of methods that [block](crate::server::MethodOptions::blocking) run, for one hub. One client has
    /// half of them at most; other calls wait. Default: 64.
    pub blocking_threads: usize,
    /// How many POST requests of one client may wait while another one is read, over Server-Sent Events and long polling:
    /// a client that makes many calls at once sends one for each. Others are answered with status 429. Default: 1 000.
    pub queued_posts: usize,
    /// How many bytes those requests may hold together: for each of them 1 KiB, and the part of its body that an HTTP server
    /// reads ahead (with hyper 408 KiB at most, over HTTP/2 1 MiB). A body whose length is not announced counts as that much.
    /// Others are answered with status 429. Default: 4 MiB.
    pub queued_post_bytes: usize,
    /// The longest id of a call or of a stream, in bytes. A call with a longer one is answered with an error. Default:
    /// 128.
    pub id_length: usize,
    /// How many streams of its own a client may have open. A call beyond that is answered with an error. Default: 100.
    pub upload_streams: usize,
    /// How often a client may send an item for a stream that does not exist: it is ignored. Beyond that the client is
    /// disconnected. Items of a stream whose call was answered are ignored, too, and do not count before the client has ended
    /// the stream: clients do not stop an upload by themselves. That is known of as many streams as
    /// [`upload_streams`](Self::upload_streams) says, the latest ones. Default: 1 000 in a second, ten times as many at once.
    pub stray_items: Option<Rate>,
    /// How many messages may wait to be written to one client, beside the bytes of
    /// [`transport_max_buffer_size`](crate::server::HttpOptions::transport_max_buffer_size). Default: 1 024.
    pub queued_messages: usize,
    /// How many bytes a client may send, while those who send to it wait for it, before it says what it has received.
    /// Only where [stateful reconnect](crate::server::HttpOptions::allow_stateful_reconnects) is on. Beyond that it is
    /// disconnected. Default: 1 MiB.
    pub read_ahead: usize,
    /// How often a client may come back in a minute after it has lost its WebSocket. Beyond that it is answered with
    /// status 429. Default: 10.
    pub resumes_per_minute: usize,
    /// How many bytes of messages are kept for all clients together that have lost their WebSockets and have not come
    /// back yet. Beyond that, those for whom most is kept are given up. Default: 64 MiB, for all hubs of the
    /// process together.
    pub kept_for_absent_clients: AbsenceBudget,
    /// The time for which those outside a connection, other connections' methods and tasks of the application, wait
    /// altogether for a client whose outbound queue is full. It runs from when the first of them waits until the client has
    /// caught up: until everything in its queue has been written, and acknowledged where the client may come back.
    /// Then [`slow_consumer`](Self::slow_consumer) decides about every call that finds the queue full. Zero is possible:
    /// nobody waits; [`Duration::MAX`] is for ever. Default: 5 seconds.
    pub send_patience: Duration,
    /// The fate of calls to a client that has used up the [`send_patience`](Self::send_patience). Default: the client is
    /// disconnected, and may connect again.
    pub slow_consumer: SlowConsumer,
    /// The longest name of a group that can be joined, in bytes. Default: 256.
    pub group_name_length: usize,
    /// How many groups one connection can be in. Default: 1 000.
    pub groups_per_connection: usize,
    /// How many connections there may be on this node. Others are answered with status 503. Default: no limit.
    pub connections: Option<usize>,
    /// How many connections may be in their handshake. Others are answered with status 503. Default: 10 000.
    pub handshakes: usize,
    /// What the connections together may hold; while it is used up, others are answered with status 503. Default: no limit.
    pub memory: Option<MemoryBudget>,
    /// How many connections one user may have. Others are answered with status 429. Default: no limit.
    pub connections_per_user: Option<usize>,
    /// How many connections one address may have. Others are answered with status 429. Where
    /// [no address is known](crate::server::HubService::client_address), there is no limit. An IPv6 address counts with all that
    /// share its first 64 bits. Default: no limit.
    ///
    /// Behind a proxy all clients have one address, until [`client_address`](crate::server::HubService::client_address) says
    /// better. A limit that is reached by an address that looks like a proxy's is told once in the log, as a warning.
    pub connections_per_address: Option<usize>,
    /// How often one address may negotiate. Beyond that the answer is status 429. Addresses are those of
    /// [`connections_per_address`](Self::connections_per_address). Default: 100 in a second, ten times as many at once.
    pub negotiates: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_head: 32 * 1024,
            handshake_size: 4 * 1024,
            messages: Some(Rate { per_second: 100_000, burst: 200_000 }),
            control_frames: Some(Rate::per_second(100)),
            fragments: 64,
            queued_calls: 100,
            queued_call_bytes: 1024 * 1024,
            unordered_calls: 100,
            call_linger: Some(Duration::from_secs(30)),
            callback_timeout: Some(Duration::from_secs(30)),
            client_result_timeout: None,
            blocking_threads: 64,
            queued_posts: 1_000,
            queued_post_bytes: 4 * 1024 * 1024,
            id_length: 128,
            upload_streams: 100,
            stray_items: Some(Rate { per_second: 1_000, burst: 10_000 }),
            queued_messages: 1024,
            read_ahead: 1024 * 1024,
            resumes_per_minute: 10,
            kept_for_absent_clients: AbsenceBudget::default(),
            send_patience: Duration::from_secs(5),
            slow_consumer: SlowConsumer::Disconnect,
            group_name_length: 256,
            groups_per_connection: 1_000,
            connections: None,
            handshakes: 10_000,
            memory: None,
            connections_per_user: None,
            connections_per_address: None,
            negotiates: Some(Rate { per_second: 100, burst: 1_000 }),
        }
    }
}
