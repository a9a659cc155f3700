//! How much memory all connections together may hold.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Connections are charged in steps of so many bytes: most never hold that much, and cost nothing.
const STEP: usize = 4096;

/// Slow readers may hold this part of a budget.
const SLOW_READERS: usize = 4;

/// The memory that the connections of one or several hubs may hold: what waits to be written to clients, and what has
/// come from them and not been read.
///
/// While all of it is in use, no new connection is accepted. When clients that do not read hold more than a quarter of
/// it, those that hold most are disconnected. It is counted per connection in steps of 4 KiB, so a connection that
/// holds less than that is not counted at all.
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
    /// Everything that is charged.
    held: AtomicUsize,
    /// What of it waits to be written.
    unsent: AtomicUsize,
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
            held: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            holders: Mutex::default(),
            relieving: AtomicBool::new(false),
        }))
    }

    /// How many bytes are held at the moment.
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// How many bytes may be held.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.held() >= self.0.bytes
    }

    /// Whether slow readers hold more than they may.
    pub(crate) fn is_strained(&self) -> bool {
        self.0.unsent.load(Ordering::Relaxed) > self.0.bytes / SLOW_READERS
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
            // Whoever is not charged is not to blame.
            if unsent < STEP || !self.is_strained() {
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

/// What one part of a connection holds of a budget. Dropped, it gives everything back.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Option<MemoryBudget>,
    kind: Held,
    steps: usize,
}

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// What the peer has sent.
    Received,
    /// What waits to be written to the peer.
    Unsent,
    /// Groups, and memberships in them.
    Groups,
    /// What those who send to slow peers hold while they wait.
    Senders,
}

impl Charge {
    pub(crate) fn new(budget: Option<MemoryBudget>, kind: Held) -> Self {
        Self { budget, kind, steps: 0 }
    }

    /// From now on so many bytes are held.
    pub(crate) fn set(&mut self, bytes: usize) {
        let Some(budget) = &self.budget else { return };
        let (before, steps) = (self.steps, bytes / STEP);
        if steps == before {
            return;
        }
        self.steps = steps;
        let change = |counter: &AtomicUsize| {
            if steps > before {
                counter.fetch_add((steps - before) * STEP, Ordering::Relaxed);
            } else {
                counter.fetch_sub((before - steps) * STEP, Ordering::Relaxed);
            }
        };
        change(&budget.0.held);
        if self.kind == Held::Unsent {
            change(&budget.0.unsent);
        }
    }
}

/// What costs nothing.
impl Default for Charge {
    fn default() -> Self {
        Self::new(None, Held::Received)
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

    #[test]
    fn a_charge_is_counted_in_steps_and_given_back() {
        let budget = MemoryBudget::new(10 * STEP);
        let mut charge = Charge::new(Some(budget.clone()), Held::Received);
        charge.set(STEP - 1);
        assert_eq!(budget.held(), 0);
        charge.set(3 * STEP + 1);
        assert_eq!(budget.held(), 3 * STEP);
        charge.set(STEP);
        assert_eq!(budget.held(), STEP);
        let mut other = Charge::new(Some(budget.clone()), Held::Unsent);
        other.set(9 * STEP);
        assert!(budget.is_used_up());
        drop(other);
        drop(charge);
        assert_eq!(budget.held(), 0);
    }

    /// Holds something until it is told to give it up.
    struct Reader(Mutex<Charge>, usize);

    impl Holder for Reader {
        fn unsent(&self) -> usize {
            self.0.lock().unwrap().steps * STEP
        }

        fn give_up(&self) {
            self.0.lock().unwrap().set(0);
        }
    }

    #[test]
    fn whoever_holds_most_gives_way_until_it_is_enough() {
        let budget = MemoryBudget::new(40 * STEP);
        let readers = [2, 6, 1, 5].map(|steps| {
            let mut charge = Charge::new(Some(budget.clone()), Held::Unsent);
            charge.set(steps * STEP);
            Arc::new(Reader(Mutex::new(charge), steps))
        });
        let _watched = readers.each_ref().map(|reader| budget.watch(reader));
        assert!(budget.is_strained());
        budget.relieve();
        let left = readers.each_ref().map(|reader| reader.unsent() / STEP);
        assert_eq!(left, [2, 0, 1, 5]);
        assert_eq!(readers.each_ref().map(|reader| reader.1), [2, 6, 1, 5]);
    }
}
