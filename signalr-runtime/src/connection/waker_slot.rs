//! Who waits for something to change.

use std::task::{Context, Waker};

use super::slice;

/// The place of one task that waits.
#[derive(Default)]
pub(crate) struct WakerSlot(Option<Waker>);

impl WakerSlot {
    /// The task of `cx` waits from now on, in place of the one before.
    pub(crate) fn register(&mut self, cx: &Context<'_>) {
        if !self.0.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.0 = Some(cx.waker().clone());
        }
    }

    /// Wakes the task when the runtime has looked at its sockets. Two tasks that wake each other in turn keep it from that
    /// otherwise, for up to 60 polls.
    pub(crate) fn wake_later(&mut self) {
        if let Some(waker) = self.0.take() {
            slice::defer(&mut Context::from_waker(&waker));
        }
    }

    /// Wakes the task that waits, if there is one.
    pub(crate) fn wake(&mut self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}
