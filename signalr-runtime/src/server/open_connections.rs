//! The open connections of one application, whatever lives on them.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::telemetry::describe_metrics;
use crate::connection::panics::Panicked;
use crate::connection::round::in_rounds;

/// The connections of a hub, or of a handler of bytes, from the opening of their transport to their end.
pub(crate) struct OpenConnections {
    /// What logs call the hub, or the handler.
    pub(crate) name: &'static str,
    /// The tasks they run in.
    pub(crate) tasks: TaskTracker,
    /// Ends those tasks that do not end by themselves.
    pub(super) kill: CancellationToken,
    /// Cancelled at the shutdown: no new connection is accepted.
    pub(crate) stopping: CancellationToken,
    count: AtomicUsize,
}

impl OpenConnections {
    pub(crate) fn new(name: &'static str) -> Self {
        describe_metrics();
        Self {
            name,
            tasks: TaskTracker::new(),
            kill: CancellationToken::new(),
            stopping: CancellationToken::new(),
            count: AtomicUsize::new(0),
        }
    }

    /// Spawns a task of a connection: one that ends with all others, and whose panic is reported.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let (name, kill) = (self.name, self.kill.clone());
        // Boxed: a future that is moved into another one is kept there twice.
        let task = AssertUnwindSafe(Box::pin(in_rounds(task))).catch_unwind();
        self.tasks.spawn(async move {
            if let Some(Err(_)) = kill.run_until_cancelled(task).await {
                Panicked::Connection.count();
                tracing::error!(hub = name, "a connection panicked");
            }
        });
    }

    /// How many there are, whatever they do.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// One has opened.
    pub(super) fn opened(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// One has ended.
    pub(super) fn ended(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
