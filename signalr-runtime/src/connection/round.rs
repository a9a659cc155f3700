//! Rounds: how busy connections share a thread with everybody else.
//!
//! Between two looks at its sockets a thread gives [`LENGTH`] to busy connections: those that use up one slice after the
//! other. One whose turn would come later waits for the next round, where it comes before those that have had their turn.
//! So a client that asks for little waits for two rounds at most beside them, however many they are, and however much longer
//! than a slice a single step of theirs takes: a value is decoded in one go.
//!
//! The time is that of the clock on the wall: a thread that the system has stopped in the middle of a slice seems to be held
//! by its connection. So one slice alone is none, and only those wait that have had about as many turns as others lately.
//! The work of raw connections is their handler's, which has no slices: they are never busy.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, ready};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::slice::{self, Nanos};

/// The time that busy connections have in a round, beside what the last of them takes too much.
const LENGTH: Nanos = 4_000_000;

/// After so much time, what was taken counts half.
const HALF_LIFE: Duration = Duration::from_secs(1);

/// The part of the average that one more turn makes.
const WEIGHT: f64 = 1.0 / 16.0;

/// The next number of a cycle: of as many rounds of a thread as it takes for each of its busy connections to have a turn.
/// No two threads have the same one, because connections move. Each begins with none, 0.
static CYCLES: AtomicU64 = AtomicU64::new(1);

/// The round of a thread.
struct Round {
    /// What busy connections have taken of it.
    spent: Cell<Nanos>,
    /// What the connection that runs has taken of it, if it has used its slice up.
    taken: Cell<Nanos>,
    /// How many turns those have had lately, on average, who had the last ones.
    average: Cell<Option<Lately>>,
    /// The cycle that the round belongs to.
    cycle: Cell<u64>,
    /// Whether connections wait that have had no turn in this cycle: since this round, and since the one before.
    waiting: Cell<bool>,
    waited: Cell<bool>,
    /// Whether the next look at the sockets ends it.
    ends: Cell<bool>,
}

thread_local! {
    static ROUND: Round = const {
        Round {
            spent: Cell::new(0),
            taken: Cell::new(0),
            average: Cell::new(None),
            cycle: Cell::new(0),
            waiting: Cell::new(false),
            waited: Cell::new(false),
            ends: Cell::new(false),
        }
    };
    static LOOK: RefCell<Weak<Look>> = const { RefCell::new(Weak::new()) };
}

/// The next look of the thread at its sockets. The runtime lets go of it then, or when it is dropped itself.
struct Look;

impl Wake for Look {
    fn wake(self: Arc<Self>) {}
}

/// A number of turns, of which the less counts the longer ago they were.
#[derive(Clone, Copy)]
struct Lately {
    turns: f64,
    at: Instant,
}

impl Lately {
    /// What is left of it.
    fn left(self, now: Instant) -> f64 {
        let age = now.saturating_duration_since(self.at);
        self.turns * (-age.div_duration_f64(HALF_LIFE)).exp2()
    }
}

/// The turns of a connection that has used up a slice.
struct Turn {
    /// Whether the last one was used up.
    was_used_up: bool,
    /// How many it has had lately that followed such a one.
    turns: Lately,
    /// The cycle in which it has had its last turn as a busy one.
    cycle: u64,
    /// Whether it waits for the next look at the sockets, and for those who are woken by that to go first.
    was_deferred: bool,
}

pin_project! {
    /// The task of a connection, in rounds with the others of its thread.
    #[project = InRoundsProjection]
    pub(crate) struct InRounds<F> {
        // Most connections never need it.
        turn: Option<Box<Turn>>,
        #[pin]
        task: F,
    }
}

/// Runs the task of a connection in rounds with the others of its thread.
pub(crate) fn in_rounds<F: Future>(task: F) -> InRounds<F> {
    InRounds { turn: None, task }
}

impl<F: Future> Future for InRounds<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let InRoundsProjection { turn, task } = self.project();
        if let Some(turn) = turn {
            ready!(turn.poll(cx));
        }
        // Slices that run elsewhere take nothing of the rounds.
        ROUND.with(|round| round.taken.set(0));
        let polled = task.poll(cx);
        if ROUND.with(|round| round.taken.get()) > 0 {
            Turn::used_up(turn);
        } else if let Some(turn) = turn {
            turn.was_used_up = false;
        }
        polled
    }
}

/// The connection that runs has used a slice up.
pub(super) fn took(time: Nanos) {
    ROUND.with(|round| round.taken.set(round.taken.get().saturating_add(time)));
}

impl Turn {
    /// The connection has used its slice up.
    #[cold]
    fn used_up(turn: &mut Option<Box<Self>>) {
        let now = Instant::now();
        let turn = turn.get_or_insert_with(|| {
            let turns = Lately { turns: 0.0, at: now };
            Box::new(Self { was_used_up: false, turns, cycle: 0, was_deferred: false })
        });
        if std::mem::replace(&mut turn.was_used_up, true) {
            turn.turns = Lately { turns: turn.turns.left(now) + 1.0, at: now };
        }
        turn.was_deferred = true;
        ROUND.with(|round| round.spend(turn));
    }

    /// Ready when the connection has its turn.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if ROUND.with(|round| round.puts_off(self)) {
            self.was_deferred = true;
            slice::defer(cx);
            return Poll::Pending;
        }
        // A runtime with workers runs a task that was deferred before those that its sockets have woken.
        if std::mem::take(&mut self.was_deferred) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl Round {
    /// Whether a connection has to wait for the next round.
    fn puts_off(&self, turn: &Turn) -> bool {
        self.go_on();
        let has_had = turn.cycle == self.cycle.get();
        let has_turn = self.spent.get() < LENGTH && !(self.waited.get() && has_had);
        if has_turn || self.is_light(turn) {
            return false;
        }
        if !has_had {
            self.waiting.set(true);
        }
        self.end_with_the_next_look();
        true
    }

    /// Whether a connection has had much fewer turns than others.
    fn is_light(&self, turn: &Turn) -> bool {
        let now = Instant::now();
        self.average.get().is_none_or(|average| turn.turns.left(now) < average.left(now) / 2.0)
    }

    /// A connection has had its turn. Only those that may have to wait take part of the round: the others would keep them
    /// waiting for ever.
    fn spend(&self, turn: &mut Turn) {
        let Lately { turns, at } = turn.turns;
        if turns > 0.0 {
            let average = self.average.get().map_or(turns, |average| average.left(at));
            self.average.set(Some(Lately { turns: average + (turns - average) * WEIGHT, at }));
        }
        if self.is_light(turn) {
            return;
        }
        self.go_on();
        turn.cycle = self.cycle.get();
        self.spent.set(self.spent.get().saturating_add(self.taken.take()));
        self.end_with_the_next_look();
    }

    /// Begins the next round if the thread has looked at its sockets.
    fn go_on(&self) {
        if self.ends.get() && LOOK.with_borrow(|look| look.strong_count() == 0) {
            self.ends.set(false);
            self.spent.set(0);
            self.waited.set(self.waiting.take());
            if !self.waited.get() {
                self.cycle.set(CYCLES.fetch_add(1, Ordering::Relaxed));
            }
        }
    }

    fn end_with_the_next_look(&self) {
        if !self.ends.replace(true) {
            let look = Arc::new(Look);
            LOOK.set(Arc::downgrade(&look));
            slice::defer(&mut Context::from_waker(&look.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    use tokio::runtime::Builder;
    use tokio::task::yield_now;

    use super::*;
    use crate::connection::scope::Owner;

    const STEP: Duration = Duration::from_millis(1);

    /// The steps of `connections` that hold their thread whenever they have a turn, between two turns of somebody else
    /// at the most, and how many each of them has made.
    async fn beside(connections: usize) -> (usize, Vec<usize>) {
        let all = Arc::new(AtomicUsize::new(0));
        let steps: Vec<_> = (0..connections).map(|_| Arc::new(AtomicUsize::new(0))).collect();
        let tasks: Vec<_> = (1..)
            .zip(&steps)
            .map(|(number, steps)| {
                let (all, steps) = (Arc::clone(&all), Arc::clone(steps));
                tokio::spawn(in_rounds(Box::pin(poll_fn(move |cx| {
                    let _slice = slice::begin(Owner::numbered(number));
                    slice::start();
                    let begun = Instant::now();
                    while begun.elapsed() < STEP {
                        std::hint::spin_loop();
                    }
                    slice::lap();
                    all.fetch_add(1, Ordering::Relaxed);
                    steps.fetch_add(1, Ordering::Relaxed);
                    // As if its peer had sent more.
                    slice::defer(cx);
                    Poll::<()>::Pending
                }))))
            })
            .collect();
        // All of them are busy from then on.
        while all.load(Ordering::Relaxed) < connections * 3 {
            yield_now().await;
        }
        let (mut most, mut before) = (0, all.load(Ordering::Relaxed));
        while before < connections * 12 {
            yield_now().await;
            let now = all.load(Ordering::Relaxed);
            most = most.max(now - before);
            before = now;
        }
        for task in tasks {
            task.abort();
        }
        (most, steps.iter().map(|steps| steps.load(Ordering::Relaxed)).collect())
    }

    #[tokio::test]
    async fn many_that_hold_their_thread_give_way_to_others_and_take_turns() {
        let a_round = usize::try_from(LENGTH / slice::nanos(STEP)).unwrap();
        let (most, steps) = beside(32).await;
        assert!(most <= 2 * a_round, "{most}");
        // Twelve each, or nearly so where a look at the sockets comes between two of them.
        assert!(steps.iter().all(|steps| (5..=20).contains(steps)), "{steps:?}");
    }

    #[tokio::test]
    async fn one_alone_waits_for_nobody() {
        let (most, steps) = beside(1).await;
        assert_eq!((most, steps), (1, vec![12]));
    }

    #[test]
    fn a_round_does_not_outlive_its_runtime() {
        for _ in 0..2 {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let beside = async {
                let spent = beside(4).await;
                // The round is not over when the runtime ends.
                ROUND.with(|round| {
                    round.spent.set(LENGTH);
                    round.end_with_the_next_look();
                });
                spent
            };
            assert_eq!(runtime.block_on(beside).1.len(), 4);
        }
    }

    #[tokio::test]
    async fn whoever_is_not_busy_takes_nothing_of_a_round() {
        let (mut busy, mut other) = (None, None);
        for _ in 0..4 {
            took(LENGTH / 8);
            Turn::used_up(&mut busy);
        }
        // The next round.
        yield_now().await;
        let is_put_off =
            |turn: &Option<Box<Turn>>| ROUND.with(|round| round.puts_off(turn.as_ref().unwrap()));
        took(LENGTH * 2);
        Turn::used_up(&mut other);
        assert!(!is_put_off(&busy) && !is_put_off(&other));
        took(LENGTH);
        Turn::used_up(&mut busy);
        assert!(is_put_off(&busy) && !is_put_off(&other));
    }

    #[tokio::test]
    async fn time_that_was_taken_elsewhere_makes_nobody_busy() {
        took(LENGTH);
        let mut task = std::pin::pin!(in_rounds(async {}));
        task.as_mut().await;
        assert!(task.turn.is_none());
    }
}
