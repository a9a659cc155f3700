//! Why a connection has ended: what both sides know of it, and say of it in their logs.

use std::io::{self, ErrorKind};

use super::ending::EndRequest;
use crate::contract::error::{HubError, HubErrorKind};

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The peer sent a Close message.
    PeerClosed { error: Option<String>, allow_reconnect: bool },
    /// The transport was closed in good order, without a Close message.
    Left,
    /// The transport broke, or the peer closed it with an error (`ErrorKind::ConnectionAborted`).
    Lost(io::Error),
    /// The peer broke the rules of the transport, which has its own answer to that.
    Violated(io::Error),
    /// The transport ended, in whatever way, in the middle of a message.
    CutOff(HubError),
    /// This side was asked to end it.
    Stopped(EndRequest),
    /// The callback for a connection that begins failed.
    Refused(HubError),
    /// The peer broke the protocol, was silent for too long, or our own code failed.
    Failed(HubError),
}

impl Ended {
    /// The end of a transport that brings nothing more because of `error`.
    pub(crate) fn of_transport(error: io::Error) -> Self {
        if error.kind() == ErrorKind::InvalidData { Self::Violated(error) } else { Self::Lost(error) }
    }

    /// Whether the transport has ended, and nobody has ended the connection.
    pub(crate) fn is_of_transport(&self) -> bool {
        match self {
            Self::Left | Self::Lost(_) | Self::Violated(_) => true,
            Self::PeerClosed { .. }
            | Self::CutOff(_)
            | Self::Stopped(_)
            | Self::Refused(_)
            | Self::Failed(_) => false,
        }
    }

    /// What happened, for logs.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::PeerClosed { error: None, .. } => "the peer sent Close",
            Self::PeerClosed { error: Some(_), .. } => "the peer sent Close with an error",
            Self::Left => "the peer closed the transport",
            Self::Lost(error) if error.kind() == ErrorKind::ConnectionAborted => {
                "the peer closed the transport with an error"
            }
            Self::Lost(_) => "the transport was lost",
            Self::Violated(_) => "the peer broke the rules of the transport",
            Self::CutOff(_) => "the transport ended in the middle of a message",
            Self::Stopped(request) => request.reason(),
            Self::Refused(_) => "the connect callback failed",
            Self::Failed(_) => "the connection failed",
        }
    }

    /// What went wrong, for logs. The text of a peer's Close is its own affair, and a failure of a callback was logged where it
    /// happened.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::PeerClosed { .. } | Self::Left | Self::Refused(_) => None,
            Self::Lost(error) | Self::Violated(error) => Some(error.to_string()),
            Self::Stopped(request) => request.error().map(|error| error.to_string()),
            Self::CutOff(error) | Self::Failed(error) => Some(error.to_string()),
        }
    }

    /// Whether the peer did not do in time what it had to.
    pub(crate) fn is_timeout(&self) -> bool {
        match self {
            Self::Lost(error) => error.kind() == ErrorKind::TimedOut,
            Self::Stopped(request) => request.is_for_slowness(),
            Self::Failed(error) => error.kind() == HubErrorKind::Timeout,
            Self::PeerClosed { .. } | Self::Left | Self::Violated(_) | Self::CutOff(_) | Self::Refused(_) => {
                false
            }
        }
    }
}
