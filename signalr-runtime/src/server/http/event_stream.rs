//! The body of an event stream, and the hand that fills it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::connection::waker_slot::WakerSlot;

/// One event at a time: the next one is made when the server has taken the last, so that a slow reader is felt.
#[derive(Clone, Default)]
pub(super) struct Events(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    next: Option<Bytes>,
    ended: bool,
    /// The response was dropped: the client has gone.
    left: bool,
    body: WakerSlot,
    task: WakerSlot,
}

/// The client has gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left;

impl Events {
    /// A stream whose first bytes are `first`.
    pub(super) fn starting_with(first: Bytes) -> Self {
        let events = Self::default();
        events.lock().next = Some(first);
        events
    }

    /// The body of the response. There is to be one.
    pub(super) fn body(&self) -> EventStream {
        EventStream(self.clone())
    }

    /// Ready when the last event was taken.
    pub(super) fn poll_taken(&self, cx: &mut Context<'_>) -> Poll<Result<(), Left>> {
        let mut state = self.lock();
        if state.left {
            return Poll::Ready(Err(Left));
        }
        state.task.register(cx);
        if state.next.is_some() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    /// Whether the client has gone; if not, the task is woken when it does.
    pub(super) fn poll_left(&self, cx: &mut Context<'_>) -> Poll<Left> {
        let mut state = self.lock();
        if state.left {
            return Poll::Ready(Left);
        }
        state.task.register(cx);
        Poll::Pending
    }

    /// Hands out the next event. The last one must have been taken.
    pub(super) fn send(&self, event: Bytes) {
        let mut state = self.lock();
        state.next = Some(event);
        state.body.wake();
    }

    /// No event follows.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.body.wake();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The response's side.
pub(super) struct EventStream(Events);

impl EventStream {
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.0.lock();
        if let Some(event) = state.next.take() {
            state.task.wake();
            return Poll::Ready(Some(event));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        state.body.register(cx);
        Poll::Pending
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.left = true;
        state.next = None;
        state.task.wake();
    }
}
