//! How much memory all connections together may hold.

pub(crate) mod relief;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use self::relief::{Holder, Holders};

/// The difference, in bytes, from which on a charge follows what changes often.
const FOLLOWED: usize = 4096;

/// Slow readers may hold this part of a budget.
const SLOW_READERS: usize = 4;

/// The memory that the connections of one or several hubs may hold for their clients.
///
/// While all of it is in use, no new connection is accepted.
///
/// # What is counted
///
/// Every byte counts, from the first one. For each connection these are
///
/// - bytes that wait to be written, are being written, or wait for an acknowledgement: its own messages in full, and of
///   others those up to 1 KiB, which are copied for each client, with their framing. A larger message counts once,
///   for as long as one client has not got it, and with 32 bytes for each of them. (8 bytes more for each message that
///   waits for an acknowledgement.)
/// - bytes that were received and not read: of messages, of POST requests, of streams,
/// - calls that wait, arguments that filters and rules have copied, and client results that are awaited,
/// - the requests that are kept, the groups that it is in, and the senders that wait for it,
/// - answers that the HTTP server has taken and not written.
///
/// [`Limits`](crate::server::Limits) gives the most of each. Memory that the allocator holds in reserve, buffers that grow
/// by doubling above all, comes on top: expect at most twice what [`held`](Self::held) says.
///
/// # Relief
///
/// When more than a quarter of the budget waits to be written, clients are disconnected until it is less than three
/// quarters of that: first those that hold most, and only those to which no byte has gone out for a second and that hold
/// more than an equal share of the quarter. A task looks for them four times a second; no sender waits for that.
///
/// Clones share one budget: give the same to each hub of a process.
///
/// ```
/// use signalr_runtime::server::{HubOptions, Limits, MemoryBudget};
///
/// let budget = MemoryBudget::new(512 * 1024 * 1024);
/// let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
/// let options = HubOptions { limits, ..HubOptions::default() };
/// assert_eq!(budget.held(), 0);
/// ```
#[derive(Clone)]
pub struct MemoryBudget(Arc<State>);

struct State {
    bytes: usize,
    /// The bytes that are charged, for each [`ChargeKind`].
    charged: [AtomicUsize; ChargeKind::COUNT],
    holders: Mutex<Holders>,
    /// Whether a task looks for those who hold most.
    relieving: AtomicBool,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(State {
            bytes,
            charged: std::array::from_fn(|_| AtomicUsize::new(0)),
            holders: Mutex::default(),
            relieving: AtomicBool::new(false),
        }))
    }

    /// How many bytes are held at the moment.
    pub fn held(&self) -> usize {
        self.0.charged.iter().map(|kind| kind.load(Ordering::Relaxed)).fold(0, usize::saturating_add)
    }

    /// How many bytes may be held.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// How many bytes of one kind are held at the moment.
    pub(crate) fn held_as(&self, kind: ChargeKind) -> usize {
        self.counter(kind).load(Ordering::Relaxed)
    }

    fn counter(&self, kind: ChargeKind) -> &AtomicUsize {
        let [received, unsent, calls, groups, senders, requests, answers] = &self.0.charged;
        match kind {
            ChargeKind::Received => received,
            ChargeKind::Unsent => unsent,
            ChargeKind::Calls => calls,
            ChargeKind::Groups => groups,
            ChargeKind::Senders => senders,
            ChargeKind::Requests => requests,
            ChargeKind::Answers => answers,
        }
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.held() >= self.0.bytes
    }

    /// Whether slow readers hold more than they may.
    pub(crate) fn is_strained(&self) -> bool {
        self.held_as(ChargeKind::Unsent) > self.for_slow_readers()
    }

    /// From now on `holder` is among those who may be ended, until the guard is dropped.
    pub(crate) fn watch(&self, holder: &Arc<impl Holder + 'static>) -> Watched {
        let holder: Weak<dyn Holder> = Arc::downgrade(holder) as _;
        let number = self.holders().insert(holder);
        Watched { budget: self.clone(), number }
    }

    /// Sees to it that the worst of those who are stuck are ended, if slow readers hold more than they may. A task of its
    /// own does so.
    pub(crate) fn relieve(&self) {
        if self.is_strained() && !self.0.relieving.swap(true, Ordering::AcqRel) {
            relief::start(self);
        }
    }

    /// The task has ended.
    pub(super) fn relieved(&self) {
        self.0.relieving.store(false, Ordering::Release);
    }

    /// How many bytes slow readers may hold.
    pub(super) fn for_slow_readers(&self) -> usize {
        self.0.bytes / SLOW_READERS
    }

    fn holders(&self) -> MutexGuard<'_, Holders> {
        self.0.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBudget")
            .field("bytes", &self.bytes())
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}

/// A place among those who may be ended.
pub(crate) struct Watched {
    budget: MemoryBudget,
    number: u64,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.budget.holders().remove(self.number);
    }
}

/// The bytes of a budget that one part of a connection holds. Dropped, it gives everything back.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Option<MemoryBudget>,
    kind: ChargeKind,
    bytes: usize,
}

/// The things that are charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChargeKind {
    /// Bytes of the peer that nobody has read, and its calls that wait.
    Received,
    /// Bytes that wait to be written to the peer, or for its acknowledgement.
    Unsent,
    /// Arguments of calls that filters and rules have, and client results that are awaited.
    Calls,
    /// Groups and users, and memberships in them.
    Groups,
    /// What those who send to slow peers hold while they wait.
    Senders,
    /// Requests that are kept, or not answered yet.
    Requests,
    /// Answers that the HTTP server has taken and not written. Nobody can take them back.
    Answers,
}

impl ChargeKind {
    const COUNT: usize = 7;
}

impl Charge {
    pub(crate) fn new(budget: Option<MemoryBudget>, kind: ChargeKind) -> Self {
        Self { budget, kind, bytes: 0 }
    }

    /// From now on so many bytes are held.
    pub(crate) fn set(&mut self, bytes: usize) {
        let Some(budget) = &self.budget else { return };
        let before = std::mem::replace(&mut self.bytes, bytes);
        let counter = budget.counter(self.kind);
        match bytes.checked_sub(before) {
            Some(0) => {}
            Some(more) => {
                counter.fetch_add(more, Ordering::Relaxed);
            }
            None => {
                counter.fetch_sub(before - bytes, Ordering::Relaxed);
            }
        }
    }

    /// Whether there is a budget at all.
    #[inline]
    pub(crate) fn is_counted(&self) -> bool {
        self.budget.is_some()
    }

    /// Takes notice of so many bytes when they differ much from those that are charged. A part that changes often is
    /// charged exactly when it comes to rest, and costs the others nothing meanwhile.
    #[inline]
    pub(crate) fn follow(&mut self, bytes: usize) {
        if self.budget.is_some() && bytes.abs_diff(self.bytes) >= FOLLOWED {
            self.set(bytes);
        }
    }

    /// The bytes that were charged last.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What costs nothing.
impl Default for Charge {
    fn default() -> Self {
        Self::new(None, ChargeKind::Received)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    #[test]
    fn a_charge_is_counted_from_its_first_byte_and_given_back() {
        let budget = MemoryBudget::new(10 * KIB);
        let mut charge = Charge::new(Some(budget.clone()), ChargeKind::Received);
        for bytes in [1, 4 * KIB - 1, 3, 0, KIB] {
            charge.set(bytes);
            assert_eq!((budget.held(), charge.bytes()), (bytes, bytes));
        }
        let mut other = Charge::new(Some(budget.clone()), ChargeKind::Unsent);
        other.set(9 * KIB - 1);
        assert!(!budget.is_used_up());
        other.set(9 * KIB);
        assert!(budget.is_used_up());
        assert_eq!(budget.held_as(ChargeKind::Received), KIB);
        assert_eq!(budget.held_as(ChargeKind::Unsent), 9 * KIB);
        drop(other);
        drop(charge);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn many_small_charges_are_seen() {
        let budget = MemoryBudget::new(KIB);
        let charges: Vec<_> = (0..10_000)
            .map(|_| {
                let mut charge = Charge::new(Some(budget.clone()), ChargeKind::Received);
                charge.set(4000);
                charge
            })
            .collect();
        assert_eq!(budget.held(), 40_000_000);
        drop(charges);
        assert_eq!(budget.held(), 0);
    }
}
