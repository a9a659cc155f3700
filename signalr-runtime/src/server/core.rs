//! What all connections of one hub share.

use std::sync::Arc;

use super::client_results::ClientResults;
use super::lifetime::LifetimeManager;
use super::open_connections::OpenConnections;

/// One hub on this node, whatever its types.
pub(crate) struct HubCore {
    pub(crate) open: Arc<OpenConnections>,
    /// Those of them that have shaken hands.
    pub(crate) lifetime: LifetimeManager,
    pub(crate) client_results: Arc<ClientResults>,
}

impl HubCore {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            open: Arc::new(OpenConnections::new(name)),
            lifetime: LifetimeManager::new(),
            client_results: Arc::default(),
        }
    }

    /// The name of the hub's contract, for logs.
    pub(crate) fn name(&self) -> &'static str {
        self.open.name
    }
}
