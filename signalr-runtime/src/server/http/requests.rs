//! A connection that is made of requests: what they have in common, whichever transport it is.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::accepted::UserId;
use super::authentication::Authentication;
use super::connections::LiveEntry;
use super::inbox::Inbox;
use super::polls::Polls;
use crate::server::admission::Permit;

/// A connection over Server-Sent Events or long polling; or one whose client has sent something already and has not
/// said yet which of them it takes.
pub(super) struct RequestConnection {
    inbox: Arc<Inbox>,
    authentication: Option<Arc<Authentication>>,
    state: Mutex<State>,
}

struct State {
    user_id: UserId,
    attached: Attached,
    /// Until there is a transport to keep it.
    place: Option<(LiveEntry, Option<Permit>)>,
}

/// What carries the other direction.
#[derive(Clone)]
pub(super) enum Attached {
    Nothing,
    Events,
    Polls(Arc<Polls>),
}

impl RequestConnection {
    /// A connection without a transport, and the inbox for what its client sends. It keeps its entry until one comes.
    pub(super) fn new(
        place: (LiveEntry, Option<Permit>),
        user_id: UserId,
        authentication: Option<Arc<Authentication>>,
        inbox: Inbox,
    ) -> Self {
        let state = State { user_id, attached: Attached::Nothing, place: Some(place) };
        Self { inbox: Arc::new(inbox), authentication, state: Mutex::new(state) }
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

    /// Gives the connection its transport, and with it the entry. Fails with what it runs on already, or with
    /// `Nothing` when it was abandoned meanwhile.
    pub(super) fn attach(
        &self,
        to: Attached,
        user_id: UserId,
    ) -> Result<(LiveEntry, Option<Permit>), Attached> {
        let mut state = self.lock();
        let Some(place) = state.place.take() else {
            return Err(state.attached.clone());
        };
        state.attached = to;
        state.user_id = user_id;
        Ok(place)
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
