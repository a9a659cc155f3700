//! The nine messages of the hub protocol.

use std::borrow::Cow;

use crate::contract::value::Payload;

/// One hub message. Borrows from the bytes it was read from, or from the parts it is to be written from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message<'a> {
    /// Calls a method (type 1).
    Invocation(Invocation<'a>),
    /// Calls a method that streams its results (type 4); the id is always present.
    StreamInvocation(Invocation<'a>),
    /// One item of a stream, in either direction (type 2).
    StreamItem { id: Cow<'a, str>, item: Payload<'a> },
    /// The end of an invocation or of a stream (type 3).
    Completion { id: Cow<'a, str>, outcome: Outcome<'a> },
    /// Asks the other side to stop an invocation (type 5).
    CancelInvocation { id: Cow<'a, str> },
    /// Says that the connection lives (type 6).
    Ping,
    /// The last message of a side (type 7).
    Close { error: Option<Cow<'a, str>>, allow_reconnect: bool },
    /// Stateful reconnect: everything up to this number has arrived (type 8).
    Ack { sequence_id: i64 },
    /// Stateful reconnect: the number of the message that comes next (type 9).
    Sequence { sequence_id: i64 },
}

impl Message<'_> {
    /// Whether stateful reconnect counts it: every message but those that only keep the connection going.
    pub(crate) fn is_numbered(&self) -> bool {
        match self {
            Self::Invocation(_)
            | Self::StreamInvocation(_)
            | Self::StreamItem { .. }
            | Self::Completion { .. }
            | Self::CancelInvocation { .. } => true,
            Self::Ping | Self::Close { .. } | Self::Ack { .. } | Self::Sequence { .. } => false,
        }
    }
}

/// A call, as it travels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Invocation<'a> {
    /// Trace context and the like; usually empty.
    pub(crate) headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Absent where no answer of any kind is wanted.
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) target: Cow<'a, str>,
    /// The encoded argument list (for JSON: the array with its brackets), streams left out.
    pub(crate) arguments: Payload<'a>,
    /// The ids of the streams that feed the stream parameters, in order.
    pub(crate) stream_ids: Vec<Cow<'a, str>>,
}

/// How an invocation or stream ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome<'a> {
    /// With an error.
    Error(Cow<'a, str>),
    /// With a result, which may be null.
    Result(Payload<'a>),
    /// Without a result: the end of a stream.
    Void,
}
