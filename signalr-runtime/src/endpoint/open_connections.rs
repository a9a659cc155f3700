//! The open connections of one application, whatever lives on them.

use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::select;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection_id::ConnectionId;
use super::metrics::describe_metrics;
use crate::connection::ended::Ended;
use crate::connection::panics::Panicked;
use crate::connection::round::in_rounds;

/// What the last connections that are sent away have, to end by themselves.
pub(crate) const LAST_WAIT: Duration = Duration::from_secs(5);

/// How a hub was emptied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Connections that ended in good order: their disconnect callback returned and their calls came to an end, by
    /// themselves or after [`call_linger`](crate::server::Limits::call_linger).
    pub closed: usize,
    /// Connections that were still busy when the time was over, and were cut short.
    pub aborted: usize,
}

/// The connections of a hub, or of a handler of bytes, from the opening of their transport to their end.
pub(crate) struct OpenConnections {
    /// What logs call the hub, or the handler.
    pub(crate) name: &'static str,
    /// The tasks they run in.
    pub(crate) tasks: TaskTracker,
    /// Ends those tasks that do not end by themselves.
    pub(crate) kill: CancellationToken,
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
    pub(crate) fn opened(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// One has ended.
    pub(crate) fn ended(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// Lets nobody in, sends those that are there away, and ends those that have not ended after `longest`.
    pub(crate) async fn drain(&self, send_away: impl Future<Output = ()>, longest: Duration) -> DrainReport {
        self.stopping.cancel();
        self.tasks.close();
        let open = self.len();
        let ended = async {
            select! {
                () = self.tasks.wait() => {}
                () = send_away => self.tasks.wait().await,
            }
        };
        let mut aborted = 0;
        if timeout(longest, ended).await.is_err() {
            aborted = self.len();
            tracing::warn!(
                hub = self.name,
                aborted,
                "connections are still busy after {longest:?}: ending them"
            );
            self.kill.cancel();
            self.tasks.wait().await;
        }
        DrainReport { closed: open.saturating_sub(aborted), aborted }
    }

    /// Ends all connections of a handler of bytes. They find out by themselves that they are to stop.
    pub(crate) async fn shut_down(&self) -> DrainReport {
        self.drain(ready(()), LAST_WAIT).await
    }

    /// Says why a connection ended. Some errors name the connection, and the id of a client of version 0 is its token.
    pub(crate) fn log_end(&self, what: &str, id: &ConnectionId, ended: &Ended) {
        if tracing::enabled!(tracing::Level::DEBUG) {
            let error = ended.detail().map(|error| error.replace(id.as_str(), "…"));
            tracing::debug!(hub = self.name, reason = ended.reason(), error, "{what}");
        }
    }
}
