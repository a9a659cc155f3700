//! The calls that one connection has received: started in order, run side by side, answered, cancelled.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::StreamExt;
use futures_util::stream::futures_unordered::{FuturesUnordered, IntoIter};

use super::panics::Panicked;
use super::scope::{self, Scope};
use crate::contract::dispatch::{Answer, Reply, Running};
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::incoming::ItemSink;

/// A received call that has been bound and may start.
pub(crate) struct Call {
    /// Where the answer goes; none for a call that wants no answer.
    pub(crate) id: Option<Box<str>>,
    /// The method, as the caller spelled it.
    pub(crate) target: Box<str>,
    pub(crate) mode: Mode,
    pub(crate) turn: Turn,
    pub(crate) uploads: Uploads,
    /// The user's method.
    pub(crate) running: Guarded,
}

/// The streams that feed a call, by id.
pub(crate) type Uploads = Vec<(Box<str>, Arc<dyn ItemSink>)>;

/// How a call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// For one answer, or none.
    Plain,
    /// For a stream of results.
    Stream,
}

/// When a call may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// In order, and only while fewer than the allowed number run.
    Ordered,
    /// At once.
    Free,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The method has not returned.
    Invoking,
    /// It has returned a stream, whose items are being sent.
    Streaming,
}

/// A call that has ended.
pub(crate) struct Finished {
    pub(crate) id: Option<Box<str>>,
    pub(crate) target: Box<str>,
    pub(crate) uploads: Uploads,
    pub(crate) stage: Stage,
    pub(crate) reply: Reply,
}

/// The calls of one connection.
pub(crate) struct Calls {
    /// How many ordered calls may still start.
    permits: usize,
    /// How many of the running calls hold no permit.
    unordered: usize,
    queued: VecDeque<Call>,
    /// How many of the queued calls need no permit.
    queued_free: usize,
    /// The calls that did not end at their first poll; none is kept for a connection without such calls.
    running: Option<FuturesUnordered<Task>>,
    /// How to stop a running call.
    cancels: HashMap<Box<str>, (Mode, AbortHandle)>,
    /// Permits that running calls have given back before their end.
    released: Arc<AtomicUsize>,
}

impl Calls {
    /// At most `permits` ordered calls run at once.
    pub(crate) fn new(permits: usize) -> Self {
        Self {
            permits,
            unordered: 0,
            queued: VecDeque::new(),
            queued_free: 0,
            running: None,
            cancels: HashMap::new(),
            released: Arc::default(),
        }
    }

    /// Accepts a call. It starts in [`poll`](Self::poll).
    pub(crate) fn push(&mut self, call: Call) {
        self.queued_free += usize::from(call.turn == Turn::Free);
        self.queued.push_back(call);
    }

    /// Whether a call with this id is running or waits for its turn.
    pub(crate) fn is_active(&self, id: &str) -> bool {
        self.cancels.contains_key(id) || self.queued.iter().any(|call| call.id.as_deref() == Some(id))
    }

    /// Whether as many ordered calls run as may: the next one waits.
    pub(crate) fn is_full(&self) -> bool {
        self.permits == 0
    }

    /// How many calls wait for their turn.
    pub(crate) fn queued(&self) -> usize {
        self.queued.len()
    }

    /// How many calls run, or are about to, without being held back by others.
    pub(crate) fn unordered(&self) -> usize {
        self.unordered + self.queued_free
    }

    /// Whether no call is left at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.queued.is_empty() && self.running.is_none()
    }

    /// Starts what may start and runs what was woken. Ready with the next call that has ended.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Finished> {
        loop {
            while let Some(call) = self.next_to_start() {
                if let Some(finished) = self.start(call, cx) {
                    return Poll::Ready(finished);
                }
            }
            let Some(running) = &mut self.running else {
                return Poll::Pending;
            };
            let polled = running.poll_next_unpin(cx);
            let released = self.released.swap(0, Ordering::Relaxed);
            self.permits += released;
            self.unordered += released;
            match polled {
                Poll::Ready(Some((finished, permit))) => {
                    if permit {
                        self.permits += 1;
                    } else {
                        self.unordered -= 1;
                    }
                    if let Some(id) = &finished.id {
                        self.cancels.remove(id);
                    }
                    return Poll::Ready(finished);
                }
                Poll::Ready(None) => self.running = None,
                // A permit that was given back lets another call start.
                Poll::Pending if released > 0 => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Stops the call with this id, if it is there; it then ends as cancelled. Dropping a future that waits is
    /// how Rust code is told to stop.
    pub(crate) fn cancel(&mut self, id: &str) -> Option<Finished> {
        if let Some((_, handle)) = self.cancels.get(id) {
            handle.abort();
            return None;
        }
        let at = self.queued.iter().position(|call| call.id.as_deref() == Some(id))?;
        let call = self.queued.remove(at)?;
        self.queued_free -= usize::from(call.turn == Turn::Free);
        let Call { id, target, mode, uploads, .. } = call;
        let (stage, reply) = canceled(mode);
        Some(Finished { id, target, uploads, stage, reply })
    }

    /// Stops the calls that stream their results; plain calls run on to their end.
    pub(crate) fn cancel_streams(&mut self) {
        for (mode, handle) in self.cancels.values() {
            if *mode == Mode::Stream {
                handle.abort();
            }
        }
    }

    /// Gives up the calls that have not started.
    pub(crate) fn abandon_queued(&mut self, abandoned: &mut Abandoned) {
        abandoned.queued.append(&mut self.queued);
        self.queued_free = 0;
    }

    /// Gives up all calls.
    pub(crate) fn abandon(&mut self, abandoned: &mut Abandoned) {
        self.abandon_queued(abandoned);
        abandoned.running = self.running.take().map(IntoIterator::into_iter);
    }

    fn next_to_start(&mut self) -> Option<Call> {
        if self.permits > 0 {
            let call = self.queued.pop_front()?;
            self.queued_free -= usize::from(call.turn == Turn::Free);
            return Some(call);
        }
        if self.queued_free == 0 {
            return None;
        }
        let at = self.queued.iter().position(|call| call.turn == Turn::Free)?;
        self.queued_free -= 1;
        self.queued.remove(at)
    }

    /// Polls a call for the first time, in the poll that accepted it: a call that ends at once is answered
    /// without a task of its own.
    fn start(&mut self, call: Call, cx: &mut Context<'_>) -> Option<Finished> {
        let Call { id, target, mode, turn, uploads, running } = call;
        let mut stages = Stages { stage: Stage::Invoking, running };
        let (polled, asked) = scope::enter(Scope::Invocation, || Pin::new(&mut stages).poll(cx));
        if let Poll::Ready((stage, reply)) = polled {
            return Some(Finished { id, target, uploads, stage, reply });
        }
        let permit = turn == Turn::Ordered && !asked;
        if permit {
            self.permits -= 1;
        } else {
            self.unordered += 1;
        }
        let (handle, registration) = AbortHandle::new_pair();
        if let Some(id) = &id {
            self.cancels.insert(id.clone(), (mode, handle));
        }
        let future = Abortable::new(stages, registration);
        let released = Arc::clone(&self.released);
        self.running.get_or_insert_default().push(Task {
            id,
            target,
            mode,
            uploads,
            permit,
            released,
            future,
        });
        None
    }
}

/// Calls that are given up, and have to be dropped: which runs the user's code.
#[derive(Default)]
pub(crate) struct Abandoned {
    queued: VecDeque<Call>,
    running: Option<IntoIter<Task>>,
}

impl Abandoned {
    /// Drops one call. False if there is none.
    pub(crate) fn drop_next(&mut self) -> bool {
        if let Some(call) = self.queued.pop_front() {
            drop(call);
            return true;
        }
        self.running.as_mut().and_then(Iterator::next).is_some()
    }
}

/// A call that did not end at its first poll.
struct Task {
    id: Option<Box<str>>,
    target: Box<str>,
    mode: Mode,
    uploads: Uploads,
    /// Whether it holds a permit.
    permit: bool,
    released: Arc<AtomicUsize>,
    future: Abortable<Stages>,
}

impl Future for Task {
    /// The end, and whether a permit comes back with it.
    type Output = (Finished, bool);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.get_mut();
        let (polled, asked) = scope::enter(Scope::Invocation, || Pin::new(&mut task.future).poll(cx));
        if asked && mem::take(&mut task.permit) {
            task.released.fetch_add(1, Ordering::Relaxed);
        }
        let (stage, reply) = match ready!(polled) {
            Ok(ended) => ended,
            Err(Aborted) => canceled(task.mode),
        };
        let finished = Finished {
            id: task.id.take(),
            target: mem::take(&mut task.target),
            uploads: mem::take(&mut task.uploads),
            stage,
            reply,
        };
        Poll::Ready((finished, task.permit))
    }
}

/// Runs a method, and then the stream it may have returned.
struct Stages {
    stage: Stage,
    running: Guarded,
}

impl Future for Stages {
    type Output = (Stage, Reply);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match ready!(self.running.poll(cx)).0 {
                Ok(Answer::Items(items)) => {
                    self.stage = Stage::Streaming;
                    self.running = Guarded::new(items);
                }
                ended => return Poll::Ready((self.stage, Reply(ended))),
            }
        }
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

/// How a cancelled call ends: a stream without an error, a plain call as one that was cut short.
fn canceled(mode: Mode) -> (Stage, Reply) {
    match mode {
        Mode::Stream => (Stage::Streaming, Reply::nothing()),
        Mode::Plain => {
            let error = HubError::with_kind(HubErrorKind::Canceled, "The call was cancelled.");
            (Stage::Invoking, Reply::error(error))
        }
    }
}
