//! Calls to a peer that may read too slowly: whether they wait, and what becomes of them then.

use std::sync::atomic::Ordering;

use tokio::time::{Instant, timeout_at};

use super::queue::Droppable;
use super::{Locked, Outbound, Refused};
use crate::connection::frame::Frame;
use crate::connection::limit::Limit;
use crate::connection::slow_consumer::{Sender, SlowConsumer, UsedUp};

impl Outbound {
    /// Queues a call that nobody waits for an answer to. Where there is no room, `sender` is to wait
    /// ([`Full`](Refused::Full)), or the policy for slow peers decides.
    pub(crate) fn offer(&self, frame: &Frame, sender: Sender) -> Result<(), Refused> {
        let mut state = self.lock();
        match state.has_room() {
            Ok(()) => {
                state.queue.push_frame(frame, Droppable::from(sender));
                state.wake_writer();
            }
            Err(Refused::Full) if sender == Sender::Outside => return self.overflow(state, frame),
            Err(Refused::Full) if sender == Sender::Alone && state.patience.is_used_up() => {
                return self.overflow(state, frame);
            }
            refused => return refused,
        }
        Ok(())
    }

    /// Somebody from outside has no room.
    #[cold]
    fn overflow(&self, mut state: Locked<'_>, frame: &Frame) -> Result<(), Refused> {
        let last = state.queue.last_number();
        if state.patience.wait(last) != Err(UsedUp) {
            self.waited_for.store(true, Ordering::Relaxed);
            return Err(Refused::Full);
        }
        let offered = match state.queue.slow_consumer {
            SlowConsumer::DropNewest | SlowConsumer::DropOldest if state.queue.replay.is_none() => Ok(()),
            _ => Err(Refused::TooSlow),
        };
        if offered.is_err() {
            state.give_up();
        } else if state.queue.slow_consumer == SlowConsumer::DropOldest && state.queue.drop_oldest() {
            state.queue.push_frame(frame, Droppable::Yes);
            state.wake_writer();
        }
        drop(state);
        // Not under the lock: whoever counts is not ours.
        Limit::SlowConsumer.hit();
        offered
    }

    /// Waits until it is worth to try again: for room, as long as `sender` is to wait.
    pub(crate) async fn room_for(&self, sender: Sender) {
        let room = self.room.notified();
        let until = {
            let mut state = self.look();
            if state.has_room() != Err(Refused::Full) {
                return;
            }
            let last = state.queue.last_number();
            match sender {
                Sender::Own | Sender::Alone => None,
                Sender::Outside => match state.patience.wait(last) {
                    Ok(until) => until,
                    Err(UsedUp) => return,
                },
            }
        };
        match until {
            // Either way it is worth another look.
            Some(until) => drop(timeout_at(until, room).await),
            None => room.await,
        }
    }

    /// Until when somebody waits for room who sends to this peer only, and begins to wait now. `None` is for ever.
    pub(crate) fn patience_from_now(&self) -> Option<Instant> {
        self.look().patience.until_from_now()
    }

    /// [`room_for`](Self::room_for) somebody who sends to this peer only.
    pub(crate) async fn room_until(&self, until: Option<Instant>) {
        let room = self.room.notified();
        if self.has_room() != Err(Refused::Full) {
            return;
        }
        let Some(until) = until else { return room.await };
        if timeout_at(until, room).await.is_err() {
            let mut state = self.look();
            let last = state.queue.last_number();
            state.patience.use_up(last);
            self.waited_for.store(true, Ordering::Relaxed);
        }
    }

    /// Everything that was queued when something was last taken has been written.
    #[inline]
    pub(crate) fn written(&self) {
        if self.waited_for.load(Ordering::Relaxed) {
            let mut state = self.lock();
            let acknowledged = state.queue.replay.as_ref().map(|replay| replay.acknowledged());
            if state.patience.written(acknowledged) {
                self.waited_for.store(false, Ordering::Relaxed);
            }
        }
    }
}
