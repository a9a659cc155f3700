//! The connection's own task: reads, dispatches, runs calls, writes.
//!
//! It never waits for user code. Calls run inside this task, each with a waker of its own, so that a call
//! which ends at once is answered in the poll that read it, and everything a connection has started ends
//! with it. The reader pauses in one case only, [`Core::is_paused`]; pings, cancellations, completions and
//! closes are handled while calls run or wait for their turn.

use std::future::{Future, poll_fn};
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::calls::{Call, Calls, Finished, Mode, Stage};
use super::clock::{Clock, Due, Timing};
use super::duplex::{Duplex, End, Received};
use super::outbound::{QueueLimit, Stop};
use super::pending::Awaited;
use super::role::{Bound, Role};
use super::shared::{Shared, StreamResults};
use crate::contract::dispatch::{self, Answer, ResultSink};
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::upload::Backlog;
use crate::contract::value::{Encoded, Payload};
use crate::protocol;
use crate::protocol::ProtocolError;
use crate::protocol::framing::RecordReader;
use crate::protocol::message::{Invocation, Message, Outcome};

/// What one connection may hold on behalf of its peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineLimits {
    /// Ordered calls that run at once.
    pub(crate) parallel_calls: usize,
    /// Calls that wait for their turn before the connection stops reading.
    pub(crate) queued_calls: usize,
    /// Items that an upload stream holds before they count as backlog.
    pub(crate) stream_capacity: usize,
    /// Bytes of backlog before the connection stops reading.
    pub(crate) backlog: usize,
    pub(crate) pause: Pause,
}

/// When a connection that holds as much as it should stops reading.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pause {
    /// Always: what a server does. A peer that sends without end, or takes no answers, waits for itself.
    WhenFull,
    /// Only while nobody here waits for something of the peer's, which would stand behind what is not read:
    /// what a client does, whose user may well make a call between two items of a stream. A full outbound queue
    /// is no reason either, or two sides that stream to each other would wait for each other; but no more than
    /// `answers` is answered to a peer that takes no answers.
    WhenNobodyWaits { answers: QueueLimit },
}

/// Reads one task may make before it lets others run.
const READS_PER_POLL: usize = 32;

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The peer sent a Close message.
    PeerClosed { error: Option<String>, allow_reconnect: bool },
    /// The transport was closed in good order, without a Close message.
    Left,
    /// The transport broke.
    Lost(io::Error),
    /// This side was asked to end it.
    Stopped(Stop),
    /// The peer broke the protocol, was silent for too long, or our own code failed.
    Failed(HubError),
}

/// One connection after its handshake.
pub(crate) struct Engine<R> {
    transport: Box<dyn Duplex>,
    reader: RecordReader,
    /// Whether the reader holds records that a pause has left.
    left_over: bool,
    core: Core<R>,
}

/// Everything but the transport, which is lent the rest while it reads.
struct Core<R> {
    role: R,
    shared: Arc<Shared>,
    calls: Calls,
    clock: Clock,
    limits: EngineLimits,
    backlog: Arc<Backlog>,
    ended: Option<Ended>,
}

impl<R: Role> Engine<R> {
    /// `reader` may hold bytes that came with the handshake.
    pub(crate) fn new(
        transport: Box<dyn Duplex>,
        reader: RecordReader,
        shared: Arc<Shared>,
        role: R,
        limits: EngineLimits,
        timing: Timing,
    ) -> Self {
        let core = Core {
            role,
            shared,
            calls: Calls::new(limits.parallel_calls),
            clock: Clock::new(timing),
            limits,
            backlog: Arc::default(),
            ended: None,
        };
        // Bytes that came with the handshake are handled first.
        Self { transport, reader, left_over: true, core }
    }

    /// Runs the connection until it ends.
    pub(crate) async fn run(&mut self) -> Ended {
        poll_fn(|cx| {
            // What the peer or the user's code can make panic ends this connection only.
            catch_unwind(AssertUnwindSafe(|| self.poll(cx, Reading::Yes))).unwrap_or_else(|_| {
                Poll::Ready(Ended::Failed(HubError::with_kind(
                    HubErrorKind::Internal,
                    "the connection panicked",
                )))
            })
        })
        .await
    }

    /// Runs the connection without reading until `future` is done, or until the connection ends.
    pub(crate) async fn run_while<F: Future>(&mut self, future: F) -> Result<F::Output, Ended> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            self.poll(cx, Reading::No).map(Err)
        })
        .await
    }

    /// Queues the last message, if there is one; from now on nothing is sent. Streams of results end; calls go
    /// on.
    pub(crate) fn say_last(&mut self, message: Option<Message<'_>>) {
        self.core.shared.send_last(message);
        self.core.calls.cancel_streams();
    }

    /// Lets the calls that were accepted start, and then runs `disconnected` beside what is still running.
    pub(crate) async fn finish<F: Future>(&mut self, disconnected: F) -> F::Output {
        let mut disconnected = pin!(disconnected);
        poll_fn(|cx| {
            self.core.poll_calls(cx);
            // Whether this can still be written makes no difference any more.
            let _ = self.transport.poll_send(cx, &self.core.shared.outbound);
            if self.core.calls.queued() > 0 { Poll::Pending } else { disconnected.as_mut().poll(cx) }
        })
        .await
    }

    /// Closes the transport, after what is queued has been written. The caller bounds the wait.
    pub(crate) async fn close(&mut self, end: End) {
        poll_fn(|cx| {
            self.core.poll_calls(cx);
            match self.transport.poll_send(cx, &self.core.shared.outbound) {
                Poll::Ready(Ok(())) => self.transport.poll_close(cx, end).map(drop),
                Poll::Ready(Err(_)) => Poll::Ready(()),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
    }

    /// Lets the calls that are still running come to their end, without a transport.
    pub(crate) async fn run_out(self) {
        let Self { transport, mut core, .. } = self;
        drop(transport);
        poll_fn(|cx| {
            core.poll_calls(cx);
            if core.calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Forgets the calls that were accepted and have not started.
    pub(crate) fn drop_queued_calls(&mut self) {
        self.core.calls.clear_queue();
    }

    /// Where the streams that arrive here count what nobody has read.
    pub(crate) fn backlog(&self) -> &Arc<Backlog> {
        &self.core.backlog
    }

    /// What the engine was made for.
    pub(crate) fn role(&mut self) -> &mut R {
        &mut self.core.role
    }

    fn poll(&mut self, cx: &mut Context<'_>, reading: Reading) -> Poll<Ended> {
        for _ in 0..READS_PER_POLL {
            if let Some(stop) = self.core.shared.outbound.awake() {
                return Poll::Ready(Ended::Stopped(stop));
            }
            let reads = reading == Reading::Yes && !self.core.is_paused();
            if reading == Reading::Yes {
                self.core.clock.reading(reads);
            }
            let received = reads && self.poll_receive(cx).is_ready();
            self.core.poll_calls(cx);
            self.poll_send(cx);
            if let Poll::Ready(due) = self.core.clock.poll(cx) {
                self.core.due(due);
            }
            if let Some(ended) = self.core.ended.take() {
                return Poll::Ready(ended);
            }
            if reading == Reading::Yes && !reads {
                self.core.backlog.wake_on_change(cx.waker());
                if !self.core.is_paused() {
                    continue;
                }
            }
            if !received && self.core.shared.outbound.sleep(cx) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once, unless a pause has left something that was read before.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { transport, reader, left_over, core } = self;
        if *left_over {
            let result = reader.resume(|record| core.record(record));
            *left_over = core.go_on(result);
            return Poll::Ready(());
        }
        let mut result = Ok(ControlFlow::Continue(()));
        let received = transport.poll_receive(cx, &mut |bytes| match result {
            Ok(ControlFlow::Continue(())) => result = reader.push(bytes, |record| core.record(record)),
            // Kept behind what was left.
            Ok(ControlFlow::Break(())) => reader.keep(bytes),
            Err(_) => {}
        });
        *left_over = core.go_on(result);
        match received {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Received::Some)) => core.clock.received(),
            Poll::Ready(Ok(Received::End)) => match reader.end() {
                Ok(()) => core.end(Ended::Left),
                Err(error) => core.broken(&error),
            },
            Poll::Ready(Err(error)) => core.end(Ended::Lost(error)),
        }
        Poll::Ready(())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) {
        let Self { transport, core, .. } = self;
        let before = core.shared.outbound.taken();
        match transport.poll_send(cx, &core.shared.outbound) {
            Poll::Ready(Ok(())) => {
                core.clock.idle();
                if core.shared.outbound.taken() != before {
                    core.clock.sent();
                }
            }
            Poll::Ready(Err(error)) => core.end(Ended::Lost(error)),
            Poll::Pending => core.clock.blocked(),
        }
    }
}

/// Whether a poll may read from the transport.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Yes,
    No,
}

impl<R: Role> Core<R> {
    /// The one place that decides when a connection stops reading: while its answers are not taken, while too
    /// many calls wait for their turn, and while too much of what it streams to us is not read. Everything
    /// that was read before is handled, whatever its kind.
    fn is_paused(&self) -> bool {
        let unread =
            self.calls.queued() >= self.limits.queued_calls || self.backlog.bytes() >= self.limits.backlog;
        match self.limits.pause {
            Pause::WhenFull => unread || self.shared.outbound.is_full(),
            Pause::WhenNobodyWaits { answers } => {
                (unread && !self.backlog.is_awaited()) || self.shared.outbound.holds(answers)
            }
        }
    }

    /// The first end counts.
    fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
    }

    fn due(&mut self, due: Due) {
        match due {
            Due::Ping if self.shared.outbound.is_full() => {}
            Due::Ping => self.shared.send(&Message::Ping),
            Due::Silence => {
                let error = self.role.silence();
                self.end(Ended::Failed(error));
            }
            Due::Write => {
                let error = HubError::with_kind(HubErrorKind::Timeout, "A write took longer than it may.");
                self.end(Ended::Failed(error));
            }
        }
    }

    /// The peer broke the protocol.
    fn broken(&mut self, error: &ProtocolError) {
        let error = self.role.protocol_error(error);
        self.end(Ended::Failed(error));
    }

    /// Whether records are left that were read and not handled, after the reader has stopped.
    fn go_on(&mut self, result: Result<ControlFlow<()>, ProtocolError>) -> bool {
        match result {
            Ok(flow) => flow.is_break(),
            Err(error) => {
                self.broken(&error);
                false
            }
        }
    }

    /// Handles one record; breaks when the next one has to wait.
    fn record(&mut self, record: &[u8]) -> ControlFlow<()> {
        match protocol::read(self.shared.format, record) {
            Ok(Some(message)) => self.message(message, record),
            // A type that we do not know: skipped.
            Ok(None) => {}
            Err(error) => self.broken(&error),
        }
        if self.ended.is_some() || self.is_paused() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn message(&mut self, message: Message<'_>, record: &[u8]) {
        match message {
            Message::Invocation(invocation) => self.invocation(&invocation, Mode::Plain, record),
            Message::StreamInvocation(invocation) => self.invocation(&invocation, Mode::Stream, record),
            Message::StreamItem { id, item } => {
                if !self.shared.pending.item(&id, item) {
                    self.validate(record);
                    self.role.stray_item(&id);
                }
            }
            Message::Completion { id, outcome } => self.completion(&id, outcome, record),
            Message::CancelInvocation { id } => {
                if let Some(finished) = self.calls.cancel(&id) {
                    self.finished(finished);
                }
            }
            Message::Ping => self.clock.pinged(),
            Message::Close { error, allow_reconnect } => {
                self.end(Ended::PeerClosed { error: error.map(Into::into), allow_reconnect });
            }
            // Without stateful reconnect these mean nothing.
            Message::Ack { .. } | Message::Sequence { .. } => {}
        }
    }

    fn invocation(&mut self, invocation: &Invocation<'_>, mode: Mode, record: &[u8]) {
        let id = invocation.id.as_deref();
        if let Some(id) = id
            && self.calls.is_active(id)
        {
            let error = format!("Invocation ID '{id}' is already in use.");
            return self.complete(id, Outcome::Error(error.into()));
        }
        let results = match (mode, id) {
            (Mode::Stream, Some(id)) => {
                Some(ResultSink(Box::new(StreamResults { shared: Arc::clone(&self.shared), id: id.into() })))
            }
            _ => None,
        };
        let mut call =
            dispatch::Call::new(invocation.arguments, self.limits.stream_capacity, &self.backlog, results);
        match self.role.bind(invocation, mode, &mut call) {
            Bound::Run { turn, running } => {
                let sinks = call.into_uploads();
                let uploads: Vec<Box<str>> = invocation.stream_ids.iter().map(|id| (&**id).into()).collect();
                for (id, sink) in uploads.iter().zip(sinks) {
                    // Refused only when the connection is over, and then the stream has ended as well.
                    let _ = self.shared.pending.insert(id, Awaited::Items(sink));
                }
                self.calls.push(Call {
                    id: id.map(Into::into),
                    target: (&*invocation.target).into(),
                    mode,
                    turn,
                    uploads,
                    running,
                });
            }
            Bound::Refused(text) => {
                self.validate(record);
                if let Some(id) = id
                    && self.ended.is_none()
                {
                    self.complete(id, Outcome::Error(text));
                }
            }
        }
    }

    fn completion(&mut self, id: &str, outcome: Outcome<'_>, record: &[u8]) {
        match self.shared.pending.take(id) {
            Some(Awaited::Reply(reply)) => {
                let answer = match outcome {
                    Outcome::Error(text) => Err(self.role.remote_error(text.into_owned())),
                    Outcome::Result(value) => Ok(Encoded::copy_from(value.bytes)),
                    Outcome::Void => Ok(Encoded::null(self.shared.format)),
                };
                // The asker may have gone.
                drop(reply.send(answer));
            }
            Some(Awaited::Items(sink)) => {
                let error = match outcome {
                    Outcome::Error(text) => Some(self.role.remote_error(text.into_owned())),
                    Outcome::Result(_) => self.role.stream_result(),
                    Outcome::Void => None,
                };
                sink.end(error);
            }
            None => {
                self.validate(record);
                if let Err(error) = self.role.unasked(id) {
                    self.end(Ended::Failed(error));
                }
            }
        }
    }

    /// Values are checked while they are decoded; one that is thrown away undecoded is checked here, because
    /// what is not JSON at all ends the connection.
    fn validate(&mut self, record: &[u8]) {
        if let Err(error) = protocol::validate(self.shared.format, record) {
            self.broken(&error);
        }
    }

    fn poll_calls(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(finished) = self.calls.poll(cx) {
            self.finished(finished);
        }
    }

    fn finished(&mut self, finished: Finished) {
        let Finished { id, target, uploads, stage, reply } = finished;
        for upload in &uploads {
            if let Some(Awaited::Items(sink)) = self.shared.pending.take(upload) {
                sink.end(None);
            }
        }
        let outcome = match &reply.0 {
            Ok(Answer::Value(value)) => {
                let format = self.shared.format;
                Outcome::Result(Payload { format, bytes: value.bytes() })
            }
            Ok(Answer::Refused(text)) => Outcome::Error((&**text).into()),
            Ok(Answer::Nothing | Answer::Items(_)) if stage == Stage::Streaming => Outcome::Void,
            Ok(Answer::Nothing | Answer::Items(_)) => self.role.no_result(),
            Err(error) => Outcome::Error(self.role.error_text(&target, stage, error)),
        };
        if let Some(id) = &id {
            self.complete(id, outcome);
        }
    }

    fn complete(&self, id: &str, outcome: Outcome<'_>) {
        self.shared.send(&Message::Completion { id: id.into(), outcome });
    }
}
