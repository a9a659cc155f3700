//! The seam between a hub and the nodes that serve it: `HubLifetimeManager` of ASP.NET Core.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::broadcast;
use super::client_results::ClientResults;
use super::connection::Connection;
use super::registry::Registry;
use super::registry::change::Change;
use super::selection::Selection;
use crate::connection::slice::give_way;
use crate::contract::client_call::ClientCall;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::per_protocol::Formats;
use crate::contract::receivers::{Answer, Delivery};
use crate::endpoint::connection_id::ConnectionId;

/// Sends, group changes and client results, wherever the connections are.
///
/// Connections of this node stand in the [`Registry`]. An implementation that knows other nodes subscribes to what
/// [`Change`]s report, and hands on what is not here, or not only.
pub(crate) trait LifetimeManager: Send + Sync {
    /// A connection can be sent to from now on (`OnConnectedAsync`).
    fn connected(&self, connection: &Arc<Connection>);

    /// A connection is over (`OnDisconnectedAsync`): it leaves one group after the other, and then everything else.
    fn disconnected<'a>(&'a self, connection: &'a Connection) -> BoxFuture<'a, ()>;

    /// Does at once what is left of [`disconnected`](Self::disconnected), where nobody can wait for it.
    fn forget(&self, connection: &Connection);

    /// The protocols of all who may be chosen for a call that is made now: its receivers are chosen later.
    fn formats(&self, of: &Selection) -> Formats;

    /// Queues a call for each connection of a selection. If it could not be encoded for one of them, nobody gets it; who
    /// has come with another protocol after it was encoded does not get it, and that is an error as well.
    fn send(&self, to: &Selection, call: ClientCall) -> Delivery;

    /// Adds a connection to a group (`AddToGroupAsync`). One that does not exist is left alone.
    fn join(&self, connection: &str, group: &str) -> Delivery;

    /// Takes a connection out of a group (`RemoveFromGroupAsync`). One that is not in it is left alone.
    fn leave(&self, connection: &str, group: &str) -> Delivery;

    /// Calls one client and waits for its answer (`InvokeConnectionAsync`).
    fn ask(&self, connection: &ConnectionId, call: ClientCall) -> BoxFuture<'static, HubResult<Answer>>;
}

/// The lifetime manager of a hub that one node serves alone.
pub(crate) struct LocalLifetime {
    pub(crate) registry: Arc<Registry>,
    pub(crate) client_results: Arc<ClientResults>,
}

/// There is nobody to tell that a group or a user has come or gone.
fn keep(_change: Change) {}

impl LifetimeManager for LocalLifetime {
    fn connected(&self, connection: &Arc<Connection>) {
        self.registry.add(connection).into_iter().for_each(keep);
    }

    fn disconnected<'a>(&'a self, connection: &'a Connection) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            while self.registry.leave_next(connection, &mut keep) {
                give_way().await;
            }
            self.registry.remove(connection, keep);
        })
    }

    fn forget(&self, connection: &Connection) {
        self.registry.remove(connection, keep);
    }

    fn formats(&self, of: &Selection) -> Formats {
        self.registry.possible_formats(of)
    }

    fn send(&self, to: &Selection, call: ClientCall) -> Delivery {
        match to {
            Selection::Connection(id) => match self.registry.get(id) {
                Some(connection) => broadcast::send_to_one(connection, &call),
                None => Delivery::Done(Ok(())),
            },
            Selection::Groups(names) if names.iter().any(String::is_empty) => {
                Delivery::Done(Err(HubError::named(
                    HubErrorKind::Internal,
                    "InvalidOperationException",
                    "Cannot send to an empty group name.",
                )))
            }
            to => {
                let failure = if call.has_failed() { call.failure(self.registry.formats(to)) } else { None };
                match failure {
                    Some(error) => Delivery::Done(Err(error)),
                    None => broadcast::send(self.registry.choose(to), to.except(), &call),
                }
            }
        }
    }

    fn join(&self, connection: &str, group: &str) -> Delivery {
        let Some(connection) = self.registry.get(connection) else { return Delivery::Done(Ok(())) };
        Delivery::Done(self.registry.join(&connection, group).map(|change| change.into_iter().for_each(keep)))
    }

    fn leave(&self, connection: &str, group: &str) -> Delivery {
        if let Some(connection) = self.registry.get(connection) {
            self.registry.leave(&connection, group).into_iter().for_each(keep);
        }
        Delivery::Done(Ok(()))
    }

    fn ask(&self, connection: &ConnectionId, call: ClientCall) -> BoxFuture<'static, HubResult<Answer>> {
        let question = match self.registry.get(connection) {
            Some(connection) => self.client_results.ask(connection, &call),
            None => Err(no_such_connection(connection)),
        };
        match question {
            Ok(question) => Box::pin(question.answer()),
            Err(error) => Box::pin(async move {
                give_way().await;
                Err(error)
            }),
        }
    }
}

/// What whoever asks a connection is told that does not exist.
fn no_such_connection(id: &str) -> HubError {
    HubError::with_kind(HubErrorKind::Closed, format!("Connection '{id}' does not exist."))
}
