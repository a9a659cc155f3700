//! What all connections of one hub share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::client_results::ClientResults;
use super::lifetime::LifetimeManager;
use super::telemetry::describe_metrics;

/// One hub on this node, whatever its types.
pub(crate) struct HubCore {
    /// The name of the hub's contract, for logs.
    pub(crate) name: &'static str,
    pub(crate) lifetime: LifetimeManager,
    pub(crate) client_results: Arc<ClientResults>,
    /// The tasks of all connections.
    pub(crate) tasks: TaskTracker,
    /// Ends those tasks that do not end by themselves.
    pub(crate) kill: CancellationToken,
    /// The connections from the opening of their transport to their end.
    pub(crate) open: AtomicUsize,
    /// Cancelled when the hub shuts down: no new connection is accepted.
    pub(crate) stopping: CancellationToken,
}

impl HubCore {
    pub(crate) fn new(name: &'static str) -> Self {
        describe_metrics();
        Self {
            name,
            lifetime: LifetimeManager::new(),
            client_results: Arc::default(),
            tasks: TaskTracker::new(),
            kill: CancellationToken::new(),
            open: AtomicUsize::new(0),
            stopping: CancellationToken::new(),
        }
    }

    /// How many connections are open, whatever they do.
    pub(crate) fn open_connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}
