//! Letting clients in, and a word to the operator where a limit meets a proxy instead of a client.

use http::request::Parts;

use super::application::Application;
use super::refused::Refused;
use crate::endpoint::admission::{Permit, Refusal};
use crate::endpoint::user_id::UserId;

/// Lets clients in until the application stops.
pub(crate) fn unless_stopping(app: &dyn Application) -> Result<(), Refused> {
    let endpoint = app.endpoint();
    let refused = Refused::ShuttingDown { retry_after: endpoint.options.retry_after };
    if endpoint.is_stopping() { Err(refused) } else { Ok(()) }
}

/// Lets those in whom the rules of the application allow, whoever else is known or not.
pub(crate) fn allowed(app: &dyn Application, request: &Parts, user_id: &UserId) -> Result<(), Refused> {
    if app.endpoint().identity.admits(request) {
        return Ok(());
    }
    Err(if user_id.is_some() { Refused::Forbidden } else { Refused::Unauthenticated })
}

/// Lets a client negotiate.
pub(super) fn negotiate(app: &dyn Application, request: &Parts) -> Result<(), Refused> {
    let admission = &app.endpoint().connections.admission;
    admission
        .negotiate(app.endpoint().identity.client_address(request))
        .map_err(|refusal| refused(app, request, refusal))
}

/// A place for a connection of this user.
pub(super) fn connect(app: &dyn Application, request: &Parts, user_id: &UserId) -> Result<Permit, Refused> {
    let admission = &app.endpoint().connections.admission;
    admission
        .connect(app.endpoint().identity.client_address(request), user_id)
        .map_err(|refusal| refused(app, request, refusal))
}

fn refused(app: &dyn Application, request: &Parts, refusal: Refusal) -> Refused {
    if refusal.is_for_address()
        && app.endpoint().identity.sees_a_proxy(request)
        && app.endpoint().connections.admission.proxy_is_news()
    {
        tracing::warn!(
            hub = app.endpoint().identity.application(),
            "a limit for one address was reached by an address that looks like a proxy's: all clients behind it count \
             as one. Say with `HubService::client_address` where they come from."
        );
    }
    refusal.into()
}
