//! What the application is asked when a client shows new credentials.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::request::Parts;

use super::connection_id::ConnectionId;
use super::user_id::UserId;

/// New credentials for a connection, for the application to accept or not (`AuthenticationRefreshContext`).
pub struct AuthenticationRefresh {
    pub(crate) connection_id: ConnectionId,
    pub(crate) previous: Arc<Parts>,
    pub(crate) request: Arc<Parts>,
    pub(crate) user_id: UserId,
    pub(crate) expiration: Option<SystemTime>,
}

impl AuthenticationRefresh {
    /// The public id of the connection.
    pub fn connection_id(&self) -> &ConnectionId {
        &self.connection_id
    }

    /// The request whose credentials count so far (`PreviousUser`).
    pub fn previous(&self) -> &Parts {
        &self.previous
    }

    /// The request that brings the new ones (`NewUser`).
    pub fn request(&self) -> &Parts {
        &self.request
    }

    /// The user id, which is the same by the new credentials as by the old ones: others are refused without asking.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// When the new credentials end (`NewExpiration`), at the latest as
    /// [`maximum_authentication_expiration`](crate::server::HttpOptions::maximum_authentication_expiration) says. `None` if they do
    /// not.
    pub fn expiration(&self) -> Option<SystemTime> {
        self.expiration
    }
}

impl fmt::Debug for AuthenticationRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationRefresh")
            .field("connection_id", &self.connection_id)
            .finish_non_exhaustive()
    }
}
