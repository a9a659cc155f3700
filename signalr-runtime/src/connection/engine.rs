//! The connection's own task: reads, dispatches, runs calls, writes.
//!
//! It never waits for user code. Calls run inside this task, each with a waker of its own, so that a call
//! which ends at once is answered in the poll that read it, and everything a connection has started ends
//! with it. When it stops reading is decided in [`pause`]; what each message does is in [`received`]. Pings,
//! cancellations, completions and closes are handled while calls run or wait for their turn.
//!
//! A peer that may come back after its connection was lost acknowledges what it has. Those who send to it may wait
//! for that, and a pause may wait for them: a paused reader then reads ahead, and heeds acknowledgements only. It reads
//! ahead, too, while too many calls wait, as far as there is room: the transport answers pings, and the peer may go.

mod connecting;
mod dispatch;
mod leaving;
mod pause;
mod received;

use std::future::poll_fn;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

pub(crate) use self::connecting::Begun;
pub(crate) use self::leaving::{Leaving, Linger};
pub(crate) use self::pause::Pause;
use self::pause::{Reading, Reads};
use super::budget::{Charge, ChargeKind};
use super::calls::Calls;
use super::clock::{Clock, Due, Timing};
use super::duplex::{Duplex, Received};
use super::ended::Ended;
use super::limit::Limit;
use super::panics::Panicked;
use super::rate::{Rate, TokenBucket};
use super::receipts::Receipts;
use super::role::Role;
use super::scope::Owner;
use super::shared::Shared;
use super::slice;
use super::strays::Strays;
use super::writer::{self, Writing};
use crate::contract::backlog::Backlog;
use crate::contract::error::{HubError, HubErrorKind};
use crate::protocol::framing::RecordReader;
use crate::protocol::message::Message;
use crate::protocol::{self, ProtocolError};

/// What one connection may hold on behalf of its peer. The connections of a hub share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineLimits {
    /// Ordered calls that run at once.
    pub(crate) parallel_calls: usize,
    /// Calls that wait for their turn before the connection stops reading, and what they may hold.
    pub(crate) queued_calls: usize,
    pub(crate) queued_call_bytes: usize,
    /// Calls that run at once without being ordered: those that stream, in either direction, and those that wait
    /// for the peer. What streams keeps no ordered call away.
    pub(crate) unordered_calls: usize,
    /// The longest id, of a call or of a stream, in bytes.
    pub(crate) id_length: usize,
    /// Streams of the peer that feed calls and are open at once.
    pub(crate) upload_streams: usize,
    /// How often an item may come for a stream that is not known before the connection ends.
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
    /// How long a piece of the user's code may hold the thread before that is told.
    pub(crate) longest_poll: Option<Duration>,
}

/// The most reads and writes of one poll, however little they bring.
pub(crate) const ROUNDS: usize = 32;

/// Reads after a write has failed, to learn why the peer has gone.
const LAST_READS: usize = 16;

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
    /// The peer has gone during a pause. What it has sent before is handled without one: no more will come.
    has_gone: bool,
    /// Messages of the current read.
    messages: u32,
    /// What may still come for streams that do not exist; none before it matters.
    strays: Option<Box<Strays>>,
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
            shared,
            backlog: Arc::new(Backlog::new(role.stream_hooks())),
            calls: Calls::new(limits.parallel_calls),
            role,
            clock: Clock::new(timing),
            allowance: limits.messages.map(TokenBucket::new),
            limits,
            receipts,
            received,
            has_paused: false,
            has_gone: false,
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

    /// Where the streams that arrive here count what nobody has read.
    pub(crate) fn backlog(&self) -> &Arc<Backlog> {
        &self.core.backlog
    }

    /// What the engine was made for.
    pub(crate) fn role(&mut self) -> &mut R {
        &mut self.core.role
    }

    fn poll(&mut self, cx: &mut Context<'_>, reading: Reading) -> Poll<Ended> {
        let _slice = slice::begin(self.core.owner());
        for _ in 0..ROUNDS {
            if let Some(request) = self.core.shared.ending.asked() {
                if request.is_for_slowness() {
                    self.transport.give_up();
                }
                return Poll::Ready(Ended::Stopped(request));
            }
            self.core.shared.outbound.awake();
            self.core.take_permits_back();
            let reads = self.core.reads(reading, &*self.transport, &self.reader);
            // Before what the peer sends from now on.
            self.core.poll_own_call(cx);
            let received = self.poll_read(reads, cx).is_ready();
            if !self.core.calls.is_empty() {
                self.core.poll_calls(cx);
            }
            if reading == Reading::Yes {
                self.core.clock.listens(reads != Reads::Nothing);
            }
            if self.core.received.is_counted() {
                self.core.received.set(self.reader.kept().saturating_add(self.core.held()));
            }
            let writing = self.core.poll_write(&mut *self.transport, cx).unwrap_or_else(|error| {
                self.cannot_write(error, reads, cx);
                Writing::Free
            });
            if self.core.receipts.is_some() {
                self.core.clock.unacknowledged(self.core.shared.outbound.unacknowledged());
            }
            slice::flushed();
            let Core { clock, .. } = &mut self.core;
            if let Poll::Ready(due) = slice::poll_unconstrained(cx, |cx| clock.poll(cx)) {
                if due == Due::Write {
                    self.transport.give_up();
                }
                // What came while a method held the thread was not read yet.
                if due != Due::Silence || !self.has_more(reads, cx) {
                    self.core.due(due);
                }
            }
            if let Some(ended) = self.core.ended.take() {
                return Poll::Ready(ended);
            }
            let mut goes_on = received;
            if reading == Reading::Yes && reads != Reads::Everything {
                self.core.backlog.wake_on_change(cx.waker());
                match self.core.pause() {
                    Some(limit) => self.core.count_pause(limit),
                    None => goes_on = true,
                }
            }
            if !goes_on && self.core.sleep(writing, cx) {
                return Poll::Pending;
            }
            if slice::is_over() || slice::has_used_up_budget() {
                break;
            }
        }
        // Others have their turn, and sockets are looked at, before this goes on.
        slice::defer(cx);
        Poll::Pending
    }

    /// Reads once, what is to be read.
    #[expect(
        clippy::inline_always,
        reason = "a call costs every poll more than it saves; the rare callers share one"
    )]
    #[inline(always)]
    fn poll_read(&mut self, reads: Reads, cx: &mut Context<'_>) -> Poll<()> {
        match reads {
            Reads::Everything => self.poll_receive(cx),
            Reads::Acknowledgements => self.poll_ahead(cx),
            Reads::Ahead => self.poll_ahead_of_hub(cx),
            Reads::BehindCalls => self.poll_behind_calls(cx),
            Reads::Nothing => Poll::Pending,
        }
    }

    /// Reads once, unless a pause has left something that was read before.
    #[expect(clippy::inline_always, reason = "part of `poll_read`")]
    #[inline(always)]
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { transport, reader, left_over, core } = self;
        let waker = cx.waker();
        let calls = &mut Context::from_waker(waker);
        if *left_over {
            let result = reader.resume(|record| core.record(record, calls));
            *left_over = core.go_on(result);
            core.count_messages();
            return Poll::Ready(());
        }
        core.has_paused = false;
        let mut result = Ok(ControlFlow::Continue(()));
        let received = transport.poll_receive(cx, &mut |bytes| match result {
            Ok(ControlFlow::Continue(())) => result = reader.push(bytes, |record| core.record(record, calls)),
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
            Poll::Ready(ended) => match (ended.map_err(Ended::of_transport), reader.end()) {
                // Whatever it was in the middle of.
                (Err(violated @ Ended::Violated(_)), _) => core.end(violated),
                (_, Err(error)) => core.end(Ended::CutOff(core.role.protocol_error(&error))),
                (Ok(_), Ok(())) => core.end(Ended::Left),
                (Err(lost), Ok(())) => core.end(lost),
            },
        }
        Poll::Ready(())
    }

    /// Reads once, and keeps what came.
    #[cold]
    fn poll_behind_calls(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // The transport tells of its end again.
        self.core.has_gone = ready!(self.poll_keep(cx)).is_some();
        Poll::Ready(())
    }

    #[cold]
    fn poll_read_again(&mut self, reads: Reads, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_read(reads, cx)
    }

    /// Reads once more, also where the calls have used up tokio's budget: whether the peer is there.
    fn has_more(&mut self, reads: Reads, cx: &mut Context<'_>) -> bool {
        slice::poll_unconstrained(cx, |cx| self.poll_read_again(reads, cx)).is_ready()
    }

    /// The peer takes nothing any more. It may have said why before it went.
    fn cannot_write(&mut self, error: io::Error, reads: Reads, cx: &mut Context<'_>) {
        for _ in 0..LAST_READS {
            let has_ended = self.core.ended.is_some();
            if has_ended
                || reads != Reads::Everything
                || self.core.is_paused()
                || self.poll_read_again(reads, cx).is_pending()
            {
                break;
            }
        }
        self.core.end(Ended::Lost(error));
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
    fn poll_write(&mut self, transport: &mut dyn Duplex, cx: &mut Context<'_>) -> io::Result<Writing> {
        let Self { shared, clock, .. } = self;
        let written = slice::poll_unconstrained(cx, |cx| {
            Poll::Ready(writer::poll_write(transport, &shared.outbound, clock, cx))
        });
        match written {
            Poll::Ready(written) => written,
            Poll::Pending => Ok(Writing::Stuck),
        }
    }

    /// The task is about to sleep: true when it may, false when there is something that it could do.
    fn sleep(&self, writing: Writing, cx: &mut Context<'_>) -> bool {
        !self.can_start() && self.shared.sleep(writing, cx) && self.calls.sleep(cx)
    }

    /// The task is about to sleep, and only its calls matter any more.
    fn rest(&self, cx: &mut Context<'_>) {
        // Whoever gives a permit back wakes the task.
        let may_rest = self.shared.outbound.sleep(Writing::Stuck, cx) && !self.shared.returned_permits.any();
        if !may_rest || self.can_start() || !self.calls.sleep(cx) {
            slice::defer(cx);
        }
    }

    /// Whether a call waits that could start now.
    fn can_start(&self) -> bool {
        self.calls.has_startable() && !self.is_behind()
    }

    /// What is held of what the peer has sent, beside what the reader keeps.
    fn held(&self) -> usize {
        let strays = self.strays.as_ref().map_or(0, |strays| strays.bytes());
        self.backlog.unread().saturating_add(self.calls.waiting_bytes()).saturating_add(strays)
    }

    fn owner(&self) -> Owner {
        Owner::of(&self.shared)
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
                let error = HubError::with_kind(HubErrorKind::Timeout, writer::LATE);
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
}
