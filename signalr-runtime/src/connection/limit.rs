//! What a peer can run into, by name.
//!
//! Each limit that is reached is counted as `signalr.server.limit_hit` (feature `metrics`), with the name of the limit
//! in the label `kind`: an operator sees which one an attack leans on, or which one is too low for honest clients.

use crate::contract::locks;

/// What a server does not let a peer do, or have more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// More negotiate requests of one address than it may make.
    Negotiates,
    /// More connections in their handshake than there may be.
    Handshakes,
    /// More connections than the hub takes.
    Connections,
    /// More connections of one address than it may have.
    ConnectionsPerAddress,
    /// More connections of one user than it may have.
    ConnectionsPerUser,
    /// The connections together hold all the memory that they may.
    Memory,
    /// Clients that do not read hold more of that memory than they may: the worst of them are disconnected.
    SlowReaders,
    /// The address and the headers of a request are larger than what is kept of a connection.
    RequestHead,
    /// A request of a web site that may not use the hub.
    Origin,
    /// A request for a connection that is not there, or of somebody else: the token was guessed, used before, or late.
    UnknownConnection,
    /// A client took too long over its handshake.
    HandshakeTime,
    /// A message is larger than the largest that is accepted.
    MessageSize,
    /// A message that cannot be read: the connection ends.
    MalformedMessage,
    /// A frame of a WebSocket that RFC 6455 does not allow: the connection ends.
    MalformedFrame,
    /// The answer to a question that was put to another client: the connection ends.
    ForgedResult,
    /// More messages than a connection may send for long: it is read at that pace.
    MessageRate,
    /// More pings, pongs and empty WebSocket messages than anybody needs.
    ControlFrames,
    /// A WebSocket message in too many small fragments.
    Fragments,
    /// As many calls of a client wait for their turn as may wait: nothing more is read from it.
    QueuedCalls,
    /// As much of a client's streams waits to be read as may wait: nothing more is read from it.
    UnreadItems,
    /// A client does not take its answers: nothing more is read from it.
    UnsentAnswers,
    /// The body of a POST comes too slowly.
    BodyTime,
    /// A client that polls was away for too long.
    PollAbsence,
    /// The id of a call or of a stream is too long.
    IdLength,
    /// A call that would run beside too many others.
    Calls,
    /// A call whose arguments are larger than its method takes.
    MethodArguments,
    /// As many calls of a method run as may: another one waits.
    MethodCalls,
    /// A call took longer than its method may.
    MethodTime,
    /// As many methods that block run on threads as may: another call waits.
    BlockingThreads,
    /// A client has left, and its calls went on for longer than they may.
    CallLinger,
    /// A callback of the hub took longer than it may.
    CallbackTime,
    /// A client did not give a result in time.
    ClientResultTime,
    /// A stream of the client's beyond those that it may have open.
    UploadStreams,
    /// Items for streams that do not exist.
    StrayItems,
    /// A client for which as much waits as may wait: what is done about it says its hub's
    /// [`SlowConsumer`](super::slow_consumer::SlowConsumer).
    SlowConsumer,
    /// A write that nobody took in time.
    WriteTime,
    /// A client that may come back, and sends without saying what it has received.
    ReadAhead,
    /// A client that may come back does not acknowledge what it is sent.
    Unacknowledged,
    /// A client comes back more often than it may.
    Resumes,
    /// A client shows new credentials while the application is being asked about as many others as may be.
    Refreshes,
    /// As many POST requests of a client wait for their turn as may wait.
    QueuedPosts,
    /// More is kept for absent clients than may be: those for whom most is kept are given up.
    AbsentClients,
    /// The name of a group is too long.
    GroupName,
    /// One connection in more groups than it may be in.
    GroupsPerConnection,
}

impl Limit {
    /// The value of the label `kind`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Negotiates => "negotiates",
            Self::Handshakes => "handshakes",
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections_per_address",
            Self::ConnectionsPerUser => "connections_per_user",
            Self::Memory => "memory",
            Self::SlowReaders => "slow_readers",
            Self::RequestHead => "request_head",
            Self::Origin => "origin",
            Self::UnknownConnection => "unknown_connection",
            Self::HandshakeTime => "handshake_time",
            Self::MessageSize => "message_size",
            Self::MalformedMessage => "malformed_message",
            Self::MalformedFrame => "malformed_frame",
            Self::ForgedResult => "forged_result",
            Self::MessageRate => "message_rate",
            Self::ControlFrames => "control_frames",
            Self::Fragments => "fragments",
            Self::QueuedCalls => "queued_calls",
            Self::UnreadItems => "unread_items",
            Self::UnsentAnswers => "unsent_answers",
            Self::BodyTime => "body_time",
            Self::PollAbsence => "poll_absence",
            Self::IdLength => "id_length",
            Self::Calls => "calls",
            Self::MethodArguments => "method_arguments",
            Self::MethodCalls => "method_calls",
            Self::MethodTime => "method_time",
            Self::BlockingThreads => "blocking_threads",
            Self::CallLinger => "call_linger",
            Self::CallbackTime => "callback_time",
            Self::ClientResultTime => "client_result_time",
            Self::UploadStreams => "upload_streams",
            Self::StrayItems => "stray_items",
            Self::SlowConsumer => "slow_consumer",
            Self::WriteTime => "write_time",
            Self::ReadAhead => "read_ahead",
            Self::Unacknowledged => "unacknowledged",
            Self::Resumes => "resumes",
            Self::Refreshes => "refreshes",
            Self::QueuedPosts => "queued_posts",
            Self::AbsentClients => "absent_clients",
            Self::GroupName => "group_name",
            Self::GroupsPerConnection => "groups_per_connection",
        }
    }

    /// Counts that the limit was reached.
    pub(crate) fn hit(self) {
        locks::assert_none_held();
        let kind = self.name();
        #[cfg(feature = "metrics")]
        metrics::counter!("signalr.server.limit_hit", "kind" => kind).increment(1);
        tracing::debug!(kind, "a limit was reached");
    }
}
