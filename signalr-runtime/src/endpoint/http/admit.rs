//! Letting clients in, and a word to the operator where a limit meets a proxy instead of a client.

use http::request::Parts;

use super::application::Application;
use super::refused::Refused;
use crate::endpoint::admission::{Permit, Refusal};
use crate::endpoint::user_id::UserId;

/// Lets a client negotiate.
pub(super) fn negotiate(app: &dyn Application, request: &Parts) -> Result<(), Refused> {
    let admission = &app.connections().admission;
    admission
        .negotiate(app.identity().client_address(request))
        .map_err(|refusal| refused(app, request, refusal))
}

/// A place for a connection of this user.
pub(super) fn connect(app: &dyn Application, request: &Parts, user_id: &UserId) -> Result<Permit, Refused> {
    let admission = &app.connections().admission;
    admission
        .connect(app.identity().client_address(request), user_id)
        .map_err(|refusal| refused(app, request, refusal))
}

fn refused(app: &dyn Application, request: &Parts, refusal: Refusal) -> Refused {
    if refusal.is_for_address()
        && app.identity().sees_a_proxy(request)
        && app.connections().admission.proxy_is_news()
    {
        tracing::warn!(
            hub = app.identity().application(),
            "a limit for one address was reached by an address that looks like a proxy's: all clients behind it count \
             as one. Say with `HubService::client_address` where they come from."
        );
    }
    refusal.into()
}
