//! A connection that is made of requests: what they have in common, whichever transport it is.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::request::Parts;

use super::application::{Accepted, Application, Place, UserId};
use super::authentication::Authentication;
use super::inbox::Inbox;
use super::polls::Polls;
use super::request::{charge_of, detach};
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::server::connection::ConnectionId;
use crate::transport::negotiate::TransportKind;

/// A connection over Server-Sent Events or long polling; or one whose client has sent something already and has not
/// said yet which of them it takes.
pub(super) struct RequestConnection {
    id: ConnectionId,
    inbox: Arc<Inbox>,
    authentication: Option<Arc<Authentication>>,
    state: Mutex<State>,
}

struct State {
    user_id: UserId,
    attached: Attached,
    /// Until there is a transport to keep it.
    place: Option<Place>,
}

/// What carries the other direction.
#[derive(Clone)]
pub(super) enum Attached {
    Nothing,
    Events,
    Polls(Arc<Polls>),
}

impl RequestConnection {
    /// A connection without a transport, and the inbox for what its client sends. It keeps its place until one comes.
    pub(super) fn new(
        id: ConnectionId,
        place: Place,
        user_id: UserId,
        authentication: Option<Arc<Authentication>>,
        inbox: Inbox,
    ) -> Self {
        let state = State { user_id, attached: Attached::Nothing, place: Some(place) };
        Self { id, inbox: Arc::new(inbox), authentication, state: Mutex::new(state) }
    }

    /// What can change about who its client is.
    pub(super) fn authentication(&self) -> Option<&Arc<Authentication>> {
        self.authentication.as_ref()
    }

    /// Where the client's POST requests write to.
    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// What it runs on.
    pub(super) fn attached(&self) -> Attached {
        self.lock().attached.clone()
    }

    /// Whether it is the connection of this user.
    pub(super) fn belongs_to(&self, user_id: &UserId) -> bool {
        self.lock().user_id == *user_id
    }

    /// Gives the connection its transport, and gives its place for [`begin`](Self::begin). Fails with what it runs on
    /// already, or with `Nothing` when it was abandoned meanwhile.
    pub(super) fn attach(&self, to: Attached, user_id: UserId) -> Result<Place, Attached> {
        let mut state = self.lock();
        let Some(place) = state.place.take() else {
            return Err(state.attached.clone());
        };
        state.attached = to;
        state.user_id = user_id;
        Ok(place)
    }

    /// Hands the connection to the application, over the transport for which `request` has come.
    pub(super) fn begin(
        &self,
        app: &Arc<dyn Application>,
        mut place: Place,
        request: Parts,
        transport: Box<dyn Duplex>,
        kind: TransportKind,
        close_timeout: Duration,
    ) {
        if let Some(authentication) = &self.authentication {
            authentication.set_expiry(app.identity().expiry(&request));
        }
        let user_id = self.lock().user_id.clone();
        place.head = charge_of(&request, app.limits());
        Arc::clone(app).accept(Accepted {
            id: self.id.clone(),
            user_id: Ok(user_id),
            request: detach(request),
            transport,
            frame_header: FrameHeader::None,
            kind,
            close_timeout,
            place,
            resume: None,
            authentication: self.authentication.clone(),
        });
    }

    /// Gives up a connection that no transport has come for.
    pub(super) fn abandon(&self) {
        let place = self.lock().place.take();
        if place.is_some() {
            self.inbox.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
