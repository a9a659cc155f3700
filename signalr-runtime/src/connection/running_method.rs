//! The user's code of one call, while it runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, ready};

use super::panics::Panicked;
use super::returned_permits::CallNumber;
use super::scope::{self, Scope};
use super::thread::ThreadEnd;
use crate::contract::dispatch::{Answer, Reply, Running};
use crate::contract::error::{HubError, HubErrorKind};

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The method has not returned.
    Invoking,
    /// It has returned a stream, whose items are being sent.
    Streaming,
}

/// How a call ended.
pub(crate) type Ended = (Stage, Reply);

/// A method, and then the stream that it may have returned.
pub(crate) struct RunningMethod {
    number: CallNumber,
    stage: Stage,
    running: Guarded,
    /// The thread to which it has moved.
    thread: Option<ThreadEnd>,
}

impl RunningMethod {
    pub(crate) fn new(number: CallNumber, running: Guarded) -> Self {
        Self { number, stage: Stage::Invoking, running, thread: None }
    }

    /// Runs it; the second value says whether it asked its client for a result.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> (Poll<Ended>, bool) {
        let (polled, effects) = scope::enter(Scope::Invocation(self.number), || {
            loop {
                match ready!(self.running.poll(cx)).0 {
                    Ok(Answer::Items(items)) => {
                        self.stage = Stage::Streaming;
                        self.running = Guarded::new(items);
                    }
                    ended => return Poll::Ready((self.stage, Reply(ended))),
                }
            }
        });
        if effects.thread.is_some() {
            self.thread = effects.thread;
        }
        (polled, effects.asked)
    }

    /// The number of its call.
    pub(super) fn number(&self) -> CallNumber {
        self.number
    }

    /// Its thread, if it has one that has not ended.
    pub(super) fn thread(&mut self) -> Option<ThreadEnd> {
        self.thread.take().and_then(|mut thread| (!thread.has_come()).then_some(thread))
    }

    pub(super) fn drop_running(&mut self) {
        self.running.drop_running();
    }
}

/// The user's code of one call. A panic in it ends this call and nothing else, even while it is dropped.
pub(crate) struct Guarded(Option<Running>);

impl Guarded {
    pub(crate) fn new(running: Running) -> Self {
        Self(Some(running))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        let panicked = || Reply::error(HubError::with_kind(HubErrorKind::Internal, "the method panicked"));
        let Some(running) = &mut self.0 else {
            return Poll::Ready(panicked());
        };
        let polled = catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx)));
        let reply = ready!(polled.unwrap_or_else(|_| {
            Panicked::Method.count();
            Poll::Ready(panicked())
        }));
        self.drop_running();
        Poll::Ready(reply)
    }

    fn drop_running(&mut self) {
        if let Some(running) = self.0.take()
            && catch_unwind(AssertUnwindSafe(|| drop(running))).is_err()
        {
            Panicked::Method.count();
            tracing::error!("a call panicked while it was dropped");
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.drop_running();
    }
}
