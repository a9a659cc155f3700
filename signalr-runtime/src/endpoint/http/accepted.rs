//! A connection whose transport is open, on its way to what serves it.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::authentication::Authentication;
use super::connections::LiveEntry;
use super::outgoing::Outgoing;
use super::polls::Polls;
use crate::connection::budget::Charge;
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::endpoint::admission::Permit;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::identity::UserIdPanicked;
use crate::endpoint::resume::seat::Seat;
use crate::endpoint::user_id::UserId;
use crate::transport::negotiate::TransportKind;

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
