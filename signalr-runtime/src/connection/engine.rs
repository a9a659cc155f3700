//! The connection's own task: reads, dispatches, runs calls, writes.
//!
//! It never waits for user code. Calls run inside this task, each with a waker of its own, so that a call
//! which ends at once is answered in the poll that read it, and everything a connection has started ends
//! with it. When it stops reading is decided in [`pause`]; what each message does is in [`received`]. Pings,
//! cancellations, completions and closes are handled while calls run or wait for their turn.
//!
//! A peer that may come back after its connection was lost acknowledges what it has. Those who send to it may wait
//! for that, and a pause may wait for them: a paused reader then reads ahead, and heeds acknowledgements only.

mod leaving;
mod pause;
mod received;

use std::future::{Future, poll_fn};
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub(crate) use self::leaving::{Leaving, Linger};
pub(crate) use self::pause::Pause;
use self::pause::{Reading, Reads};
use super::budget::{Charge, ChargeKind};
use super::calls::{Call, Calls, Finished, Guarded, Mode, Stage, Turn};
use super::clock::{Clock, Due, Timing};
use super::duplex::{Duplex, Received};
use super::ending::EndRequest;
use super::limit::Limit;
use super::panics::Panicked;
use super::rate::{Rate, TokenBucket};
use super::receipts::Receipts;
use super::role::Role;
use super::shared::Shared;
use super::writer::{self, Writing};
use crate::contract::backlog::Backlog;
use crate::contract::dispatch::Answer;
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::value::Payload;
use crate::protocol::framing::RecordReader;
use crate::protocol::message::{Message, Outcome};
use crate::protocol::{self, ProtocolError};

/// What one connection may hold on behalf of its peer. The connections of a hub share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineLimits {
    /// Ordered calls that run at once.
    pub(crate) parallel_calls: usize,
    /// Calls that wait for their turn before the connection stops reading.
    pub(crate) queued_calls: usize,
    /// Calls that run at once without being ordered: those that stream, in either direction, and those that wait
    /// for the peer.
    pub(crate) unordered_calls: usize,
    /// The longest id, of a call or of a stream, in bytes.
    pub(crate) id_length: usize,
    /// Streams of the peer that feed calls and are open at once.
    pub(crate) upload_streams: usize,
    /// How often an item may come for a stream that does not exist before the connection ends.
    pub(crate) stray_items: Option<Rate>,
    /// How often the peer may send a message before the connection pauses.
    pub(crate) messages: Option<Rate>,
    /// Items that an upload stream holds before they count as backlog.
    pub(crate) stream_capacity: usize,
    /// Bytes of backlog before the connection stops reading.
    pub(crate) backlog: usize,
    pub(crate) pause: Pause,
    /// Bytes that are read ahead to find an acknowledgement before the peer is given up. One that keeps to its own
    /// buffer's limit has much less on its way.
    pub(crate) read_ahead: usize,
}

/// Reads one task may make before it lets others run.
pub(crate) const READS_PER_POLL: usize = 32;

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
    Stopped(EndRequest),
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
    limits: Arc<EngineLimits>,
    backlog: Arc<Backlog>,
    /// What has arrived of a peer that may come back.
    receipts: Option<Box<Receipts>>,
    /// What the peer may still send before it has to wait.
    allowance: Option<TokenBucket>,
    /// What the peer has sent and nobody has read yet.
    received: Charge,
    /// Whether what the last read brought has made the connection pause.
    has_paused: bool,
    /// Messages of the current read.
    messages: u32,
    /// What may still come for streams that do not exist; none before the first has come.
    strays: Option<Box<TokenBucket>>,
    ended: Option<Ended>,
}

impl<R: Role> Engine<R> {
    /// `reader` may hold bytes that came with the handshake.
    pub(crate) fn new(
        transport: Box<dyn Duplex>,
        reader: RecordReader,
        shared: Arc<Shared>,
        role: R,
        limits: Arc<EngineLimits>,
        timing: Timing,
    ) -> Self {
        let receipts = shared.outbound.is_replayable().then(|| Box::new(Receipts::new()));
        let received = Charge::new(shared.outbound.budget().cloned(), ChargeKind::Received);
        let core = Core {
            role,
            shared,
            calls: Calls::new(limits.parallel_calls),
            clock: Clock::new(timing),
            allowance: limits.messages.map(TokenBucket::new),
            limits,
            backlog: Arc::default(),
            receipts,
            received,
            has_paused: false,
            messages: 0,
            strays: None,
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
                Panicked::Connection.count();
                tracing::error!("a connection panicked");
                Poll::Ready(Ended::Failed(HubError::with_kind(
                    HubErrorKind::Internal,
                    "the connection panicked",
                )))
            })
        })
        .await
    }

    /// Runs the connection without reading until `future` is done. A connection that ends before that calls
    /// `over`, and waits.
    pub(crate) async fn run_while<F: Future>(
        &mut self,
        future: F,
        over: impl Fn(),
    ) -> (F::Output, Option<Ended>) {
        let mut future = pin!(future);
        let mut ended = None;
        poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready((output, ended.take()));
            }
            if ended.is_none()
                && let Poll::Ready(end) = self.poll(cx, Reading::No)
            {
                ended = Some(end);
                over();
            }
            Poll::Pending
        })
        .await
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
            if let Some(request) = self.core.shared.ending.asked() {
                if request.is_for_slowness() {
                    self.transport.give_up();
                }
                return Poll::Ready(request.error().map_or(Ended::Stopped(request), Ended::Failed));
            }
            self.core.shared.outbound.awake();
            let reads = self.core.reads(reading);
            // Before what the peer sends from now on.
            self.core.poll_own_call(cx);
            let received = match reads {
                Reads::Everything => self.poll_receive(cx).is_ready(),
                Reads::Acknowledgements => self.poll_ahead(cx).is_ready(),
                Reads::Nothing => false,
            };
            self.core.poll_calls(cx);
            if reading == Reading::Yes {
                self.core.clock.listens(reads != Reads::Nothing, self.core.calls.is_full());
            }
            self.core.received.set(self.reader.kept().saturating_add(self.core.backlog.bytes()));
            let writing = self.core.poll_write(&mut *self.transport, cx);
            if self.core.receipts.is_some() {
                self.core.clock.unacknowledged(self.core.shared.outbound.unacknowledged());
            }
            if let Poll::Ready(due) = self.core.clock.poll(cx) {
                if due == Due::Write {
                    self.transport.give_up();
                }
                self.core.due(due);
            }
            if let Some(ended) = self.core.ended.take() {
                return Poll::Ready(ended);
            }
            if reading == Reading::Yes && reads != Reads::Everything {
                self.core.backlog.wake_on_change(cx.waker());
                match self.core.pause() {
                    Some(limit) => self.core.count_pause(limit),
                    None => continue,
                }
            }
            if !received && self.core.shared.sleep(writing, cx) {
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
            core.count_messages();
            return Poll::Ready(());
        }
        core.has_paused = false;
        let mut result = Ok(ControlFlow::Continue(()));
        let received = transport.poll_receive(cx, &mut |bytes| match result {
            Ok(ControlFlow::Continue(())) => result = reader.push(bytes, |record| core.record(record)),
            // Kept behind what was left.
            Ok(ControlFlow::Break(())) => reader.keep(bytes),
            Err(_) => {}
        });
        *left_over = core.go_on(result);
        core.count_messages();
        match received {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Received::Some)) => core.clock.received(),
            Poll::Ready(Ok(Received::Interrupted)) => reader.cut(),
            // What came before the end is handled first; the transport tells of its end again.
            Poll::Ready(Ok(Received::End) | Err(_)) if *left_over => {}
            Poll::Ready(ended) => match (reader.end(), ended) {
                (Err(error), _) => core.broken(&error),
                (Ok(()), Ok(_)) => core.end(Ended::Left),
                (Ok(()), Err(error)) => core.end(Ended::Lost(error)),
            },
        }
        Poll::Ready(())
    }

    /// Reads once, and handles nothing but acknowledgements before the pause is over.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { transport, reader, left_over, core } = self;
        *left_over = true;
        let received = transport.poll_receive(cx, &mut |bytes| reader.keep(bytes));
        let (format, outbound) = (core.shared.format, &core.shared.outbound);
        let looked = reader.look_ahead(|record| {
            match protocol::read(format, record) {
                Ok(Some(Message::Ack { sequence_id })) => outbound.acknowledge(sequence_id),
                // Who says goodbye acknowledges nothing any more.
                Ok(Some(Message::Close { .. })) => outbound.end_replay(),
                // Everything else, also what is wrong with it, has its turn later.
                Ok(_) | Err(_) => {}
            }
        });
        match received {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Received::Some)) => core.clock.received(),
            Poll::Ready(Ok(Received::Interrupted)) => reader.cut(),
            // No acknowledgement will come, so nobody may wait for one. The transport tells of its end again.
            Poll::Ready(Ok(Received::End) | Err(_)) => outbound.end_replay(),
        }
        if let Err(error) = looked {
            core.broken(&error);
        } else if reader.kept() > core.limits.read_ahead {
            core.role.limit_hit(Limit::ReadAhead);
            core.end(Ended::Failed(HubError::with_kind(
                HubErrorKind::Internal,
                "The peer sends without acknowledging what it receives.",
            )));
        }
        Poll::Ready(())
    }
}

impl<R: Role> Core<R> {
    fn poll_write(&mut self, transport: &mut dyn Duplex, cx: &mut Context<'_>) -> Writing {
        writer::poll_write(transport, &self.shared.outbound, &mut self.clock, cx).unwrap_or_else(|error| {
            self.end(Ended::Lost(error));
            Writing::Free
        })
    }

    /// The first end counts.
    fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
    }

    fn due(&mut self, due: Due) {
        match due {
            Due::Ping if self.shared.outbound.is_stuck() => {}
            Due::Ping => self.shared.send(&Message::Ping),
            Due::Acknowledgement => {
                if let Some(sequence_id) = self.receipts.as_mut().and_then(|receipts| receipts.acknowledge())
                {
                    self.shared.send(&Message::Ack { sequence_id });
                }
            }
            Due::Unacknowledged => {
                self.role.limit_hit(Limit::Unacknowledged);
                self.end(Ended::Failed(HubError::named(
                    HubErrorKind::Timeout,
                    "OperationCanceledException",
                    "The peer does not acknowledge what it is sent.",
                )));
            }
            Due::Silence => {
                let error = self.role.silence();
                self.end(Ended::Failed(error));
            }
            // The poll that is told so reads on.
            Due::Read => {}
            Due::Write => {
                self.role.limit_hit(Limit::WriteTime);
                let error = HubError::with_kind(HubErrorKind::Timeout, "A write took longer than it may.");
                self.end(Ended::Failed(error));
            }
        }
    }

    /// The peer broke the protocol.
    fn broken(&mut self, error: &ProtocolError) {
        self.role.limit_hit(match error {
            ProtocolError::TooLarge { .. } => Limit::MessageSize,
            _ => Limit::MalformedMessage,
        });
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

    /// Takes a call of our own role among those of the peer.
    fn poll_own_call(&mut self, cx: &Context<'_>) {
        if let Poll::Ready((name, running)) = self.role.poll_own_call(cx) {
            self.calls.push(Call {
                id: None,
                target: name.into(),
                mode: Mode::Plain,
                turn: Turn::Ordered,
                uploads: Vec::new(),
                running: Guarded::new(running),
            });
        }
    }

    fn poll_calls(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(finished) = self.calls.poll(cx) {
            self.finished(finished);
        }
    }

    fn finished(&mut self, finished: Finished) {
        let Finished { id, target, uploads, stage, reply } = finished;
        for (id, sink) in &uploads {
            self.shared.pending.end_stream(id, sink);
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
