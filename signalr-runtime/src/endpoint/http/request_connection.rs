//! A connection that is made of requests: what they have in common, whichever transport it is.

use std::sync::Arc;

use super::authentication::Authentication;
use super::inbox::Inbox;
use super::polls::Polls;
use crate::endpoint::connection_id::ConnectionId;

/// A connection over Server-Sent Events or long polling.
pub(super) struct RequestConnection {
    pub(super) id: ConnectionId,
    pub(super) inbox: Arc<Inbox>,
    pub(super) authentication: Option<Arc<Authentication>>,
    pub(super) carrier: Carrier,
}

/// What carries the other direction than POST requests do.
#[derive(Clone)]
pub(super) enum Carrier {
    Events,
    Polls(Arc<Polls>),
}

impl RequestConnection {
    /// What can change about who its client is.
    pub(super) fn authentication(&self) -> Option<&Arc<Authentication>> {
        self.authentication.as_ref()
    }

    /// Where the client's POST requests write to.
    pub(super) fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// What it runs on.
    pub(super) fn carrier(&self) -> &Carrier {
        &self.carrier
    }

    /// Whether it runs on polls.
    pub(super) fn polls(&self) -> bool {
        matches!(self.carrier, Carrier::Polls(_))
    }
}
