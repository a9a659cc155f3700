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
    /// While the hub connects. Until it has, nothing is read, and it may not ask. The hub lives as long as its connection
    /// and may keep what it has chosen: unlike in ASP.NET Core, where there is a hub for each call, that is of use later.
    Connecting,
    /// By the callback for new credentials, which may not ask: nothing that its client has asked for goes on meanwhile.
    Refreshing,
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
            None if connection.is_connecting() => Chosen::Connecting,
            None if scope::is_refreshing(&connection.shared) => Chosen::Refreshing,
            None => call.map_or(Chosen::Outside, Chosen::By),
        };
        Self { connection: Arc::clone(connection), chosen }
    }

    /// Whether a callback has chosen that may wait for the task that asks now.
    fn is_of_callback(&self) -> bool {
        match self.chosen {
            Chosen::Connecting => self.connection.is_connecting(),
            Chosen::Refreshing => true,
            Chosen::By(_) | Chosen::Outside => false,
        }
    }
}

/// The question is put now, by whichever task: the call that waits for its answer lets the next one start. `is_to_itself`
/// says whether the client is that of the connection whose code runs.
pub(crate) fn ask(asker: Option<&Asker>, is_to_itself: impl FnOnce() -> bool) -> HubResult {
    match scope::current() {
        // An `IHubContext` is not kept from asking there. It would wait in vain for the client of the callback.
        Scope::Connecting | Scope::Refreshing => {
            let is_own = |asker: &Asker| asker.is_of_callback() || scope::is_own(&asker.connection.shared);
            if asker.is_some_and(is_own) || is_to_itself() {
                return Err(not_in_callback());
            }
        }
        Scope::Invocation(_) => scope::ask(),
        Scope::Outside if asker.is_some_and(Asker::is_of_callback) => return Err(not_in_callback()),
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
