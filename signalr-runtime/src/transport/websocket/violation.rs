//! The faults of a peer that end a WebSocket.

use tungstenite::protocol::frame::coding::CloseCode;

use crate::connection::limit::Limit;

/// The longest payload of a control frame (RFC 6455 §5.5).
pub(super) const MAX_CONTROL: usize = 125;

/// What the peer did against RFC 6455, or beyond what we put up with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Violation {
    #[error("a frame of a client is not masked")]
    NotMasked,
    #[error("a frame of a server is masked")]
    Masked,
    #[error("a frame uses a reserved bit: no extension was agreed on")]
    ReservedBit,
    #[error("a frame has an unknown opcode")]
    Opcode,
    #[error("a frame is longer than 2^63 bytes")]
    Length,
    #[error("a control frame is fragmented or longer than {MAX_CONTROL} bytes")]
    ControlFrame,
    #[error("a continuation frame came without a message to continue")]
    NothingToContinue,
    #[error("a new message began inside another one")]
    MessageNotFinished,
    #[error("a close frame holds half a status")]
    ClosePayload,
    #[error("{0} is not a status of a close frame")]
    CloseStatus(u16),
    #[error("text is not UTF-8")]
    NotUtf8,
    #[error("a message came in too many small fragments")]
    TooManyFragments,
    #[error("too many frames came that carry no data")]
    TooManyControlFrames,
}

impl Violation {
    /// The status that the connection is closed with.
    pub(super) fn close_code(&self) -> CloseCode {
        match self {
            Self::NotUtf8 => CloseCode::Invalid,
            Self::TooManyFragments => CloseCode::Size,
            Self::TooManyControlFrames => CloseCode::Policy,
            _ => CloseCode::Protocol,
        }
    }

    /// What it counts as.
    pub(super) fn limit(&self) -> Limit {
        match self {
            Self::TooManyFragments => Limit::Fragments,
            Self::TooManyControlFrames => Limit::ControlFrames,
            _ => Limit::MalformedFrame,
        }
    }
}
