//! Rounds: how busy connections share a thread with everybody else.
//!
//! Between two looks at its sockets a thread gives [`LENGTH`] to busy connections: those that use their slices up, or did
//! so lately. One whose turn would come later waits for the next round, where it comes before those that have had their
//! turn. A client that asks for little is not busy. It waits for two rounds at most, however many others ask for all they
//! can get, and however much longer than a slice a single step of theirs takes: a value is decoded in one go.

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

/// How long a connection stays busy. Long: its peer may need some time to send more, and a busy connection has to wait
/// only where others use the rounds up.
const LATELY: Duration = Duration::from_secs(1);

/// The next number of a cycle: of as many rounds of a thread as it takes for each of its busy connections to have a turn.
/// No two threads have the same one, because connections move.
static CYCLES: AtomicU64 = AtomicU64::new(1);

/// The round of a thread.
struct Round {
    /// What busy connections have taken of it.
    spent: Cell<Nanos>,
    /// What the connection that runs has taken, if it is busy.
    taken: Cell<Nanos>,
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

/// The turns of a connection that is, or was, busy.
struct Turn {
    /// When it has used up a slice last, or waited for the next one.
    busy: Instant,
    /// The cycle in which it has had its last turn as a busy one.
    cycle: u64,
    /// Whether it was woken by the last look at the sockets, and others have not gone first.
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
        let polled = task.poll(cx);
        if ROUND.with(|round| round.taken.get()) > 0 {
            Turn::end(turn);
        }
        polled
    }
}

/// The connection that runs has used a slice up.
pub(super) fn took(time: Nanos) {
    ROUND.with(|round| round.taken.set(round.taken.get().saturating_add(time)));
}

impl Turn {
    /// The connection was busy.
    #[cold]
    fn end(turn: &mut Option<Box<Self>>) {
        let cycle = ROUND.with(Round::spend);
        let had = Self { busy: Instant::now(), cycle, was_deferred: true };
        match turn {
            Some(turn) => **turn = had,
            None => *turn = Some(Box::new(had)),
        }
    }

    /// Ready when the connection has its turn.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !ROUND.with(|round| round.has_turn_for(self)) && self.busy.elapsed() < LATELY {
            ROUND.with(|round| round.put_off(self));
            self.busy = Instant::now();
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
    /// Whether a busy connection has its turn in this round.
    fn has_turn_for(&self, turn: &Turn) -> bool {
        self.go_on();
        self.spent.get() < LENGTH && !(self.waited.get() && self.has_had(turn))
    }

    /// A busy connection waits for the next round.
    fn put_off(&self, turn: &Turn) {
        if !self.has_had(turn) {
            self.waiting.set(true);
        }
        self.end_with_the_next_look();
    }

    /// Whether a connection has had its turn in this cycle.
    fn has_had(&self, turn: &Turn) -> bool {
        turn.cycle == self.cycle.get()
    }

    /// A busy connection has taken its time. Gives the cycle.
    fn spend(&self) -> u64 {
        self.go_on();
        self.spent.set(self.spent.get().saturating_add(self.taken.take()));
        self.end_with_the_next_look();
        self.cycle.get()
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
        yield_now().await;
        let (mut most, mut before) = (0, all.load(Ordering::Relaxed));
        while before < connections * 10 {
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
        assert!(most <= a_round, "{most}");
        // Ten each, or nearly so where a look at the sockets comes between two of them.
        assert!(steps.iter().all(|steps| (5..=20).contains(steps)), "{steps:?}");
    }

    #[tokio::test]
    async fn one_alone_waits_for_nobody() {
        let (most, steps) = beside(1).await;
        assert_eq!((most, steps), (1, vec![10]));
    }

    #[test]
    fn a_round_does_not_outlive_its_runtime() {
        for _ in 0..2 {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            let beside = async {
                let spent = beside(4).await;
                // The round is not over when the runtime ends.
                took(LENGTH);
                ROUND.with(Round::spend);
                spent
            };
            assert_eq!(runtime.block_on(beside).1.len(), 4);
        }
    }
}
