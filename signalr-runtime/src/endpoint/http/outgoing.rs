//! The body of an answer on its way to the socket, and the hand that fills it.
//!
//! Bytes count as written when the HTTP server has dropped them: it does so when the socket has taken them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;

use super::response_aborted::ResponseAborted;
use crate::connection::budget::Charge;
use crate::connection::waker_slot::WakerSlot;
use crate::endpoint::admission::Permit;

/// The size of a part in bytes. Progress is seen from part to part.
const PART: usize = 64 * 1024;

/// The bytes, and the parts, of a stream that the HTTP server may hold. Hyper buffers 408 KiB and 16 parts; with less it
/// always asks for more, and so learns that a stream is given up.
const HANDED_OVER: (usize, usize) = (256 * 1024, 15);

/// One body. The connection's task has one end of it, the HTTP server the other.
#[derive(Clone)]
pub(crate) struct Outgoing(Arc<Mutex<State>>);

struct State {
    /// The bytes that the HTTP server has not taken yet.
    rest: Bytes,
    /// The bytes, and the parts, that it has taken and not written yet.
    handed_over: (usize, usize),
    /// A number that changes with each part that is taken or written.
    progress: usize,
    /// The task waits until everything was written.
    awaits_writing: bool,
    phase: Phase,
    /// The HTTP server has dropped the body.
    dropped: bool,
    body: WakerSlot,
    task: WakerSlot,
    charge: Charge,
    /// The place of a connection that is over before its last bytes were written. It goes with the state.
    permit: Option<Permit>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// More may follow.
    Open,
    /// Nothing follows the rest.
    Ended,
    /// The body breaks off: what was written of it must not look whole.
    Aborted,
}

/// The client has gone, or was given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left;

impl Outgoing {
    /// A body without an end, whose first bytes are `first`: one event at a time follows. `charge` counts that, and what
    /// the HTTP server has taken.
    pub(super) fn stream(first: Bytes, charge: Charge) -> Self {
        Self::new(first, Phase::Open, charge)
    }

    /// A body of these bytes, which are charged until they were written.
    pub(super) fn whole(bytes: Bytes, charge: Charge) -> Self {
        Self::new(bytes, Phase::Ended, charge)
    }

    fn new(rest: Bytes, phase: Phase, charge: Charge) -> Self {
        let mut state = State {
            rest,
            handed_over: (0, 0),
            progress: 0,
            awaits_writing: false,
            phase,
            dropped: false,
            body: WakerSlot::default(),
            task: WakerSlot::default(),
            charge,
            permit: None,
        };
        state.settle();
        Self(Arc::new(Mutex::new(state)))
    }

    /// The body itself. There is to be one.
    pub(super) fn body(&self) -> OutgoingBody {
        OutgoingBody(self.clone())
    }

    /// Ready when the HTTP server has taken everything, which it does as the socket takes it. The task is woken for
    /// each part.
    pub(super) fn poll_taken(&self, cx: &Context<'_>) -> Poll<Result<(), Left>> {
        self.lock().poll(State::is_taken, cx)
    }

    /// Ready when everything was written. The task is woken for each part.
    pub(super) fn poll_written(&self, cx: &Context<'_>) -> Poll<Result<(), Left>> {
        let mut state = self.lock();
        let written = state.poll(State::is_written, cx);
        state.awaits_writing = written.is_pending();
        written
    }

    /// Whether the client has gone, or was given up; if not, the task is woken when it does.
    pub(super) fn poll_left(&self, cx: &Context<'_>) -> Poll<Left> {
        let mut state = self.lock();
        if state.dropped || state.phase == Phase::Aborted {
            return Poll::Ready(Left);
        }
        state.task.register(cx);
        Poll::Pending
    }

    /// A number that changes with each part that is taken or written.
    pub(super) fn progress(&self) -> usize {
        self.lock().progress
    }

    /// Hands out the next event. The last one must have been taken.
    pub(super) fn send(&self, event: Bytes) {
        let mut state = self.lock();
        state.rest = event;
        state.settle();
        state.body.wake();
    }

    /// Nothing follows, and nothing is waited for: a body that was not written breaks off. What the HTTP server has not
    /// taken is dropped at once. The server learns of it, and ends the socket.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.phase = match state.phase {
            Phase::Open if state.is_written() => Phase::Ended,
            // The HTTP server writes what it has taken, and asks for no more.
            Phase::Ended if state.rest.is_empty() => Phase::Ended,
            Phase::Open | Phase::Ended | Phase::Aborted => Phase::Aborted,
        };
        let rest = std::mem::take(&mut state.rest);
        state.settle();
        state.body.wake();
        drop(state);
        // Not under the lock: it may be the last of what many have shared.
        drop(rest);
    }

    /// Keeps the place of a connection that is over for as long as the HTTP server holds its body, or a part of it: the
    /// client cannot leave sockets behind and come for more.
    pub(super) fn keep(&self, permit: Permit) {
        self.lock().permit = Some(permit);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_taken(&self) -> bool {
        self.rest.is_empty()
    }

    fn is_written(&self) -> bool {
        self.rest.is_empty() && self.handed_over == (0, 0)
    }

    fn poll(&mut self, is_done: fn(&Self) -> bool, cx: &Context<'_>) -> Poll<Result<(), Left>> {
        if self.phase == Phase::Aborted || (self.dropped && self.phase == Phase::Open) {
            return Poll::Ready(Err(Left));
        }
        // Also when it is done: a connection that does not read learns in no other way that its client has gone.
        self.task.register(cx);
        if is_done(self) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Charges what is held now, and counted nowhere else.
    fn settle(&mut self) {
        self.charge.set(self.rest.len().saturating_add(self.handed_over.0));
    }
}

/// The HTTP server's end of a body.
pub(super) struct OutgoingBody(Outgoing);

impl OutgoingBody {
    pub(super) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Bytes, ResponseAborted>>> {
        let mut state = self.0.lock();
        match state.phase {
            Phase::Aborted => return Poll::Ready(Some(Err(ResponseAborted))),
            Phase::Ended if state.rest.is_empty() => return Poll::Ready(None),
            // A server that gathers a whole body before it writes gets all of it.
            Phase::Open if state.handed_over.0 >= HANDED_OVER.0 || state.handed_over.1 >= HANDED_OVER.1 => {}
            Phase::Open | Phase::Ended if state.rest.is_empty() => {}
            Phase::Open | Phase::Ended => {
                let length = state.rest.len().min(PART);
                let bytes = state.rest.split_to(length);
                let (bytes_before, parts_before) = state.handed_over;
                state.handed_over = (bytes_before.saturating_add(length), parts_before.saturating_add(1));
                state.progress = state.progress.wrapping_add(1);
                state.settle();
                state.task.wake();
                let part = Part { bytes, outgoing: self.0.clone() };
                return Poll::Ready(Some(Ok(Bytes::from_owner(part))));
            }
        }
        state.body.register(cx);
        Poll::Pending
    }

    /// Whether the HTTP server has taken everything.
    pub(super) fn is_taken(&self) -> bool {
        let state = self.0.lock();
        state.phase == Phase::Ended && state.is_taken()
    }

    /// The length of what it has not taken, where that is known.
    pub(super) fn length(&self) -> Option<u64> {
        let state = self.0.lock();
        (state.phase == Phase::Ended).then(|| state.rest.len().try_into().unwrap_or(u64::MAX))
    }
}

impl Drop for OutgoingBody {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.dropped = true;
        let rest = std::mem::take(&mut state.rest);
        if !rest.is_empty() {
            state.phase = Phase::Aborted;
        }
        state.settle();
        state.task.wake();
        drop(state);
        drop(rest);
    }
}

/// A part of a body, as long as the HTTP server has not written it.
struct Part {
    bytes: Bytes,
    outgoing: Outgoing,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut state = self.outgoing.lock();
        let (bytes, parts) = state.handed_over;
        state.handed_over = (bytes.saturating_sub(self.bytes.len()), parts.saturating_sub(1));
        state.progress = state.progress.wrapping_add(1);
        state.settle();
        if state.awaits_writing {
            state.task.wake();
        }
        if !state.rest.is_empty() {
            state.body.wake();
        }
    }
}
