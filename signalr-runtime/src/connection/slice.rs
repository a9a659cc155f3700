//! Giving way: nothing that could go on at once keeps others from being served.
//!
//! A connection's task has a time slice for each of its polls. Whatever runs in it, the user's code included, gives way when
//! the slice is over; the task then lets the runtime look at its sockets before it goes on. Within a slice, what was sent
//! is written out once in a millisecond. Code that runs elsewhere gives way when tokio's cooperative budget is used up.
//!
//! The clock is the machine's, not tokio's: a slice is about the thread that is held, and a paused clock holds none. It is
//! not read for a poll that has nothing to do but write.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::task::{coop, yield_now};

use super::round;
use super::scope::{self, Owned, Owner};

/// How long a poll may go on while other connections use their thread up as well: 64 of them let another one wait for
/// 6.4 ms.
const AMONG_OTHERS: Nanos = 100_000;

/// How long a poll may go on while nobody else does.
const ALONE: Nanos = 2_000_000;

/// How long a poll may go on that holds a thread of its own. Not for no time: whoever looks at several streams at once
/// would never see the second.
#[cfg(feature = "server")]
const ON_A_THREAD: Nanos = 50_000;

/// How long ago another connection has taken its time at the most, to be somebody else.
const LATELY: Duration = Duration::from_millis(20);

/// What was sent is written out after this time.
const FLUSH: Nanos = 1_000_000;

/// Steps that take less than this are short: the clock is read after several of them.
const SHORT: Nanos = 25_000;

/// The most steps between two looks at the clock.
const MOST_STEPS: u8 = 8;

/// A time, or a moment within a slice.
pub(super) type Nanos = u64;

/// The slice of a thread, while a connection's task runs there.
struct Slice {
    runs: Cell<bool>,
    /// When it began. None until the clock is read for the first time.
    began: Cell<Option<Instant>>,
    /// When the clock was read last.
    read: Cell<Nanos>,
    /// When a piece of the user's code has ended last.
    lap: Cell<Nanos>,
    /// How long it may be.
    length: Cell<Nanos>,
    /// When something was written last.
    flushed: Cell<Nanos>,
    due: Cell<Due>,
    /// Steps between two looks at the clock, and those that are left until the next. None is left outside of a slice.
    stride: Cell<u8>,
    left: Cell<u8>,
    /// The most steps between two looks at the clock.
    most_steps: Cell<u8>,
    /// The two connections that have taken as long as a short slice last, the last one first. Two: one that is woken
    /// again and again does not make the others be forgotten.
    busy: Cell<[Busy; 2]>,
}

/// Who has taken as long as a short slice, and when.
type Busy = (Owner, Option<Instant>);

/// What it is time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    /// To write out what was sent.
    Flush,
    /// To let others run.
    End,
}

thread_local! {
    static SLICE: Slice = const {
        Slice {
            runs: Cell::new(false),
            began: Cell::new(None),
            read: Cell::new(0),
            lap: Cell::new(0),
            length: Cell::new(0),
            flushed: Cell::new(0),
            due: Cell::new(Due::Nothing),
            stride: Cell::new(0),
            left: Cell::new(0),
            most_steps: Cell::new(MOST_STEPS),
            busy: Cell::new([(Owner::NOBODY, None); 2]),
        }
    };
}

/// A slice that runs. Dropped, it is the outer one's turn again, if there is one.
pub(crate) struct Running {
    /// Whether it holds a thread that belongs to a runtime.
    holds_others_up: bool,
    outer: bool,
    outer_began: Option<Instant>,
    _owned: Owned,
}

/// Begins a slice of the task of `owner`.
pub(crate) fn begin(owner: Owner) -> Running {
    SLICE.with(|slice| {
        slice.due.set(Due::Nothing);
        slice.left.set(0);
        slice.most_steps.set(MOST_STEPS);
        let (outer, outer_began) = (slice.runs.replace(true), slice.began.take());
        Running { holds_others_up: true, outer, outer_began, _owned: scope::owned_by(owner) }
    })
}

/// Begins a slice on a thread that holds up nobody: a step that took some time is followed by the end of the slice, for
/// the call to be found given up.
#[cfg(feature = "server")]
pub(crate) fn begin_on_thread(owner: Owner) -> Running {
    let mut running = begin(owner);
    running.holds_others_up = false;
    SLICE.with(|slice| {
        slice.start();
        slice.length.set(ON_A_THREAD);
        slice.most_steps.set(1);
    });
    running
}

impl Drop for Running {
    fn drop(&mut self) {
        SLICE.with(|slice| {
            // Whoever stops for another reason, such as a full queue, has held the thread as well.
            if self.holds_others_up
                && let Some(began) = slice.began.get()
                && slice.read.get() >= AMONG_OTHERS
            {
                slice.was_busy(scope::owner(), began.checked_add(slice.so_far()));
                round::took(slice.read.get());
            }
            slice.runs.set(self.outer);
            slice.began.set(self.outer_began);
            slice.due.set(Due::Nothing);
            slice.left.set(0);
        });
    }
}

impl Slice {
    fn was_busy(&self, owner: Owner, until: Option<Instant>) {
        let [last, before] = self.busy.get();
        self.busy.set([(owner, until), if last.0 == owner { before } else { last }]);
    }

    fn so_far(&self) -> Duration {
        Duration::from_nanos(self.read.get())
    }

    /// Reads the clock for the first time, if it was not yet.
    fn start(&self) {
        if self.began.get().is_some() {
            return;
        }
        let now = Instant::now();
        let is_lately = |last: Instant| now.saturating_duration_since(last) < LATELY;
        let is_other = |(owner, last): Busy| owner != scope::owner() && last.is_some_and(is_lately);
        let among_others = self.busy.get().into_iter().any(is_other);
        self.length.set(if among_others { AMONG_OTHERS } else { ALONE });
        self.began.set(Some(now));
        self.read.set(0);
        self.lap.set(0);
        self.flushed.set(0);
        self.stride.set(0);
    }

    /// Reads the clock, and gives the time since it was read last.
    fn read(&self) -> Nanos {
        let Some(began) = self.began.get() else { return 0 };
        let now = nanos(began.elapsed());
        let took = now.saturating_sub(self.read.replace(now));
        let due = if now >= self.length.get() {
            Due::End
        } else if now.saturating_sub(self.flushed.get()) >= FLUSH {
            Due::Flush
        } else {
            Due::Nothing
        };
        self.due.set(due);
        self.left.set(0);
        took
    }

    /// One more step was made.
    #[inline]
    fn step(&self) -> Due {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Due::Nothing
            }
            None => self.look(),
        }
    }

    /// One more step was made, and it is time to look at the clock.
    fn look(&self) -> Due {
        if self.began.get().is_none() {
            self.start();
        } else if self.due.get() == Due::Nothing {
            let stride = self.stride.get();
            let is_short = self.read() < SHORT * Nanos::from(stride.max(1));
            let longer = if stride == 0 { 1 } else { stride.saturating_mul(2).min(self.most_steps.get()) };
            if self.due.get() == Due::Nothing {
                let stride = if is_short { longer } else { 1 };
                self.stride.set(stride);
                self.left.set(stride - 1);
            } else {
                // The step that follows is the same one, which goes on.
                self.stride.set(0);
            }
        }
        self.due.get()
    }
}

pub(super) fn nanos(time: Duration) -> Nanos {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos().into())
}

/// The user's code is about to run in a connection's task.
pub(crate) fn start() {
    SLICE.with(|slice| {
        if slice.runs.get() {
            slice.start();
        }
    });
}

/// A piece of the user's code has run in a connection's task: gives how long it took. (Nothing outside of such a task.)
pub(crate) fn lap() -> Duration {
    SLICE.with(|slice| {
        if slice.began.get().is_none() {
            return Duration::ZERO;
        }
        slice.read();
        let now = slice.read.get();
        Duration::from_nanos(now.saturating_sub(slice.lap.replace(now)))
    })
}

/// A step of a connection's task was made. Whether its slice is over.
pub(crate) fn step() -> bool {
    SLICE.with(|slice| slice.runs.get() && slice.step() == Due::End)
}

/// Whether it was time, when the clock was read last, to write out what was sent, or to let others run.
pub(crate) fn is_due() -> bool {
    SLICE.with(|slice| slice.due.get() != Due::Nothing)
}

/// Whether the slice was over when the clock was read last.
pub(crate) fn is_over() -> bool {
    SLICE.with(|slice| slice.due.get() == Due::End)
}

/// Whether the user's code has used up tokio's budget: whatever it asks of tokio pends then, in other calls too.
pub(crate) fn has_used_up_budget() -> bool {
    !coop::has_budget_remaining()
}

/// What was sent has been written out.
#[inline]
pub(crate) fn flushed() {
    SLICE.with(|slice| {
        if slice.due.get() == Due::Flush {
            slice.flushed.set(slice.read.get());
            slice.due.set(Due::Nothing);
        }
    });
}

/// Ready unless it is time to let others run, or to write out what was sent. The task is woken when its turn comes again.
///
/// An operation that never waits by itself asks after its work is done: what it has queued then leaves.
pub(crate) fn poll_give_way(cx: &mut Context<'_>) -> Poll<()> {
    // No step is left outside of a slice.
    let due = SLICE.with(|slice| match slice.left.get().checked_sub(1) {
        Some(left) => {
            slice.left.set(left);
            Some(Due::Nothing)
        }
        None => slice.runs.get().then(|| slice.look()),
    });
    if due == Some(Due::Nothing) { Poll::Ready(()) } else { give_way_now(due, cx) }
}

fn give_way_now(due: Option<Due>, cx: &mut Context<'_>) -> Poll<()> {
    match due {
        Some(Due::Nothing) => Poll::Ready(()),
        Some(Due::Flush) => {
            // The task looks again before it sleeps.
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Some(Due::End) => {
            defer(cx);
            Poll::Pending
        }
        None => {
            let proceeding = ready!(coop::poll_proceed(cx));
            proceeding.made_progress();
            Poll::Ready(())
        }
    }
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
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    if SLICE.with(|slice| slice.began.get().is_none()) && coop::has_budget_remaining() {
        // None of it has run, neither in this slice nor in one before it in the same poll.
        return poll(cx);
    }
    pin!(coop::unconstrained(poll_fn(poll))).poll(cx)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds the thread.
    fn work(nanos: Nanos) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_nanos(nanos) {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn a_slice_is_over_after_its_time_however_long_the_steps_are() {
        for (length, most) in [(ALONE / 50, 50), (ALONE / 3, 3), (ALONE * 10, 1)] {
            let _slice = begin(Owner::NOBODY);
            let mut steps = 0;
            while !step() {
                work(length);
                flushed();
                steps += 1;
            }
            assert!(steps <= most + usize::from(MOST_STEPS), "{length}: {steps}");
            assert!(step());
        }
    }

    #[test]
    fn a_long_step_is_noticed_at_once() {
        let _slice = begin(Owner::NOBODY);
        start();
        work(ALONE);
        assert!(lap() >= Duration::from_nanos(ALONE));
        assert!(is_due() && step());
    }

    #[test]
    fn two_that_use_their_slices_up_get_short_ones() {
        let use_up = |owner: Owner| {
            let begun = Instant::now();
            let _slice = begin(owner);
            while !step() {
                work(AMONG_OTHERS / 10);
                flushed();
            }
            begun.elapsed()
        };
        let (one, two) = (Owner::numbered(1), Owner::numbered(2));
        let alone = Duration::from_nanos(ALONE);
        assert!(use_up(one) >= alone);
        // By far, on a busy machine too.
        assert!((0..20).map(|_| use_up(two).min(use_up(one))).min() < Some(alone / 2));
        work(nanos(LATELY));
        assert!(use_up(one) >= alone);
    }

    #[test]
    fn one_that_stops_before_its_slice_is_over_counts_if_it_took_long() {
        let stop_after = |owner: Owner, time: Nanos| {
            let _slice = begin(owner);
            start();
            work(time);
            lap();
            SLICE.with(|slice| slice.read.get())
        };
        let length = |owner: Owner| {
            let _slice = begin(owner);
            start();
            SLICE.with(|slice| slice.length.get())
        };
        let [one, two, three] = [1, 2, 3].map(Owner::numbered);
        // The system may have stopped the thread meanwhile: then it took long, on that thread.
        let beside_a_short_one = move || {
            let took = stop_after(one, AMONG_OTHERS / 10);
            (took < AMONG_OTHERS).then(|| length(two))
        };
        let mut lengths = std::iter::repeat_with(|| std::thread::spawn(beside_a_short_one).join().unwrap());
        assert_eq!(lengths.find_map(|length| length), Some(ALONE));
        stop_after(one, AMONG_OTHERS * 2);
        assert_eq!([length(one), length(two), length(three)], [ALONE, AMONG_OTHERS, AMONG_OTHERS]);
        // One that has another turn before they have theirs does not become alone by that.
        stop_after(two, AMONG_OTHERS * 2);
        stop_after(two, AMONG_OTHERS * 2);
        assert_eq!([length(one), length(two), length(three)], [AMONG_OTHERS; 3]);
    }

    #[test]
    fn a_slice_within_a_slice_gives_the_outer_one_back() {
        let _outer = begin(Owner::NOBODY);
        start();
        {
            let _inner = begin(Owner::NOBODY);
            start();
            work(ALONE);
            assert!(lap() >= Duration::from_nanos(ALONE) && step());
        }
        assert!(!is_due());
        assert!(SLICE.with(|slice| slice.runs.get() && slice.began.get().is_some()));
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
