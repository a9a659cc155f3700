//! Joining and leaving groups.

use std::fmt;
use std::sync::Arc;

use super::connection::Connection;
use super::core::HubCore;
use crate::contract::error::HubResult;

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
    /// An error when the name is too long or the connection is in too many groups: see [`Limits`](super::Limits).
    #[expect(clippy::unused_async, reason = "other nodes will have to be told")]
    pub async fn join(&self, group: &str) -> HubResult {
        self.core.lifetime.join(&self.caller, group)
    }

    /// The names of the groups that this connection is in, in no order. None after the connection has ended.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.caller.group_names()
    }

    /// Takes this connection out of a group (`RemoveFromGroupAsync`). One that is not in it is left alone; nothing
    /// fails on a single node.
    #[expect(clippy::unused_async, reason = "other nodes will have to be told")]
    pub async fn leave(&self, group: &str) -> HubResult {
        self.core.lifetime.leave(&self.caller, group);
        Ok(())
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

    /// Adds a connection to a group (`AddToGroupAsync`). A connection that does not exist is left alone.
    ///
    /// An error when the name is too long or the connection is in too many groups: see [`Limits`](super::Limits).
    #[expect(clippy::unused_async, reason = "other nodes will have to be told")]
    pub async fn join(&self, connection_id: &str, group: &str) -> HubResult {
        match self.core.lifetime.get(connection_id) {
            Some(connection) => self.core.lifetime.join(&connection, group),
            None => Ok(()),
        }
    }

    /// How many connections of this node are in a group.
    pub fn count(&self, group: &str) -> usize {
        self.core.lifetime.group_len(group)
    }

    /// The names of the groups that a connection of this node is in, in no order. None for one that does not exist.
    pub fn of(&self, connection_id: &str) -> Vec<Arc<str>> {
        self.core.lifetime.get(connection_id).map(|connection| connection.group_names()).unwrap_or_default()
    }

    /// Takes a connection out of a group (`RemoveFromGroupAsync`). One that is not in it, or does not exist, is left
    /// alone; nothing fails on a single node.
    #[expect(clippy::unused_async, reason = "other nodes will have to be told")]
    pub async fn leave(&self, connection_id: &str, group: &str) -> HubResult {
        if let Some(connection) = self.core.lifetime.get(connection_id) {
            self.core.lifetime.leave(&connection, group);
        }
        Ok(())
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").finish_non_exhaustive()
    }
}
