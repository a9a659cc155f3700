//! Who asks a client for a result.

use std::sync::Arc;

use super::connection::Connection;
use crate::connection::returned_permits::CallNumber;
use crate::connection::scope::{self, Scope};
use crate::contract::error::{HubError, HubErrorKind, HubResult};

/// The hub of a connection, and where it was when it chose the client that it asks (`HubCallerClients`).
pub(crate) struct Asker {
    connection: Arc<Connection>,
    chosen: Chosen,
}

/// When a client was chosen.
enum Chosen {
    /// By a callback that may not ask: while the hub connects nothing is read, and while it is told of new credentials
    /// nothing that its client has asked for goes on.
    InCallback,
    /// By this call.
    By(CallNumber),
    /// By code that belongs to no call.
    Outside,
}

impl Asker {
    /// A hub that chooses now. Code that runs in a task of its own may have what belongs to `call`.
    pub(crate) fn now(connection: &Arc<Connection>, call: Option<CallNumber>) -> Self {
        let chosen = match scope::call_of(&connection.shared) {
            Some(call) => Chosen::By(call),
            None if connection.is_connecting() || scope::is_refreshing(&connection.shared) => {
                Chosen::InCallback
            }
            None => call.map_or(Chosen::Outside, Chosen::By),
        };
        Self { connection: Arc::clone(connection), chosen }
    }
}

/// The question is put now, by whichever task: the call that waits for its answer lets the next one start. `is_to_itself`
/// says whether the client is that of the connection whose code runs.
pub(crate) fn ask(asker: Option<&Asker>, is_to_itself: impl FnOnce() -> bool) -> HubResult {
    let is_of_callback = |asker: &Asker| matches!(asker.chosen, Chosen::InCallback);
    match scope::current() {
        // An `IHubContext` is not kept from asking there. It would wait in vain for the client of the callback.
        Scope::Connecting | Scope::Refreshing => {
            let is_own = |asker: &Asker| is_of_callback(asker) || scope::is_own(&asker.connection.shared);
            if asker.is_some_and(is_own) || is_to_itself() {
                return Err(not_in_callback());
            }
        }
        Scope::Invocation(_) => scope::ask(),
        Scope::Outside if asker.is_some_and(is_of_callback) => return Err(not_in_callback()),
        Scope::Outside => {}
    }
    if let Some(Asker { connection, chosen: Chosen::By(call) }) = asker
        && scope::call_of(&connection.shared) != Some(*call)
    {
        connection.shared.give_permit_back(*call);
    }
    Ok(())
}

/// `NoInvokeSingleClientProxy` of ASP.NET Core has one text for both callbacks.
fn not_in_callback() -> HubError {
    HubError::named(
        HubErrorKind::Internal,
        "InvalidOperationException",
        "Client results inside OnConnectedAsync Hub methods are not allowed.",
    )
}
