//! What all connections of one hub share.

use std::sync::Arc;

use super::client_results::ClientResults;
use super::lifetime::{LifetimeManager, LocalLifetime};
use super::registry::Registry;
use crate::endpoint::open_connections::OpenConnections;

/// One hub on this node, whatever its types.
pub(crate) struct HubCore {
    pub(crate) open: Arc<OpenConnections>,
    /// Those of them that have shaken hands.
    pub(crate) registry: Arc<Registry>,
    /// The questions that they are asked.
    pub(crate) client_results: Arc<ClientResults>,
    /// How they are reached, together with those of other nodes.
    pub(crate) lifetime: Box<dyn LifetimeManager>,
}

impl HubCore {
    pub(crate) fn new(name: &'static str) -> Self {
        let (registry, client_results) = (Arc::new(Registry::new()), Arc::new(ClientResults::new()));
        let lifetime =
            LocalLifetime { registry: Arc::clone(&registry), client_results: Arc::clone(&client_results) };
        Self {
            open: Arc::new(OpenConnections::new(name)),
            registry,
            client_results,
            lifetime: Box::new(lifetime),
        }
    }

    /// The name of the hub's contract, for logs.
    pub(crate) fn name(&self) -> &'static str {
        self.open.name
    }
}
