//! What has arrived at a connection and nobody has read.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Bytes of items that have arrived at one connection beyond what their streams should hold, because nobody
/// has read them yet; and who waits for what has not arrived. The connection stops reading while there are too
/// many bytes.
#[derive(Default)]
pub(crate) struct Backlog {
    bytes: AtomicUsize,
    /// How many wait for the peer.
    awaited: AtomicUsize,
    /// Whether the connection has stopped reading.
    paused: AtomicBool,
    /// The connection, while it has.
    waiting: Mutex<Option<Waker>>,
}

impl Backlog {
    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Whether somebody waits for something of the peer's: an answer, an item, room for what is to be sent.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.load(Ordering::SeqCst) > 0
    }

    /// Somebody waits for something of the peer's, until the guard is dropped.
    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        self.awaited.fetch_add(1, Ordering::SeqCst);
        self.changed();
        Waiting(Arc::clone(self))
    }

    /// Wakes `waker` when the next waiting item has been read, or when somebody begins to wait.
    pub(crate) fn wake_on_change(&self, waker: &Waker) {
        *self.waiting() = Some(waker.clone());
        self.paused.store(true, Ordering::SeqCst);
    }

    pub(super) fn add(&self, bytes: usize) {
        if bytes > 0 {
            self.bytes.fetch_add(bytes, Ordering::SeqCst);
        }
    }

    pub(super) fn remove(&self, bytes: usize) {
        if bytes > 0 {
            self.bytes.fetch_sub(bytes, Ordering::SeqCst);
            self.changed();
        }
    }

    fn changed(&self) {
        if self.paused.swap(false, Ordering::SeqCst)
            && let Some(waker) = self.waiting().take()
        {
            waker.wake();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits for something of the peer's.
pub(crate) struct Waiting(Arc<Backlog>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.awaited.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backlog").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}
