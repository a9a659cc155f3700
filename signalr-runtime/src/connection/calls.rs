//! The calls that one connection has received: started in order, run side by side, answered, cancelled.
//!
//! A call that may start does so where it was read, and most have ended before the next one is. One that has to wait
//! stays what it was on the wire: its arguments are decoded when its turn comes. So do the items of the streams that feed
//! it. Nothing that came later starts, or is refused, before it.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::returned_permits::CallNumber;
use super::running_calls::RunningCalls;
use super::running_method::{Ended, Guarded, RunningMethod, Stage};
use super::slice;
use super::thread::ThreadEnd;
use super::waiting_streams::WaitingStreams;
use crate::contract::dispatch::{Refusal, Reply};
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::incoming::ItemSink;

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
    /// In order, however many run.
    Free,
    /// At once, whatever waits: what a client is asked.
    Now,
}

/// A call that waits for its turn.
pub(crate) struct WaitingCall {
    pub(crate) id: Option<Box<str>>,
    pub(crate) mode: Mode,
    pub(crate) turn: Turn,
    pub(crate) work: Work,
    /// The streams that feed it.
    pub(crate) streams: WaitingStreams,
}

/// What there is of a call before it starts.
pub(crate) enum Work {
    /// The message, as it came.
    Record(Box<[u8]>),
    /// The answer to a call that does not run, and keeps its place in the order.
    Refusal { target: Box<str>, refusal: Box<Refusal> },
    /// A call that this side makes to itself, with its name for logs.
    Own(&'static str, Guarded),
}

/// A call that has been bound.
pub(crate) struct NewCall<'a> {
    /// Where the answer goes; none for a call that wants no answer.
    pub(crate) id: Option<&'a str>,
    /// The method, as the caller spelled it.
    pub(crate) target: &'a str,
    pub(crate) mode: Mode,
    pub(crate) turn: Turn,
    pub(crate) uploads: Uploads,
}

/// A call that did not end at its first poll.
pub(crate) struct RunningCall {
    pub(crate) id: Option<Box<str>>,
    pub(crate) target: Box<str>,
    pub(crate) mode: Mode,
    pub(crate) uploads: Uploads,
    hold: Hold,
    canceled: bool,
    progress: Progress,
}

/// What a running call counts as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// It has one of the permits.
    Permit,
    /// It has given its permit back, because it waits for the peer.
    Asking,
    /// It needs none.
    Free,
}

impl Hold {
    /// The call waits for the peer: whether it held a permit until now.
    fn ask(&mut self) -> bool {
        let held = *self == Self::Permit;
        if held {
            *self = Self::Asking;
        }
        held
    }
}

/// A call that its caller has given up.
pub(crate) enum GivenUp {
    /// It ran, and has been dropped: that is how Rust code is told to stop.
    Running(RunningCall),
    /// It had not started.
    Waiting(WaitingCall),
}

/// How far a running call has come.
enum Progress {
    Method(RunningMethod),
    /// It has been answered, and its thread goes on.
    Thread(ThreadEnd),
}

/// The calls of one connection.
pub(crate) struct Calls {
    /// The number of the call that starts next.
    next_number: CallNumber,
    /// How many ordered calls may still start.
    permits: usize,
    /// How many of the running calls need no permit.
    free: usize,
    /// How many of them have given theirs back, because they wait for the peer.
    asking: usize,
    waiting: VecDeque<WaitingCall>,
    /// What the waiting calls hold.
    waiting_bytes: usize,
    /// How many of the waiting calls need no permit, and are no refusals.
    waiting_free: usize,
    /// None for a connection without such calls.
    running: Option<Box<Running>>,
}

/// The calls that did not end at their first poll.
struct Running {
    calls: RunningCalls<RunningCall>,
    /// The slots of those that have an id, to stop them.
    by_id: HashMap<Box<str>, usize>,
}

impl Default for Running {
    fn default() -> Self {
        Self { calls: RunningCalls::new(), by_id: HashMap::new() }
    }
}

impl Calls {
    /// At most `permits` ordered calls run at once.
    pub(crate) fn new(permits: usize) -> Self {
        Self {
            next_number: CallNumber::FIRST,
            permits,
            free: 0,
            asking: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            waiting_free: 0,
            running: None,
        }
    }

    /// Whether a call that comes now may start at once: none waits before it, and there is a permit, or it needs none.
    pub(crate) fn may_start(&self, turn: Turn) -> bool {
        turn == Turn::Now || (self.waiting.is_empty() && self.has_permit_for(turn))
    }

    fn has_permit_for(&self, turn: Turn) -> bool {
        turn != Turn::Ordered || self.permits > 0
    }

    /// Whether a call waits that could start: calls start in the order in which they came.
    pub(crate) fn has_startable(&self) -> bool {
        self.waiting.front().is_some_and(|call| self.has_permit_for(call.turn))
    }

    /// A number for a call that starts.
    pub(crate) fn next_number(&mut self) -> CallNumber {
        let number = self.next_number;
        self.next_number = number.next();
        number
    }

    /// Lets a call wait for its turn.
    pub(crate) fn wait(&mut self, call: WaitingCall) {
        self.waiting_free += usize::from(call.needs_no_permit());
        self.waiting_bytes += call.bytes();
        self.waiting.push_back(call);
    }

    /// The next call that may start, taken out of the line.
    pub(crate) fn next_to_start(&mut self) -> Option<WaitingCall> {
        if self.has_startable() { self.take_waiting(0) } else { None }
    }

    fn take_waiting(&mut self, at: usize) -> Option<WaitingCall> {
        let call = self.waiting.remove(at)?;
        self.waiting_free -= usize::from(call.needs_no_permit());
        self.waiting_bytes -= call.bytes();
        if self.waiting.is_empty() {
            // Most connections never have a call that waits.
            self.waiting = VecDeque::new();
        }
        Some(call)
    }

    /// Whether a call with this id is running or waits for its turn.
    pub(crate) fn is_active(&self, id: &str) -> bool {
        self.running.as_ref().is_some_and(|running| running.by_id.contains_key(id))
            || self.waiting.iter().any(|call| call.has_id(id))
    }

    /// How many calls wait for their turn.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many bytes the calls hold that wait for their turn.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Whether so many calls run, or are about to, without being held back by others, that no other one may come. One
    /// that is held back comes to be among them only by asking the peer, whatever streams.
    pub(crate) fn are_too_many(&self, turn: Turn, limit: usize) -> bool {
        let streaming = if turn == Turn::Ordered { 0 } else { self.free + self.waiting_free };
        self.asking + streaming >= limit
    }

    /// Whether no call is left at all.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.running.is_none()
    }

    /// Goes on with a call that did not end at its first poll. `asked` says whether it asked its client for a result.
    pub(crate) fn go_on(&mut self, call: NewCall<'_>, method: RunningMethod, asked: bool) {
        let NewCall { id, target, mode, turn, uploads } = call;
        let hold = self.hold(turn, asked);
        let id: Option<Box<str>> = id.map(Into::into);
        let key = id.clone();
        let progress = Progress::Method(method);
        let call = RunningCall { id, target: target.into(), mode, uploads, hold, canceled: false, progress };
        let running = self.running.get_or_insert_default();
        let slot = running.calls.push(call);
        if let Some(id) = key {
            running.by_id.insert(id, slot);
        }
    }

    /// Goes on with the thread of a call that did end at its first poll.
    pub(crate) fn go_on_with_thread(&mut self, turn: Turn, mut method: RunningMethod) {
        if let Some(thread) = method.thread() {
            let hold = self.hold(turn, false);
            self.push_thread(thread, hold);
        }
    }

    /// Counts a call that goes on.
    fn hold(&mut self, turn: Turn, asked: bool) -> Hold {
        match (turn, asked) {
            (Turn::Ordered, false) => {
                self.permits -= 1;
                Hold::Permit
            }
            (Turn::Ordered, true) => {
                self.asking += 1;
                Hold::Asking
            }
            (Turn::Free | Turn::Now, _) => {
                self.free += 1;
                Hold::Free
            }
        }
    }

    fn push_thread(&mut self, thread: ThreadEnd, hold: Hold) {
        self.running.get_or_insert_default().calls.push(RunningCall {
            id: None,
            target: Box::default(),
            mode: Mode::Plain,
            uploads: Vec::new(),
            hold,
            canceled: false,
            progress: Progress::Thread(thread),
        });
    }

    /// Polls the running call that was woken first, and tells `has_run` which it was. None when none was woken.
    pub(crate) fn poll_running(
        &mut self,
        has_run: impl FnOnce(&str),
    ) -> Option<Poll<Option<(RunningCall, Ended)>>> {
        let Self { running, permits, asking, .. } = self;
        let running = running.as_mut()?;
        let polled = running.calls.poll_one(|call, cx| {
            let method = match &mut call.progress {
                Progress::Method(method) => method,
                Progress::Thread(end) => return Pin::new(end).poll(cx).map(|()| None),
            };
            slice::start();
            if mem::take(&mut call.canceled) {
                method.drop_running();
                has_run(&call.target);
                return Poll::Ready(Some(canceled(call.mode)));
            }
            let (polled, asked) = method.poll(cx);
            has_run(&call.target);
            if asked && call.hold.ask() {
                *permits += 1;
                *asking += 1;
            }
            polled.map(Some)
        })?;
        let Poll::Ready((mut call, ended)) = polled else { return Some(Poll::Pending) };
        self.removed(&mut call);
        Some(Poll::Ready(ended.map(|ended| (call, ended))))
    }

    /// The call with this number waits for a client: the next one may start. One that has ended had its permit taken back.
    pub(crate) fn take_permit_back(&mut self, number: CallNumber) {
        let is_it = |call: &RunningCall| match &call.progress {
            Progress::Method(method) => method.number() == number,
            Progress::Thread(_) => false,
        };
        if let Some(running) = &mut self.running
            && let Some(call) = running.calls.find(is_it)
            && call.hold.ask()
        {
            self.permits += 1;
            self.asking += 1;
        }
    }

    /// A call runs no more; its thread may do so.
    fn removed(&mut self, call: &mut RunningCall) {
        if let Some(running) = &mut self.running
            && let Some(id) = &call.id
        {
            running.by_id.remove(id);
        }
        if let Progress::Method(method) = &mut call.progress
            && let Some(thread) = method.thread()
        {
            return self.push_thread(thread, call.hold);
        }
        match call.hold {
            Hold::Permit => self.permits += 1,
            Hold::Asking => self.asking -= 1,
            Hold::Free => self.free -= 1,
        }
        if self.running.as_ref().is_some_and(|running| running.calls.is_empty()) {
            self.running = None;
        }
    }

    /// The connection's task sleeps until a running call is woken: false if one has been already.
    #[inline]
    pub(crate) fn sleep(&self, cx: &Context<'_>) -> bool {
        self.running.as_ref().is_none_or(|running| running.calls.sleep(cx))
    }

    /// Stops the call with this id, if it is there. One that runs is dropped here: none is held for its turn, however many
    /// are given up. It keeps its place only for a thread that goes on.
    pub(crate) fn cancel(&mut self, id: &str) -> Option<GivenUp> {
        if let Some(running) = &mut self.running
            && let Some(slot) = running.by_id.get(id)
        {
            let mut call = running.calls.remove(*slot)?;
            if let Progress::Method(method) = &mut call.progress {
                method.drop_running();
            }
            self.removed(&mut call);
            return Some(GivenUp::Running(call));
        }
        let at = self.waiting.iter().position(|call| call.has_id(id))?;
        self.take_waiting(at).map(GivenUp::Waiting)
    }

    /// Stops the calls that stream their results; plain calls run on to their end.
    pub(crate) fn cancel_streams(&mut self) {
        let Some(running) = &mut self.running else { return };
        running.calls.wake_if(|call| {
            let streams = call.mode == Mode::Stream;
            call.canceled |= streams;
            streams
        });
    }

    /// Gives up the calls that have not started.
    pub(crate) fn abandon_waiting(&mut self, abandoned: &mut Abandoned) {
        abandoned.waiting.append(&mut self.waiting);
        self.waiting_bytes = 0;
        self.waiting_free = 0;
    }

    /// Gives up all calls.
    pub(crate) fn abandon(&mut self, abandoned: &mut Abandoned) {
        self.abandon_waiting(abandoned);
        abandoned.running = self.running.take();
    }
}

/// Calls that are given up, and have to be dropped: which runs the user's code.
#[derive(Default)]
pub(crate) struct Abandoned {
    waiting: VecDeque<WaitingCall>,
    running: Option<Box<Running>>,
}

impl Abandoned {
    /// Drops one call, and leaves its thread with the others of `calls`. False if there is none.
    pub(crate) fn drop_next(&mut self, calls: &mut Calls) -> bool {
        if self.waiting.pop_front().is_some() {
            return true;
        }
        let Some(mut call) = self.running.as_mut().and_then(|running| running.calls.pop()) else {
            return false;
        };
        calls.removed(&mut call);
        true
    }
}

impl WaitingCall {
    /// Whether it is the call with this id, and not the answer to another one that had the same.
    fn has_id(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id) && !matches!(self.work, Work::Refusal { .. })
    }

    fn needs_no_permit(&self) -> bool {
        self.turn != Turn::Ordered && !matches!(self.work, Work::Refusal { .. })
    }

    /// What it holds, beside the items of its streams.
    fn bytes(&self) -> usize {
        let work = match &self.work {
            Work::Record(record) => record.len(),
            Work::Refusal { target, refusal } => target.len() + refusal.text.len() + size_of::<Refusal>(),
            Work::Own(..) => 0,
        };
        work + self.id.as_ref().map_or(0, |id| id.len()) + size_of::<Self>()
    }
}

/// How a cancelled call ends: a stream without an error, a plain call as one that was cut short.
pub(crate) fn canceled(mode: Mode) -> Ended {
    match mode {
        Mode::Stream => (Stage::Streaming, Reply::nothing()),
        Mode::Plain => {
            let error = HubError::with_kind(HubErrorKind::Canceled, "The call was cancelled.");
            (Stage::Invoking, Reply::error(error))
        }
    }
}
