//! The one way out of a connection: a bounded queue of ready frames.
//!
//! Hub methods, broadcasts, streams and the engine itself append whole frames from any task; only the
//! connection's own task takes them out and writes them. Small frames are copied together, so that whatever
//! gathered since the last write goes out in one system call; a large frame is shared between its receivers.
//!
//! Stateful reconnect numbers messages here and nowhere else: in the order in which they were queued.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::budget::{Charge, Held, Holder, MemoryBudget};
use super::frame::{Frame, WebSocketHeader};
use super::limit::Limit;
use super::pieces::{self, Piece};
use super::replay::{Peer, ReplayBuffer};
use super::slow_consumer::SlowConsumer;
use crate::contract::value::Format;
use crate::protocol::TransferFormat;

/// What stands around a hub frame on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// An unmasked WebSocket frame: what a server sends.
    WebSocket,
    /// Nothing: the transport wraps what it takes.
    Bare,
}

/// That a connection is to end, and what its peer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Whether the peer may connect again by itself.
    pub(crate) allow_reconnect: bool,
}

/// Why a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndAsked {
    /// Somebody here wants so.
    Stop(Stop),
    /// The peer takes too little of what it is sent.
    TooSlow,
}

/// How much may wait in a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimit {
    pub(crate) bytes: usize,
    pub(crate) frames: usize,
}

/// The queue of one connection.
pub(crate) struct Outbound {
    framing: Framing,
    limit: QueueLimit,
    slow_consumer: SlowConsumer,
    budget: Option<MemoryBudget>,
    /// How often something was taken.
    taken: AtomicUsize,
    /// Whether those who send have to wait. It changes under the lock only, so that whoever is woken because it has
    /// changed sees it.
    full: AtomicBool,
    queue: Mutex<Queue>,
}

struct Queue {
    pieces: VecDeque<Piece>,
    bytes: usize,
    frames: usize,
    closed: bool,
    end_asked: Option<EndAsked>,
    /// What all this costs.
    charge: Charge,
    /// What the peer has not acknowledged, where it may come back after its connection was lost.
    replay: Option<Box<ReplayBuffer>>,
    /// The connection's task, while it sleeps.
    writer: Option<Waker>,
    /// Whether the task wants to be woken: not while it runs and will look by itself.
    writer_sleeps: bool,
    /// Who waits for room.
    senders: Vec<Waker>,
    /// The streams among them that have sent since something was last taken: they come after the others.
    served: Vec<Waker>,
}

/// What a stream of the connection's own has had of its queue, so that several take turns.
///
/// Streams fill the queue to half of its limit only. They run in the task that empties the queue, and would
/// otherwise have filled it again before anybody else can get at it.
#[derive(Debug, Default)]
pub(crate) struct Share {
    /// Whether it has sent something since it last waited.
    served: bool,
    /// When it last began to wait, in the numbers of [`Outbound::taken`].
    waiting_since: Option<usize>,
}

impl Share {
    /// It has queued something.
    pub(crate) fn used(&mut self) {
        self.served = true;
    }
}

/// What the transport does when the connection's task is about to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// It takes what there is.
    Free,
    /// It is stuck, and wakes the task when it can go on.
    Stuck,
}

/// Whether a record has a number, and is sent again to a peer that has missed it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbered {
    Yes,
    No,
}

/// Whether a frame may be dropped for a peer that is too slow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Droppable {
    Yes,
    No,
}

/// Why a frame was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The queue is at its limit.
    Full,
    /// The connection is over.
    Closed,
}

impl Outbound {
    pub(crate) fn new(framing: Framing, limit: QueueLimit) -> Self {
        Self {
            framing,
            limit,
            slow_consumer: SlowConsumer::Wait,
            budget: None,
            taken: AtomicUsize::new(0),
            full: AtomicBool::new(false),
            queue: Mutex::new(Queue {
                pieces: VecDeque::new(),
                bytes: 0,
                frames: 0,
                closed: false,
                end_asked: None,
                charge: Charge::new(None, Held::Unsent),
                replay: None,
                writer: None,
                writer_sleeps: false,
                senders: Vec::new(),
                served: Vec::new(),
            }),
        }
    }

    /// Does with calls to a slow peer what `policy` says.
    pub(crate) fn for_slow_consumers(mut self, policy: SlowConsumer) -> Self {
        self.slow_consumer = policy;
        self
    }

    /// Charges what is held to `budget`.
    pub(crate) fn charged_to(mut self, budget: Option<MemoryBudget>) -> Self {
        self.lock().charge = Charge::new(budget.clone(), Held::Unsent);
        self.budget = budget;
        self
    }

    /// What is charged.
    pub(crate) fn budget(&self) -> Option<&MemoryBudget> {
        self.budget.as_ref()
    }

    /// Queues a frame if there is room.
    pub(crate) fn try_push(&self, frame: &Frame) -> Result<(), Refused> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(Refused::Closed);
        }
        if queue.is_full(self.limit) {
            return Err(Refused::Full);
        }
        self.append_frame(&mut queue, frame, Droppable::No);
        queue.wake_writer();
        drop(queue);
        self.relieve_budget();
        Ok(())
    }

    /// Queues a call that nobody waits for an answer to. Where there is no room the policy for slow peers decides; it is
    /// refused as [`Full`](Refused::Full) only if the sender is to wait.
    pub(crate) fn offer(&self, frame: &Frame) -> Result<(), Refused> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(Refused::Closed);
        }
        let full = queue.is_full(self.limit);
        let taken = match self.slow_consumer {
            _ if !full => Ok(true),
            SlowConsumer::Wait => Err(Refused::Full),
            SlowConsumer::DropNewest => Ok(false),
            SlowConsumer::DropOldest => Ok(queue.replay.is_none() && queue.drop_oldest(self.limit)),
            SlowConsumer::Disconnect => {
                self.end_too_slow(&mut queue);
                Err(Refused::Closed)
            }
        };
        if taken == Ok(true) {
            self.append_frame(&mut queue, frame, Droppable::Yes);
            queue.wake_writer();
        }
        drop(queue);
        // Not under the lock: whoever counts is not ours.
        if full && self.slow_consumer != SlowConsumer::Wait {
            Limit::SlowConsumer.hit();
        }
        self.relieve_budget();
        taken.map(|_| ())
    }

    /// Waits for room and queues a frame. A connection that is over takes nothing.
    pub(crate) async fn push_when_room(&self, frame: &Frame) {
        while self.try_push(frame) == Err(Refused::Full) {
            if poll_fn(|cx| self.poll_room(cx)).await.is_err() {
                return;
            }
        }
    }

    /// Queues one encoded hub message that has no other receiver, whether or not there is room: what a
    /// connection itself says is bounded by what it accepts from its peer.
    pub(crate) fn push_message(&self, format: Format, record: &[u8]) {
        self.push(format.transfer_format(), record, Numbered::Yes);
    }

    /// Queues a record that only keeps the connection going, and that no peer needs to have: a handshake, a
    /// ping, an acknowledgement.
    pub(crate) fn push_control(&self, format: Format, record: &[u8]) {
        self.push(format.transfer_format(), record, Numbered::No);
    }

    /// Queues bytes that are no hub messages.
    pub(crate) fn push_bytes(&self, format: TransferFormat, bytes: &[u8]) {
        self.push(format, bytes, Numbered::No);
    }

    fn push(&self, format: TransferFormat, record: &[u8], numbered: Numbered) {
        let mut queue = self.lock();
        if !queue.closed {
            self.append_record(&mut queue, format, record, numbered);
            queue.wake_writer();
            drop(queue);
            self.relieve_budget();
        }
    }

    /// What was queued here may be what is too much for all.
    #[inline]
    fn relieve_budget(&self) {
        if let Some(budget) = &self.budget {
            budget.relieve();
        }
    }

    /// Ready when there is room, or when the connection is over.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut queue = self.lock();
        if queue.closed {
            return Poll::Ready(Err(Refused::Closed));
        }
        if !queue.is_full(self.limit) {
            return Poll::Ready(Ok(()));
        }
        wait(&mut queue.senders, cx.waker());
        Poll::Pending
    }

    /// [`poll_room`](Self::poll_room) for a stream of the connection's own.
    pub(crate) fn poll_share(&self, share: &mut Share, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut queue = self.lock();
        if queue.closed {
            return Poll::Ready(Err(Refused::Closed));
        }
        let half = QueueLimit { bytes: self.limit.bytes.div_ceil(2), frames: self.limit.frames.div_ceil(2) };
        let full = queue.replay.as_ref().is_some_and(|replay| replay.is_full_for_streams());
        if !full && !queue.holds(half) {
            if share.waiting_since.take().is_some() {
                share.served = false;
            }
            return Poll::Ready(Ok(()));
        }
        let taken = self.taken();
        if share.waiting_since.is_some_and(|since| since != taken) {
            // The others were faster: next time it comes before them.
            share.served = false;
        }
        share.waiting_since = Some(taken);
        wait(if share.served { &mut queue.served } else { &mut queue.senders }, cx.waker());
        Poll::Pending
    }

    /// Whether those who send have to wait.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Whether the transport takes too little of what is sent.
    pub(crate) fn is_stuck(&self) -> bool {
        self.lock().holds(self.limit)
    }

    /// Whether as much as `limit` waits to be written, or to be acknowledged.
    pub(crate) fn holds(&self, limit: QueueLimit) -> bool {
        let queue = self.lock();
        let unacknowledged = queue.replay.as_ref().map_or(0, |replay| replay.bytes());
        queue.holds(limit) || unacknowledged >= limit.bytes
    }

    /// Ready when the transport has taken everything, or when the connection is over.
    pub(crate) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut queue = self.lock();
        if queue.pieces.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if queue.closed {
            return Poll::Ready(Err(Refused::Closed));
        }
        wait(&mut queue.senders, cx.waker());
        Poll::Pending
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().pieces.is_empty()
    }

    /// Moves everything that waits into `batch`, in order.
    pub(crate) fn take(&self, batch: &mut VecDeque<Piece>) {
        let mut queue = self.lock();
        if queue.pieces.is_empty() {
            return;
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        if batch.is_empty() {
            std::mem::swap(batch, &mut queue.pieces);
        } else {
            batch.append(&mut queue.pieces);
        }
        queue.bytes = 0;
        queue.frames = 0;
        self.settle(&mut queue);
        queue.wake_senders();
    }

    /// The connection's task is about to sleep: true when it may, false when something was queued meanwhile that
    /// the transport could take.
    pub(crate) fn sleep(&self, transport: Transport, cx: &mut Context<'_>) -> bool {
        let mut queue = self.lock();
        if queue.end_asked.is_some() || (transport == Transport::Free && !queue.pieces.is_empty()) {
            return false;
        }
        if !queue.writer.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            queue.writer = Some(cx.waker().clone());
        }
        queue.writer_sleeps = true;
        true
    }

    /// The connection's task runs: it will look into the queue before it sleeps. Gives whether it is to end.
    pub(crate) fn awake(&self) -> Option<EndAsked> {
        let mut queue = self.lock();
        queue.writer_sleeps = false;
        queue.end_asked.take()
    }

    /// Asks the connection to end. The first who asks decides what the peer is told. Where the peer may not come
    /// back, nothing more is accepted from here on.
    pub(crate) fn stop(&self, stop: Stop) {
        let mut queue = self.lock();
        if !stop.allow_reconnect {
            queue.closed = true;
            queue.wake_senders();
        }
        queue.end_asked.get_or_insert(EndAsked::Stop(stop));
        queue.wake_writer();
    }

    /// A number that changes whenever something is taken from the queue.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Queues the last record, if there is one, and accepts nothing more. What is queued may still be taken, but
    /// nothing will be sent again.
    pub(crate) fn close(&self, format: Format, last: Option<&[u8]>) {
        let mut queue = self.lock();
        queue.replay = None;
        if let Some(last) = last {
            self.append_record(&mut queue, format.transfer_format(), last, Numbered::No);
        }
        self.settle(&mut queue);
        queue.closed = true;
        queue.wake_senders();
    }

    /// Whether nothing more is accepted.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// From now on messages are numbered and kept until the peer acknowledges them, so that they can be sent again.
    /// While more than `limit` bytes are kept, those who send wait.
    pub(crate) fn keep_for_replay(&self, format: Format, limit: usize) {
        let mut queue = self.lock();
        queue.replay = Some(Box::new(ReplayBuffer::new(format, limit)));
        self.settle(&mut queue);
    }

    /// Whether messages are kept for a peer that comes back.
    pub(crate) fn is_replayable(&self) -> bool {
        self.lock().replay.is_some()
    }

    /// Whether those who send wait for an acknowledgement.
    pub(crate) fn awaits_acknowledgement(&self) -> bool {
        self.lock().replay.as_ref().is_some_and(|replay| replay.is_full())
    }

    /// How many bytes are kept for a peer that comes back.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.lock().replay.as_ref().map_or(0, |replay| replay.bytes())
    }

    /// The peer has every message up to this one.
    pub(crate) fn acknowledge(&self, sequence_id: i64) {
        let mut queue = self.lock();
        if let Some(replay) = &mut queue.replay {
            replay.acknowledge(sequence_id);
            self.settle(&mut queue);
            queue.wake_senders();
        }
    }

    /// The peer will not come back: nothing is kept any more, and nobody waits for an acknowledgement.
    pub(crate) fn end_replay(&self) {
        let mut queue = self.lock();
        if queue.replay.take().is_some() {
            self.settle(&mut queue);
            queue.wake_senders();
        }
    }

    /// The transport was lost and may be replaced: what waits to be written need not wait, because what matters of
    /// it is kept.
    pub(crate) fn detach(&self) {
        let mut queue = self.lock();
        if let Some(replay) = &mut queue.replay
            && replay.peer == Peer::Here
        {
            replay.peer = Peer::Away;
            self.clear(&mut queue);
            queue.wake_senders();
        }
    }

    /// The transport was replaced: the peer is told which message comes next, and gets everything again that it
    /// has not acknowledged.
    pub(crate) fn rewind(&self) {
        let mut queue = self.lock();
        let Some(mut replay) = queue.replay.take() else { return };
        self.clear(&mut queue);
        replay.peer = Peer::Here;
        let sequence = replay.sequence();
        self.append_record(&mut queue, replay.format().transfer_format(), &sequence, Numbered::No);
        replay.resend(&mut queue.pieces);
        queue.bytes += replay.bytes();
        queue.frames += replay.messages();
        queue.replay = Some(replay);
        self.settle(&mut queue);
    }

    fn append_record(&self, queue: &mut Queue, format: TransferFormat, record: &[u8], numbered: Numbered) {
        let header = match self.framing {
            Framing::WebSocket => Some(WebSocketHeader::new(format, record.len())),
            Framing::Bare => None,
        };
        let header = header.as_ref().map_or(&[][..], AsRef::as_ref);
        if let Some(replay) = &mut queue.replay {
            if numbered == Numbered::Yes {
                replay.copy(header, record);
            }
            if replay.peer == Peer::Away {
                self.settle(queue);
                return;
            }
        }
        queue.bytes += header.len() + record.len();
        queue.frames += 1;
        pieces::copy(&mut queue.pieces, header, record);
        self.settle(queue);
    }

    fn append_frame(&self, queue: &mut Queue, frame: &Frame, droppable: Droppable) {
        let shared = match self.framing {
            Framing::WebSocket => frame.websocket().clone(),
            Framing::Bare => frame.websocket().slice(frame.bare()),
        };
        if let Some(replay) = &mut queue.replay {
            replay.share(shared.clone());
            if replay.peer == Peer::Away {
                self.settle(queue);
                return;
            }
        }
        queue.bytes += shared.len();
        queue.frames += 1;
        match (self.slow_consumer, droppable) {
            // What may be dropped stands alone, and nothing else is shared.
            (SlowConsumer::DropOldest, Droppable::Yes) => queue.pieces.push_back(Piece::Shared(shared)),
            (SlowConsumer::DropOldest, Droppable::No) => pieces::copy(&mut queue.pieces, &[], &shared),
            _ => pieces::share(&mut queue.pieces, shared),
        }
        self.settle(queue);
    }

    /// Ends a connection whose peer takes too little: what waits for it is forgotten at once.
    fn end_too_slow(&self, queue: &mut Queue) {
        queue.replay = None;
        queue.closed = true;
        self.clear(queue);
        queue.end_asked.get_or_insert(EndAsked::TooSlow);
        queue.wake_senders();
        queue.wake_writer();
    }

    /// Forgets what waits to be written.
    fn clear(&self, queue: &mut Queue) {
        queue.pieces = VecDeque::new();
        queue.bytes = 0;
        queue.frames = 0;
        self.settle(queue);
    }

    /// Takes note of how much is held now.
    fn settle(&self, queue: &mut Queue) {
        let held = queue.held();
        queue.charge.set(held);
        self.full.store(queue.is_full(self.limit), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder for Outbound {
    fn unsent(&self) -> usize {
        self.lock().held()
    }

    fn give_up(&self) {
        self.end_too_slow(&mut self.lock());
        Limit::SlowReaders.hit();
    }
}

impl Queue {
    /// Whether those who send have to wait.
    fn is_full(&self, limit: QueueLimit) -> bool {
        self.holds(limit) || self.replay.as_ref().is_some_and(|replay| replay.is_full())
    }

    /// Whether as much as `limit` waits to be written.
    fn holds(&self, limit: QueueLimit) -> bool {
        self.bytes >= limit.bytes || self.frames >= limit.frames
    }

    /// Drops the oldest frames that may be dropped until there is room. Whether there is.
    fn drop_oldest(&mut self, limit: QueueLimit) -> bool {
        while self.holds(limit) {
            let Some(length) = pieces::drop_oldest_shared(&mut self.pieces) else { return false };
            self.bytes = self.bytes.saturating_sub(length);
            self.frames = self.frames.saturating_sub(1);
        }
        true
    }

    /// How many bytes wait, to be written or to be acknowledged.
    fn held(&self) -> usize {
        self.bytes.saturating_add(self.replay.as_ref().map_or(0, |replay| replay.bytes()))
    }

    fn wake_senders(&mut self) {
        for sender in self.senders.drain(..).chain(self.served.drain(..)) {
            sender.wake();
        }
    }

    fn wake_writer(&mut self) {
        if std::mem::take(&mut self.writer_sleeps)
            && let Some(writer) = &self.writer
        {
            writer.wake_by_ref();
        }
    }
}

fn wait(line: &mut Vec<Waker>, waker: &Waker) {
    if !line.iter().any(|waiting| waiting.will_wake(waker)) {
        line.push(waker.clone());
    }
}
