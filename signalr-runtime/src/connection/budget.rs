//! How much memory all connections together may hold.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The difference, in bytes, from which on a charge follows what changes often.
const FOLLOWED: usize = 4096;

/// Slow readers may hold this part of a budget.
const SLOW_READERS: usize = 4;

/// The memory that the connections of one or several hubs may hold: bytes that wait to be written to clients, and bytes
/// that have come from them and wait to be read.
///
/// While all of it is in use, no new connection is accepted. When clients that do not read hold more than a quarter of
/// it, those that hold most are disconnected. Every byte counts from the first one.
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
    /// Whether somebody looks for those who hold most.
    relieving: AtomicBool,
}

#[derive(Default)]
struct Holders {
    next: u64,
    by_number: HashMap<u64, Weak<dyn Holder>>,
}

/// A connection that can be made to give back what waits to be written to it.
pub(crate) trait Holder: Send + Sync {
    /// How many bytes wait.
    fn unsent(&self) -> usize;

    /// Ends it, and gives back what waits at once.
    fn give_up(&self);
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
        self.held_as(ChargeKind::Unsent) > self.0.bytes / SLOW_READERS
    }

    /// From now on `holder` is among those who may be ended, until the guard is dropped.
    pub(crate) fn watch(&self, holder: &Arc<impl Holder + 'static>) -> Watched {
        let holder: Weak<dyn Holder> = Arc::downgrade(holder) as _;
        let mut holders = self.holders();
        let number = holders.next;
        holders.next = holders.next.wrapping_add(1);
        holders.by_number.insert(number, holder);
        Watched { budget: self.clone(), number }
    }

    /// Ends those who hold most, until slow readers hold no more than they may. To be called without a lock of
    /// anybody who is watched.
    pub(crate) fn relieve(&self) {
        if !self.is_strained() || self.0.relieving.swap(true, Ordering::AcqRel) {
            return;
        }
        let holders: Vec<_> = self.holders().by_number.values().filter_map(Weak::upgrade).collect();
        let mut holders: Vec<_> = holders.into_iter().map(|holder| (holder.unsent(), holder)).collect();
        holders.sort_unstable_by_key(|(unsent, _)| std::cmp::Reverse(*unsent));
        for (unsent, holder) in holders {
            // Whoever holds nothing is not to blame.
            if unsent == 0 || !self.is_strained() {
                break;
            }
            holder.give_up();
        }
        self.0.relieving.store(false, Ordering::Release);
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
        self.budget.holders().by_number.remove(&self.number);
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
    /// Bytes of the peer that nobody has read.
    Received,
    /// Bytes that wait to be written to the peer, or for its acknowledgement.
    Unsent,
    /// Calls of the peer that wait or run, and client results that are awaited.
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

    /// Holds something until it is told to give it up.
    struct Reader(Mutex<Charge>);

    impl Holder for Reader {
        fn unsent(&self) -> usize {
            self.0.lock().unwrap().bytes()
        }

        fn give_up(&self) {
            self.0.lock().unwrap().set(0);
        }
    }

    #[test]
    fn whoever_holds_most_gives_way_until_it_is_enough() {
        let budget = MemoryBudget::new(40 * KIB);
        let readers = [2, 6, 1, 5].map(|kibibytes| {
            let mut charge = Charge::new(Some(budget.clone()), ChargeKind::Unsent);
            charge.set(kibibytes * KIB);
            Arc::new(Reader(Mutex::new(charge)))
        });
        let _watched = readers.each_ref().map(|reader| budget.watch(reader));
        assert!(budget.is_strained());
        budget.relieve();
        let left = readers.each_ref().map(|reader| reader.unsent() / KIB);
        assert_eq!(left, [2, 0, 1, 5]);
    }
}
