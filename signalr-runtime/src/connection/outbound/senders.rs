//! Those who wait for room in the queue, and whose turn it is.

use std::task::{Context, Waker};

/// Who waits for room in the connection's own task, or owns it: few, and each of them waits until it is woken.
#[derive(Default)]
pub(super) struct Senders {
    waiting: Vec<Waker>,
    /// The streams among them that have sent since something was last taken: they come after the others.
    served: Vec<Waker>,
    streams_wait: bool,
}

/// What a stream of the connection's own has had of its queue, so that several take turns.
///
/// Streams fill the queue to half of its limit only. They run in the task that empties the queue, and would
/// otherwise have filled it again before anybody else can get at it.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// Whether it has sent something since it last waited.
    served: bool,
    /// When it last began to wait, in the numbers of [`Outbound::taken`](super::Outbound::taken).
    waiting_since: Option<usize>,
}

impl Senders {
    /// Lets a sender wait.
    pub(super) fn wait(&mut self, cx: &Context<'_>) {
        enlist(&mut self.waiting, cx.waker());
    }

    /// Lets a stream wait. `taken` is how often something was taken from the queue.
    pub(super) fn wait_for_share(&mut self, share: &mut Share, taken: usize, cx: &Context<'_>) {
        if share.waiting_since.is_some_and(|since| since != taken) {
            // The others were faster: next time it comes before them.
            share.served = false;
        }
        share.waiting_since = Some(taken);
        self.streams_wait = true;
        enlist(if share.served { &mut self.served } else { &mut self.waiting }, cx.waker());
    }

    /// Whether streams were without room when one last asked.
    pub(super) fn streams_wait(&self) -> bool {
        self.streams_wait
    }

    /// There is room for a stream.
    pub(super) fn has_room_for(&mut self, share: &mut Share) {
        self.streams_wait = false;
        share.has_room();
    }

    /// Wakes everybody, in the order in which they may send.
    pub(super) fn wake(&mut self) {
        for sender in self.waiting.drain(..).chain(self.served.drain(..)) {
            sender.wake();
        }
    }
}

impl Share {
    /// It has queued something.
    pub(crate) fn used(&mut self) {
        self.served = true;
    }

    /// There is room for it.
    fn has_room(&mut self) {
        if self.waiting_since.take().is_some() {
            self.served = false;
        }
    }
}

fn enlist(line: &mut Vec<Waker>, waker: &Waker) {
    if !line.iter().any(|waiting| waiting.will_wake(waker)) {
        line.push(waker.clone());
    }
}
