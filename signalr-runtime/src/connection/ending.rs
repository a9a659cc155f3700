//! Asking a connection to end.

use std::sync::OnceLock;

use super::limit::Limit;
use super::outbound::Outbound;
use crate::contract::error::{HubError, HubErrorKind};

/// Who wants a connection to end, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndRequest {
    /// The code of this side is through with the peer: a hub that aborts, a handler that returns, a user who leaves.
    Abort,
    /// The server is taken out of service.
    Drain,
    /// The credentials of the client have expired.
    AuthenticationExpired,
    /// The client is not the one any more that it was.
    AuthenticationRevoked,
    /// The peer reads too slowly for those who send to it.
    SlowConsumer,
    /// The peer reads too slowly, and memory is short.
    MemoryRelief,
}

impl EndRequest {
    /// Whether the peer may connect again by itself.
    pub(crate) fn allows_reconnect(self) -> bool {
        match self {
            Self::Abort | Self::AuthenticationRevoked => false,
            Self::Drain | Self::AuthenticationExpired | Self::SlowConsumer | Self::MemoryRelief => true,
        }
    }

    /// Why the connection ends, for logs.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Abort => "this side ended it",
            Self::Drain => "the hub is being drained",
            Self::AuthenticationExpired => "the credentials of the client have expired",
            Self::AuthenticationRevoked => "other credentials of the client were refused",
            Self::SlowConsumer | Self::MemoryRelief => "the client was given up",
        }
    }

    /// Whether the peer was found not to take what it is sent.
    pub(crate) fn is_for_slowness(self) -> bool {
        matches!(self, Self::SlowConsumer | Self::MemoryRelief)
    }

    /// The error that this end is to the connection; none where it is no fault of the peer.
    pub(crate) fn error(self) -> Option<HubError> {
        let text = match self {
            Self::SlowConsumer => "The client reads too slowly.",
            Self::MemoryRelief => "The client reads too slowly, and the server is short of memory.",
            Self::Abort | Self::Drain | Self::AuthenticationExpired | Self::AuthenticationRevoked => {
                return None;
            }
        };
        Some(HubError::with_kind(HubErrorKind::Closed, text))
    }
}

/// The request to end one connection: anybody who holds the connection asks, its task finds out.
#[derive(Default)]
pub(crate) struct Ending(OnceLock<EndRequest>);

impl Ending {
    /// Asks the connection whose way out `outbound` is to end. The first request counts.
    pub(crate) fn ask(&self, request: EndRequest, outbound: &Outbound) {
        if self.0.set(request).is_ok() {
            outbound.wake();
        }
    }

    /// Gives up on the peer that does not read what is queued in `outbound`, to relieve the memory.
    pub(crate) fn relieve(&self, outbound: &Outbound) {
        Limit::SlowReaders.hit();
        outbound.give_up();
        self.ask(EndRequest::MemoryRelief, outbound);
    }

    /// The request, if there is one. A task that looks after [`Outbound::sleep`] misses none.
    pub(crate) fn asked(&self) -> Option<EndRequest> {
        self.0.get().copied()
    }
}
