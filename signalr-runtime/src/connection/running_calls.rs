//! The calls that run in a connection's task, each with a waker of its own: those that were woken are polled in the order in
//! which they were, and only they.
//!
//! This is a small executor, and not `FuturesUnordered`, because the connection's time slice may end between any two of
//! them: those that have not had their turn then come before those that have.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Tasks by the number of their slot.
pub(super) struct RunningCalls<T> {
    slots: Vec<Option<Slot<T>>>,
    /// Slots that are empty.
    free: Vec<usize>,
    ready: Arc<Ready>,
}

struct Slot<T> {
    task: T,
    wake: Arc<SlotWaker>,
    waker: Waker,
}

/// The slots that were woken.
#[derive(Default)]
struct Ready(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    slots: VecDeque<usize>,
    /// The connection's task, while it sleeps: as long as it runs, it looks by itself.
    owner: Option<Waker>,
}

struct SlotWaker {
    slot: usize,
    /// Whether it is in the queue.
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Ready {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut queue = self.ready.lock();
        queue.slots.push_back(self.slot);
        let owner = queue.owner.take();
        drop(queue);
        if let Some(owner) = owner {
            owner.wake();
        }
    }
}

impl<T> RunningCalls<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), ready: Arc::default() }
    }

    /// Adds a task, which is polled next. Gives its slot.
    pub(super) fn push(&mut self, task: T) -> usize {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        let wake =
            Arc::new(SlotWaker { slot, queued: AtomicBool::new(false), ready: Arc::clone(&self.ready) });
        let waker = Waker::from(Arc::clone(&wake));
        wake.wake_by_ref();
        let entry = Some(Slot { task, wake, waker });
        match self.slots.get_mut(slot) {
            Some(place) => *place = entry,
            None => self.slots.push(entry),
        }
        slot
    }

    /// Takes out the task in a slot.
    pub(super) fn remove(&mut self, slot: usize) -> Option<T> {
        let wake = &self.slots.get(slot)?.as_ref()?.wake;
        if wake.queued.load(Ordering::Acquire) {
            self.ready.lock().slots.retain(|queued| *queued != slot);
        }
        self.take(slot)
    }

    /// Wakes those that `change` chooses.
    pub(super) fn wake_if(&mut self, mut change: impl FnMut(&mut T) -> bool) {
        for Slot { task, wake, .. } in self.slots.iter_mut().flatten() {
            if change(task) {
                wake.wake_by_ref();
            }
        }
    }

    /// The first of them that `is_it` chooses.
    pub(super) fn find(&mut self, is_it: impl Fn(&T) -> bool) -> Option<&mut T> {
        self.slots.iter_mut().flatten().map(|slot| &mut slot.task).find(|task| is_it(task))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.slots.len()
    }

    /// Takes out any of them.
    pub(super) fn pop(&mut self) -> Option<T> {
        let slot = self.slots.iter().rposition(Option::is_some)?;
        self.take(slot)
    }

    fn take(&mut self, slot: usize) -> Option<T> {
        let Slot { task, .. } = self.slots.get_mut(slot)?.take()?;
        self.free.push(slot);
        Some(task)
    }

    /// The task sleeps until one of them is woken: false if one has been already.
    pub(super) fn sleep(&self, cx: &Context<'_>) -> bool {
        let mut queue = self.ready.lock();
        if !queue.slots.is_empty() {
            return false;
        }
        match &mut queue.owner {
            Some(owner) => owner.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        true
    }

    /// Lets `poll` have the one that was woken first, and takes it out if that has ended it. None when none was woken.
    pub(super) fn poll_one<O>(
        &mut self,
        poll: impl FnOnce(&mut T, &mut Context<'_>) -> Poll<O>,
    ) -> Option<Poll<(T, O)>> {
        loop {
            let slot = self.ready.lock().slots.pop_front()?;
            // A waker may outlive its task.
            let Some(Slot { task, wake, waker }) = self.slots.get_mut(slot).and_then(Option::as_mut) else {
                continue;
            };
            // Not a mere store: whoever finds it still set has left what the poll is to see.
            wake.queued.swap(false, Ordering::AcqRel);
            return Some(match poll(task, &mut Context::from_waker(waker)) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(output) => match self.take(slot) {
                    Some(task) => Poll::Ready((task, output)),
                    None => Poll::Pending,
                },
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Ends when it is polled for the last time.
    struct Countdown(&'static str, usize);

    fn poll(countdown: &mut Countdown, _: &mut Context<'_>) -> Poll<()> {
        countdown.1 -= 1;
        if countdown.1 == 0 { Poll::Ready(()) } else { Poll::Pending }
    }

    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    fn wake<T>(running: &RunningCalls<T>, slot: usize) {
        running.slots[slot].as_ref().unwrap().wake.wake_by_ref();
    }

    fn ended(running: &mut RunningCalls<Countdown>) -> Vec<&'static str> {
        let mut names = Vec::new();
        while let Some(polled) = running.poll_one(poll) {
            if let Poll::Ready((Countdown(name, _), ())) = polled {
                names.push(name);
            }
        }
        names
    }

    #[test]
    fn those_that_were_woken_are_polled_in_order_and_once() {
        let mut running = RunningCalls::new();
        let a = running.push(Countdown("a", 2));
        let b = running.push(Countdown("b", 2));
        running.push(Countdown("c", 1));
        assert_eq!(ended(&mut running), ["c"]);
        wake(&running, b);
        wake(&running, a);
        wake(&running, b);
        assert_eq!(ended(&mut running), ["b", "a"]);
        assert!(running.is_empty());
    }

    #[test]
    fn one_that_is_taken_out_leaves_nothing_behind() {
        let mut running = RunningCalls::new();
        let a = running.push(Countdown("a", 1));
        let b = running.push(Countdown("b", 2));
        assert_eq!(ended(&mut running), ["a"]);
        assert!(running.remove(a).is_none());
        for is_woken in [true, false] {
            let c = running.push(Countdown("c", 9));
            if !is_woken {
                assert_eq!(ended(&mut running), [""; 0]);
            }
            assert_eq!(running.remove(c).map(|c| c.0), Some("c"));
            assert_eq!(running.ready.lock().slots.len(), 0);
        }
        wake(&running, b);
        assert_eq!(ended(&mut running), ["b"]);
        assert!(running.is_empty());
    }

    #[test]
    fn the_owner_is_woken_when_it_sleeps_and_only_then() {
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let cx = Context::from_waker(&waker);
        let mut running = RunningCalls::new();
        let a = running.push(Countdown("a", 9));
        assert!(!running.sleep(&cx));
        assert!(running.poll_one(poll).is_some());
        wake(&running, a);
        assert!(running.poll_one(poll).is_some());
        assert!(!flag.0.load(Ordering::SeqCst));
        assert!(running.sleep(&cx));
        wake(&running, a);
        assert!(flag.0.load(Ordering::SeqCst));
    }

    #[test]
    fn a_waker_that_outlives_its_task_does_no_harm() {
        let mut running = RunningCalls::new();
        let slot = running.push(Countdown("a", 1));
        let waker = running.slots[slot].as_ref().unwrap().waker.clone();
        assert_eq!(ended(&mut running), ["a"]);
        waker.wake_by_ref();
        assert_eq!(ended(&mut running), [""; 0]);
        assert_eq!(running.push(Countdown("b", 2)), slot);
        waker.wake();
        assert_eq!(ended(&mut running), [""; 0]);
        wake(&running, slot);
        assert_eq!(ended(&mut running), ["b"]);
    }

    /// A task that is woken while it runs either sees what it was woken for, or runs again. With threads: the order of memory
    /// decides.
    #[test]
    fn whoever_wakes_a_task_that_runs_is_not_overlooked() {
        const ROUNDS: usize = 3_000;
        let mut running = RunningCalls::new();
        let slot = running.push(());
        let mut waker = None;
        let polled = running.poll_one(|(), cx| {
            waker = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        assert!(polled.is_some());
        let waker = waker.unwrap();
        let [round, told, done] = [(); 3].map(|()| AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 1..=ROUNDS {
                    while round.load(Ordering::SeqCst) != n {
                        std::hint::spin_loop();
                    }
                    (0..n * 7 % 50).for_each(|_| std::hint::spin_loop());
                    told.store(n, Ordering::Release);
                    waker.wake_by_ref();
                    done.store(n, Ordering::SeqCst);
                }
            });
            let mut overlooked = 0;
            for n in 1..=ROUNDS {
                wake(&running, slot);
                round.store(n, Ordering::SeqCst);
                (0..n * 13 % 80).for_each(|_| std::hint::spin_loop());
                let mut seen = 0;
                while seen != n {
                    let is_done = done.load(Ordering::SeqCst) == n;
                    let polled = running.poll_one(|(), _| {
                        seen = told.load(Ordering::Acquire);
                        Poll::<()>::Pending
                    });
                    if is_done && polled.is_none() {
                        overlooked += 1;
                        break;
                    }
                }
                while done.load(Ordering::SeqCst) != n {
                    std::hint::spin_loop();
                }
            }
            assert_eq!(overlooked, 0);
        });
    }
}
