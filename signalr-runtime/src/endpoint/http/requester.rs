//! Who sends a request, and to which endpoint.

use http::request::Parts;

use super::refused::Refused;
use crate::endpoint::identity::{Identity, IdentityKey};
use crate::endpoint::user_id::UserId;

/// The sender of a request.
pub(super) struct Requester<'a> {
    /// The name of the endpoint that the request has come to.
    pub(super) endpoint: &'a str,
    pub(super) user_id: UserId,
    /// What it must have in common with whoever negotiated.
    identity: IdentityKey,
}

impl<'a> Requester<'a> {
    /// What the application says of the sender of a request.
    pub(super) fn of(identity: &Identity, endpoint: &'a str, parts: &Parts) -> Result<Self, Refused> {
        let user_id = identity.user_id(parts).map_err(|_| Refused::UnknownUser)?;
        let identity = identity.key(parts, &user_id).map_err(|_| Refused::UnknownUser)?;
        Ok(Self { endpoint, user_id, identity })
    }

    /// The identity, as tokens have it.
    pub(super) fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// The user id, for what outlives the request.
    pub(super) fn user_id(&self) -> UserId {
        self.user_id.clone()
    }
}
