//! What passes between the polls of a client and its connection.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::outgoing::Outgoing;
use crate::connection::waker_slot::WakerSlot;
use crate::endpoint::admission::Permit;

/// The one poll that may be open, and what waits for it. A newer poll takes the place of an older one.
#[derive(Default)]
pub(crate) struct Polls(Mutex<State>);

#[derive(Default)]
struct State {
    /// How many polls there were: the newest has this number.
    newest: u64,
    /// Whether the newest one waits.
    open: bool,
    /// For the open poll, or for the next one.
    ready: Option<Outgoing>,
    /// The last answer that a poll has taken, until it was written.
    answer: Option<Outgoing>,
    phase: Phase,
    /// The client has said that it polls no more.
    left: bool,
    poll: WakerSlot,
    /// The connection's task.
    task: WakerSlot,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Running,
    /// The connection sends nothing more than what is ready.
    Closing,
    /// A poll was told so, or the connection is gone.
    Over,
}

/// Who is there for what is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attendance {
    /// A poll is open.
    pub(super) open: bool,
    /// It, or else the next one, can be sent something: what was sent last was fetched and written.
    pub(super) takes: bool,
    /// How far an answer is, a number that changes, while it is being written.
    pub(super) writing: Option<usize>,
    /// None is open, and none will come.
    pub(super) left: bool,
}

/// What a poll brings.
pub(super) enum Brought {
    /// Everything that had gathered.
    Bytes(Outgoing),
    /// Nothing, in all the time that a poll may take.
    Nothing,
    /// The connection is over, or a newer poll has come.
    Over,
}

impl Polls {
    /// Opens a poll, in place of the one before.
    pub(super) fn open(self: &Arc<Self>, longest: Duration) -> OpenPoll {
        let mut state = self.lock();
        state.newest = state.newest.wrapping_add(1);
        state.open = true;
        // Whoever waited learns that he was replaced; the connection, that somebody is there.
        state.poll.wake();
        state.task.wake();
        OpenPoll { polls: Arc::clone(self), number: state.newest, timeout: Box::pin(sleep(longest)) }
    }

    /// Who is there; the task is woken when that changes.
    pub(super) fn attendance(&self, cx: &Context<'_>) -> Attendance {
        let mut state = self.lock();
        state.task.register(cx);
        let writing = match &state.answer {
            Some(answer) if answer.poll_written(cx).is_pending() => Some(answer.progress()),
            // Also if its client has gone in the middle: it may not have noticed that yet, and polls again.
            _ => None,
        };
        if writing.is_none() {
            state.answer = None;
        }
        Attendance {
            open: state.open,
            takes: state.ready.is_none() && writing.is_none(),
            writing,
            left: state.left && !state.open,
        }
    }

    /// Sends to the poll that is open.
    pub(super) fn send(&self, answer: Outgoing) {
        let mut state = self.lock();
        state.ready = Some(answer);
        state.poll.wake();
    }

    /// Nothing more is sent. Ready when a poll was told so.
    pub(super) fn poll_close(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.phase == Phase::Over || (state.left && !state.open) {
            return Poll::Ready(());
        }
        state.phase = Phase::Closing;
        state.poll.wake();
        state.task.register(cx);
        Poll::Pending
    }

    /// The client polls no more. A poll that is open brings what is ready, if anything is.
    pub(super) fn leave(&self) {
        let mut state = self.lock();
        state.left = true;
        state.poll.wake();
        state.task.wake();
    }

    /// The connection is gone. An answer of which the HTTP server has not taken everything breaks off.
    pub(super) fn over(&self) {
        let mut state = self.lock();
        state.phase = Phase::Over;
        state.poll.wake();
        if let Some(answer) = &state.answer {
            answer.finish();
        }
    }

    /// Keeps the place of a connection that is over for as long as the HTTP server holds an answer of it.
    pub(super) fn keep(&self, permit: Permit) {
        let answer = self.lock().answer.take();
        if let Some(answer) = answer {
            answer.keep(permit);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A poll that waits. Dropped, it leaves its place empty.
pub(super) struct OpenPoll {
    polls: Arc<Polls>,
    number: u64,
    timeout: Pin<Box<Sleep>>,
}

impl Future for OpenPoll {
    type Output = Brought;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Brought> {
        let polls = Arc::clone(&self.polls);
        let mut state = polls.lock();
        if state.newest != self.number {
            return Poll::Ready(Brought::Over);
        }
        let brought = if let Some(answer) = state.ready.take() {
            state.answer = Some(answer.clone());
            Brought::Bytes(answer)
        } else if state.left || state.phase != Phase::Running {
            state.phase = Phase::Over;
            Brought::Over
        } else if self.timeout.as_mut().poll(cx).is_ready() {
            Brought::Nothing
        } else {
            state.poll.register(cx);
            return Poll::Pending;
        };
        state.open = false;
        state.task.wake();
        Poll::Ready(brought)
    }
}

impl Drop for OpenPoll {
    fn drop(&mut self) {
        let mut state = self.polls.lock();
        if state.newest == self.number && state.open {
            state.open = false;
            state.task.wake();
        }
    }
}
