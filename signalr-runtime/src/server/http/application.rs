//! The seam between connections and what lives on them.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::authentication::Authentication;
use super::connections::{Connections, LiveEntry};
use super::options::{HttpOptions, unless_zero};
use super::outgoing::Outgoing;
use super::polls::Polls;
use super::seat::Seat;
use crate::connection::budget::Charge;
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::server::admission::Permit;
use crate::server::connection::ConnectionId;
use crate::server::identity::{Identity, UserIdPanicked};
use crate::server::limits::Limits;
use crate::transport::negotiate::TransportKind;

/// What lives on connections: a hub, or a handler of bytes.
pub(crate) trait Application: Send + Sync + 'static {
    fn options(&self) -> &HttpOptions;

    /// What clients can make it hold.
    fn limits(&self) -> &Limits;

    /// The connections it has, and the tokens of those it may get.
    fn connections(&self) -> &Arc<Connections>;

    /// Whether a client that has lost its WebSocket may come back.
    fn allows_resumes(&self) -> bool;

    /// Whether no new connection is accepted.
    fn is_stopping(&self) -> bool;

    /// What it says of who its clients are.
    fn identity(&self) -> &Identity;

    /// Takes a connection whose transport is open, and serves it in tasks of its own.
    fn accept(self: Arc<Self>, accepted: Accepted);

    /// The way out of one of its connections, which holds no more than it may.
    fn outbound(&self, frame_header: FrameHeader) -> Outbound {
        let bytes = unless_zero(self.options().transport_max_buffer_size);
        let limits = self.limits();
        Outbound::new(frame_header, QueueLimit { bytes, frames: limits.queued_messages })
            .for_slow_consumers(limits.slow_consumer, limits.send_patience)
            .charged_to(limits.memory.clone())
    }
}

/// The id of a user; none for who is not known.
pub(crate) type UserId = Option<Arc<str>>;

/// A connection whose transport is open.
pub(crate) struct Accepted {
    pub(crate) id: ConnectionId,
    pub(crate) user_id: Result<UserId, UserIdPanicked>,
    /// The request that opened it.
    pub(crate) request: Arc<Parts>,
    pub(crate) transport: Box<dyn Duplex>,
    pub(crate) frame_header: FrameHeader,
    pub(crate) kind: TransportKind,
    /// How long the peer may take to let the transport end.
    pub(crate) close_timeout: Duration,
    pub(crate) place: Place,
    /// Where the client brings a new socket, if it was granted that at negotiation. The application decides whether it
    /// opens.
    pub(crate) resume: Option<Arc<Seat>>,
    /// What can change about who its client is, if anything can.
    pub(crate) authentication: Option<Arc<Authentication>>,
}

/// What a connection takes up among the others. One that does not come over HTTP takes up nothing.
#[derive(Default)]
pub(crate) struct Place {
    /// Among those that can be found by their token, if it has one. Until its transport has ended.
    pub(crate) live: Option<LiveEntry>,
    /// Among all that there may be. Until the last of its calls has ended, and the HTTP server has let go of its last
    /// bytes: a client cannot leave its calls or its sockets behind and come for more.
    pub(crate) permit: Option<Permit>,
    /// The answers that may be on their way when everything else is over.
    pub(super) unwritten: Unwritten,
    /// The request that has opened it.
    pub(super) head: Charge,
}

/// The answers of a connection that the HTTP server may hold.
#[derive(Default)]
pub(super) enum Unwritten {
    #[default]
    Nothing,
    Events(Outgoing),
    Answers(Arc<Polls>),
}

impl Place {
    pub(super) fn new(live: Option<LiveEntry>, permit: Option<Permit>) -> Self {
        Self { live, permit, unwritten: Unwritten::Nothing, head: Charge::default() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(mut permit) = self.permit.take() else { return };
        permit.shaken();
        match &self.unwritten {
            Unwritten::Nothing => {}
            Unwritten::Events(events) => events.keep(permit),
            Unwritten::Answers(polls) => polls.keep(permit),
        }
    }
}
