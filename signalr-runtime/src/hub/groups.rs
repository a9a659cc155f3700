//! Joining and leaving groups.

use std::fmt;
use std::sync::Arc;

use super::connection::Connection;
use super::core::HubCore;
use crate::connection::slice::give_way;
use crate::contract::error::HubResult;
use crate::contract::receivers::Delivery;

/// The groups of one connection (`IGroupManager`, for the caller).
///
/// Membership ends with the connection and is not restored when the client connects again.
pub struct CallerGroups {
    core: Arc<HubCore>,
    caller: Arc<Connection>,
}

impl CallerGroups {
    pub(crate) fn new(core: Arc<HubCore>, caller: Arc<Connection>) -> Self {
        Self { core, caller }
    }

    /// Adds this connection to a group (`AddToGroupAsync`). Joining twice does nothing.
    ///
    /// An error when the name is too long or the connection is in too many groups: see [`Limits`](crate::server::Limits).
    pub async fn join(&self, group: &str) -> HubResult {
        settled(self.core.lifetime.join(&self.caller.id, group)).await
    }

    /// The names of the groups that this connection is in, in no order. None after the connection has ended.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.caller.group_names()
    }

    /// Takes this connection out of a group (`RemoveFromGroupAsync`). No effect for one that is not in it; never
    /// fails on one node.
    pub async fn leave(&self, group: &str) -> HubResult {
        settled(self.core.lifetime.leave(&self.caller.id, group)).await
    }
}

impl fmt::Debug for CallerGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallerGroups").field("caller", &self.caller.id).finish_non_exhaustive()
    }
}

/// The groups of a hub, from anywhere in the server (`IGroupManager`).
pub struct Groups {
    core: Arc<HubCore>,
}

impl Groups {
    pub(crate) fn new(core: Arc<HubCore>) -> Self {
        Self { core }
    }

    /// Adds a connection to a group (`AddToGroupAsync`). No effect for a connection that does not exist.
    ///
    /// An error when the name is too long or the connection is in too many groups: see [`Limits`](crate::server::Limits).
    pub async fn join(&self, connection_id: &str, group: &str) -> HubResult {
        settled(self.core.lifetime.join(connection_id, group)).await
    }

    /// How many connections of this node are in a group.
    pub fn count(&self, group: &str) -> usize {
        self.core.registry.group_len(group)
    }

    /// The names of the groups that a connection of this node is in, in no order. None for one that does not exist.
    pub fn of(&self, connection_id: &str) -> Vec<Arc<str>> {
        self.core.registry.get(connection_id).map(|connection| connection.group_names()).unwrap_or_default()
    }

    /// Takes a connection out of a group (`RemoveFromGroupAsync`). No effect for one that is not in it, or
    /// does not exist; never fails on one node.
    pub async fn leave(&self, connection_id: &str, group: &str) -> HubResult {
        settled(self.core.lifetime.leave(connection_id, group)).await
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").finish_non_exhaustive()
    }
}

/// Waits for a change of a group. One that did not wait lets others run.
async fn settled(change: Delivery) -> HubResult {
    match change {
        Delivery::Done(result) => {
            give_way().await;
            result
        }
        Delivery::Waiting(waiting) => waiting.await,
    }
}
