//! Relief of a memory budget: readers that are stuck and hold most of it are disconnected.
//!
//! Nobody who sends does that, and nothing is locked meanwhile but one queue at a time: a task looks at all connections
//! four times a second, as long as there is need.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::{ChargeKind, MemoryBudget};

/// Time between two looks.
const TICK: Duration = Duration::from_millis(250);

/// A reader to which no byte has gone out for this time is stuck.
const STUCK: Duration = Duration::from_secs(1);

/// So many connections are looked at before others may run.
const PART: usize = 512;

/// A connection that can be made to give back what waits to be written to it.
pub(crate) trait Holder: Send + Sync {
    /// How many bytes wait.
    fn unsent(&self) -> usize;

    /// A number that changes whenever bytes go out.
    fn progress(&self) -> usize;

    /// Ends it, and gives back what waits at once.
    fn give_up(&self);
}

/// The connections that may be ended, by number.
#[derive(Default)]
pub(super) struct Holders {
    next: u64,
    by_number: HashMap<u64, Weak<dyn Holder>>,
}

impl Holders {
    pub(super) fn insert(&mut self, holder: Weak<dyn Holder>) -> u64 {
        let number = self.next;
        self.next = number.wrapping_add(1);
        self.by_number.insert(number, holder);
        number
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.by_number.remove(&number);
    }

    fn all(&self) -> Vec<(u64, Arc<dyn Holder>)> {
        self.by_number.iter().filter_map(|(number, holder)| Some((*number, holder.upgrade()?))).collect()
    }
}

/// The last progress of a connection, and when it was first seen.
#[derive(Clone, Copy)]
struct Seen {
    progress: usize,
    since: Instant,
}

/// A connection that holds something and makes no progress.
struct Stuck {
    unsent: usize,
    since: Instant,
    holder: Arc<dyn Holder>,
}

/// Starts to relieve `budget` in a task of its own, until slow readers hold no more than they may. There is to be one.
pub(super) fn start(budget: &MemoryBudget) {
    /// Others may start again, also when the runtime ends the task.
    struct Done(MemoryBudget);
    impl Drop for Done {
        fn drop(&mut self) {
            self.0.relieved();
        }
    }
    let done = Done(budget.clone());
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(async move {
            let mut seen = HashMap::new();
            while done.0.is_strained() {
                round(&done.0, &mut seen).await;
                sleep(TICK).await;
            }
        });
    }
}

/// Looks at all connections once, and ends the worst.
async fn round(budget: &MemoryBudget, seen: &mut HashMap<u64, Seen>) {
    let holders = budget.holders().all();
    // Whoever holds less than an equal share is not to blame.
    let share = budget.for_slow_readers() / holders.len().max(1);
    let mut known = std::mem::take(seen);
    let mut stuck = Vec::new();
    for (n, (number, holder)) in holders.into_iter().enumerate() {
        if n % PART == PART - 1 {
            yield_now().await;
        }
        let (unsent, progress) = (holder.unsent(), holder.progress());
        if unsent == 0 {
            continue;
        }
        let before = known.remove(&number).filter(|before| before.progress == progress);
        let now = before.unwrap_or_else(|| Seen { progress, since: Instant::now() });
        seen.insert(number, now);
        if unsent > share && now.since.elapsed() >= STUCK {
            stuck.push(Stuck { unsent, since: now.since, holder });
        }
    }
    // Well below the mark, so that the next byte is not the next end.
    let mut excess = budget.held_as(ChargeKind::Unsent).saturating_sub(budget.for_slow_readers() / 4 * 3);
    stuck.sort_unstable_by_key(|one| (Reverse(one.unsent), one.since));
    for (n, one) in stuck.into_iter().enumerate() {
        if excess == 0 {
            break;
        }
        if n % PART == PART - 1 {
            yield_now().await;
        }
        excess = excess.saturating_sub(one.unsent);
        one.holder.give_up();
    }
}
