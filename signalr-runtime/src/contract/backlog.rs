//! What has arrived at a connection and nobody has read.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::error::HubError;
use super::value::ValueError;

/// Items that have arrived at one connection and that nobody has read yet, and who waits for what has not arrived. The
/// connection stops reading while there are too many bytes beyond what its streams should hold.
pub(crate) struct Backlog {
    hooks: &'static StreamHooks,
    /// What all items hold that nobody has read.
    unread: AtomicUsize,
    /// What of it is beyond what their streams should hold.
    excess: AtomicUsize,
    /// How many wait for the peer.
    awaited: AtomicUsize,
    /// Whether the connection has stopped reading.
    paused: AtomicBool,
    /// The connection, while it has.
    waiting: Mutex<Option<Waker>>,
}

/// The connection's part in reading a stream: the contract knows neither its clock nor its texts.
pub(crate) struct StreamHooks {
    /// Ready unless it is time to let others run.
    pub(crate) give_way: fn(&mut Context<'_>) -> Poll<()>,
    /// The last item of a stream that has one which cannot be decoded.
    pub(crate) undecodable: fn(&ValueError) -> HubError,
    /// A decoder has panicked.
    pub(crate) panicked: fn(),
}

/// The bytes of an item that nobody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ItemSize {
    pub(super) bytes: usize,
    /// Whether they are beyond what the stream should hold.
    pub(super) excess: bool,
}

impl Backlog {
    pub(crate) fn new(hooks: &'static StreamHooks) -> Self {
        Self {
            hooks,
            unread: AtomicUsize::new(0),
            excess: AtomicUsize::new(0),
            awaited: AtomicUsize::new(0),
            paused: AtomicBool::new(false),
            waiting: Mutex::default(),
        }
    }

    /// How many bytes nobody has read.
    pub(crate) fn unread(&self) -> usize {
        self.unread.load(Ordering::Relaxed)
    }

    /// How many of them are beyond what their streams should hold.
    pub(crate) fn excess(&self) -> usize {
        self.excess.load(Ordering::SeqCst)
    }

    pub(super) fn hooks(&self) -> &'static StreamHooks {
        self.hooks
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

    /// Wakes `waker` when the next item in excess has been read, or when somebody begins to wait.
    pub(crate) fn wake_on_change(&self, waker: &Waker) {
        *self.waiting() = Some(waker.clone());
        self.paused.store(true, Ordering::SeqCst);
    }

    pub(super) fn add(&self, item: ItemSize) {
        self.unread.fetch_add(item.bytes, Ordering::Relaxed);
        if item.excess {
            self.excess.fetch_add(item.bytes, Ordering::SeqCst);
        }
    }

    pub(super) fn remove(&self, item: ItemSize) {
        self.unread.fetch_sub(item.bytes, Ordering::Relaxed);
        if item.excess {
            self.excess.fetch_sub(item.bytes, Ordering::SeqCst);
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
        f.debug_struct("Backlog").field("unread", &self.unread()).finish_non_exhaustive()
    }
}
