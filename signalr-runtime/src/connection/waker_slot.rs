//! Who waits for something to change.

use std::task::{Context, Waker};

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

    /// Wakes the task that waits, if there is one.
    pub(crate) fn wake(&mut self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }
}
