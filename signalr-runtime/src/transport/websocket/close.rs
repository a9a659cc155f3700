//! How a WebSocket ends.

use std::fmt;

use tungstenite::protocol::frame::coding::CloseCode;

use super::violation::Violation;

/// A status that the library takes for a reserved one (IANA registry "WebSocket Close Code Number").
const BAD_GATEWAY: u16 = 1014;

/// The peer's close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerClose {
    status: CloseCode,
    reason: Box<str>,
}

impl PeerClose {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Violation> {
        // .NET reads a close frame without a status as a normal end.
        let (status, reason) = match *payload {
            [] => (CloseCode::Normal, &[][..]),
            [_] => return Err(Violation::ClosePayload),
            [high, low, ref reason @ ..] => (CloseCode::from(u16::from_be_bytes([high, low])), reason),
        };
        if !status.is_allowed() && u16::from(status) != BAD_GATEWAY {
            return Err(Violation::CloseStatus(status.into()));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
        Ok(Self { status, reason: reason.into() })
    }

    /// Whether the peer says that all is well.
    pub(crate) fn is_normal(&self) -> bool {
        self.status == CloseCode::Normal
    }

    /// The number on the wire.
    pub(crate) fn code(&self) -> u16 {
        self.status.into()
    }

    /// What the peer says about it; often nothing.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// The status as .NET's error texts name it.
    pub(crate) fn status(&self) -> impl fmt::Display {
        StatusName(self.status)
    }
}

/// A status under its name in .NET's `WebSocketCloseStatus`; a number where that has no name.
struct StatusName(CloseCode);

impl fmt::Display for StatusName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            CloseCode::Normal => "NormalClosure",
            CloseCode::Away => "EndpointUnavailable",
            CloseCode::Protocol => "ProtocolError",
            CloseCode::Unsupported => "InvalidMessageType",
            CloseCode::Invalid => "InvalidPayloadData",
            CloseCode::Policy => "PolicyViolation",
            CloseCode::Size => "MessageTooBig",
            CloseCode::Extension => "MandatoryExtension",
            CloseCode::Error => "InternalServerError",
            other => return write!(f, "{other}"),
        })
    }
}
