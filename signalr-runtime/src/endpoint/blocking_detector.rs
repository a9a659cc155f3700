//! Finds code of the application that holds its thread: whoever else is served by that thread waits meanwhile.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two warnings about the same code.
const QUIET: Duration = Duration::from_secs(60);

/// Tells of the code of one hub that holds its thread for longer than `longest`. Clones are one.
#[derive(Clone)]
pub(crate) struct BlockingDetector {
    hub: &'static str,
    longest: Option<Duration>,
    /// When it was warned of what last. Names are those of methods and callbacks, and so few.
    warned: Arc<Mutex<HashMap<&'static str, Instant>>>,
}

impl BlockingDetector {
    /// How long code may hold its thread where nothing else is said.
    pub(crate) const DEFAULT: Duration = Duration::from_millis(100);

    pub(crate) fn new(hub: &'static str, longest: Option<Duration>) -> Self {
        Self { hub, longest, warned: Arc::default() }
    }

    /// Runs `code`, which is called `name`.
    pub(crate) fn watch<T>(&self, name: &'static str, code: impl FnOnce() -> T) -> T {
        let Some(longest) = self.longest else { return code() };
        let begun = Instant::now();
        let value = code();
        let took = begun.elapsed();
        if took > longest {
            self.found(name, took);
        }
        value
    }

    /// Polls `future`, which is called `name`.
    pub(crate) async fn watch_polls<F: Future>(&self, name: &'static str, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| self.watch(name, || future.as_mut().poll(cx))).await
    }

    /// `name` has held its thread for so long.
    #[cold]
    pub(crate) fn found(&self, name: &'static str, took: Duration) {
        #[cfg(feature = "metrics")]
        metrics::counter!(super::metrics::BLOCKING_POLLS, "hub" => self.hub, "method" => name).increment(1);
        let now = Instant::now();
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.get(name).is_some_and(|last| now.saturating_duration_since(*last) < QUIET) {
            return;
        }
        warned.insert(name, now);
        drop(warned);
        tracing::warn!(
            hub = self.hub,
            method = name,
            ?took,
            "code of the application held its thread, and other clients waited: run what blocks with the method option \
             `blocking`, or in `tokio::task::spawn_blocking`"
        );
    }
}

impl fmt::Debug for BlockingDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingDetector").field("longest", &self.longest).finish_non_exhaustive()
    }
}
