//! Giving way: nothing that could go on at once keeps others from being served.
//!
//! A connection's task has a time slice for each of its polls. Whatever runs in it, the user's code included, gives way when
//! the slice is over; the task then lets the runtime look at its sockets before it goes on. Code that runs elsewhere
//! gives way when tokio's cooperative budget is used up.
//!
//! The clock is the machine's, not tokio's: a slice is about the thread that is held, and a paused clock holds none.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::task::{coop, yield_now};

use super::scope::{self, Owned, Owner};

/// How long one poll of a connection's task may go on. 64 connections that always have work then let another one
/// wait for 6.4 ms.
const LENGTH: Duration = Duration::from_micros(100);

/// Steps that take less than this are short: the clock is read after several of them.
const SHORT: Duration = Duration::from_micros(10);

/// The most steps between two looks at the clock.
const MOST_STEPS: u8 = 4;

struct Slice {
    /// When it began. None outside of a connection's task.
    began: Cell<Option<Instant>>,
    /// When the clock was read last.
    read: Cell<Option<Instant>>,
    /// Steps between two looks at the clock, and those that are left until the next.
    stride: Cell<u8>,
    left: Cell<u8>,
    over: Cell<bool>,
}

thread_local! {
    static SLICE: Slice = const {
        Slice {
            began: Cell::new(None),
            read: Cell::new(None),
            stride: Cell::new(1),
            left: Cell::new(0),
            over: Cell::new(false),
        }
    };
}

/// A slice that runs. Dropped, it is the outer one's turn again, if there is one.
pub(crate) struct Running {
    outer: Option<Instant>,
    _owned: Owned,
}

/// Begins a slice of the task of `owner`.
pub(crate) fn begin(owner: Owner) -> Running {
    let now = Some(Instant::now());
    SLICE.with(|slice| {
        slice.read.set(now);
        slice.stride.set(1);
        slice.left.set(0);
        slice.over.set(false);
        Running { outer: slice.began.replace(now), _owned: scope::owned_by(owner) }
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        SLICE.with(|slice| {
            slice.began.set(self.outer);
            slice.over.set(false);
        });
    }
}

impl Slice {
    /// Reads the clock, and gives the time since it was read last.
    fn lap(&self) -> Duration {
        let (Some(began), Some(read)) = (self.began.get(), self.read.get()) else { return Duration::ZERO };
        let now = Instant::now();
        let took = now.saturating_duration_since(read);
        self.read.set(Some(now));
        self.over.set(now.saturating_duration_since(began) >= LENGTH);
        took
    }

    /// One more step was made. Whether the slice is over.
    fn step(&self) -> bool {
        if self.over.get() {
            return true;
        }
        if let Some(left) = self.left.get().checked_sub(1) {
            self.left.set(left);
            return false;
        }
        let stride = self.stride.get();
        let stride = if self.lap() < SHORT * u32::from(stride) { (stride * 2).min(MOST_STEPS) } else { 1 };
        self.stride.set(stride);
        self.left.set(stride - 1);
        self.over.get()
    }
}

/// A step of a connection's task was made. Whether its slice is over.
pub(crate) fn step() -> bool {
    SLICE.with(Slice::step)
}

/// A piece of the user's code has run in a connection's task: gives how long it took. (Nothing outside of such a task.)
pub(crate) fn lap() -> Duration {
    SLICE.with(Slice::lap)
}

/// Whether the slice was over when the clock was read last.
pub(crate) fn is_over() -> bool {
    SLICE.with(|slice| slice.over.get())
}

/// Ready unless it is time to let others run. The task is woken when its turn comes again.
///
/// An operation that never waits by itself asks after its work is done: what it has queued then leaves.
pub(crate) fn poll_give_way(cx: &mut Context<'_>) -> Poll<()> {
    if SLICE.with(|slice| slice.began.get().is_some()) {
        if step() {
            defer(cx);
            return Poll::Pending;
        }
        return Poll::Ready(());
    }
    let proceeding = ready!(coop::poll_proceed(cx));
    proceeding.made_progress();
    Poll::Ready(())
}

/// Lets others run if it is time to.
pub(crate) async fn give_way() {
    poll_fn(poll_give_way).await;
}

/// Wakes the task after others have run and the runtime has looked at its sockets and timers. (A task that wakes itself
/// directly is run again up to 60 times before that.)
pub(crate) fn defer(cx: &mut Context<'_>) {
    let _ = pin!(yield_now()).poll(cx);
}

/// Polls what belongs to the connection itself: the user's code may have used up tokio's budget, and must not hold up
/// what is to be written, nor the clock.
pub(crate) fn poll_unconstrained<T>(
    cx: &mut Context<'_>,
    poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    pin!(coop::unconstrained(poll_fn(poll))).poll(cx)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds the thread.
    fn work(time: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn a_slice_is_over_after_its_time_however_long_the_steps_are() {
        for step_length in [LENGTH / 50, LENGTH / 3, LENGTH * 10] {
            let begun = Instant::now();
            let _slice = begin(Owner::NOBODY);
            while !step() {
                work(step_length);
            }
            let longest = LENGTH + step_length * u32::from(MOST_STEPS + 1) + Duration::from_millis(20);
            assert!(begun.elapsed() < longest, "{step_length:?} {:?}", begun.elapsed());
            assert!(step());
        }
    }

    #[test]
    fn a_long_step_is_noticed_at_once() {
        let _slice = begin(Owner::NOBODY);
        work(LENGTH * 2);
        assert!(step());
        assert!(is_over());
    }

    #[test]
    fn a_slice_within_a_slice_gives_the_outer_one_back() {
        let _outer = begin(Owner::NOBODY);
        {
            let _inner = begin(Owner::NOBODY);
            work(LENGTH * 2);
            assert!(lap() >= LENGTH * 2);
            assert!(step());
        }
        assert!(!is_over());
        assert!(SLICE.with(|slice| slice.began.get().is_some()));
    }

    #[tokio::test]
    async fn outside_of_a_connection_tokios_budget_decides() {
        let mut steps = 0;
        poll_fn(|cx| {
            while poll_give_way(cx).is_ready() {
                steps += 1;
                assert!(steps < 1000, "it never gives way");
            }
            Poll::Ready(())
        })
        .await;
        assert!(steps > 0);
    }
}
