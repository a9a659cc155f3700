//! What the application is asked when a client shows new credentials.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::connection::ConnectionId;
use super::http::application::UserId;

/// New credentials for a connection, for the application to accept or not (`AuthenticationRefreshContext`).
pub struct AuthenticationRefresh {
    pub(crate) connection_id: ConnectionId,
    pub(crate) previous: Arc<Parts>,
    pub(crate) request: Arc<Parts>,
    pub(crate) user_id: UserId,
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

    /// Who the client is by the new credentials. If that is somebody else than before, the connection ends.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }
}

impl fmt::Debug for AuthenticationRefresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticationRefresh")
            .field("connection_id", &self.connection_id)
            .finish_non_exhaustive()
    }
}
