//! The one way out of a connection: a bounded queue of ready frames.
//!
//! Hub methods, broadcasts, streams and the engine itself append whole frames from any task; only the
//! connection's own task takes them out and writes them. Small frames are copied together, so that whatever
//! gathered since the last write goes out in one system call; a large frame is shared between its receivers.
//!
//! Stateful reconnect numbers messages here and nowhere else: in the order in which they were queued.

mod offer;
mod queue;
mod resume;
mod senders;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;

use self::queue::{Numbered, Queue};
use self::senders::Senders;
pub(crate) use self::senders::Share;
use super::budget::{Charge, ChargeKind, MemoryBudget};
use super::frame::FrameHeader;
use super::pieces::Piece;
use super::slow_consumer::{Patience, SlowConsumer};
use super::writer::Writing;
use crate::contract::value::HubProtocol;
use crate::protocol::TransferFormat;

/// How much may wait in a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimit {
    pub(crate) bytes: usize,
    pub(crate) frames: usize,
}

/// Why a frame was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The queue is at its limit.
    Full,
    /// The connection is over.
    Closed,
    /// The peer reads too slowly: the connection is to end, and nothing more is queued.
    TooSlow,
}

/// The queue of one connection, and those who wait for it.
pub(crate) struct Outbound {
    budget: Option<MemoryBudget>,
    /// How often something was taken.
    taken: AtomicUsize,
    /// How often a part of what was taken has gone out.
    parts: AtomicUsize,
    /// Whether the patience with the peer has begun, for the writer, which asks about it for each batch.
    waited_for: AtomicBool,
    /// Whether those who send have to wait, for the reader, which asks about it for each message.
    full: AtomicBool,
    /// Tells those who wait for room, which may be any number of tasks: whoever waits no longer leaves nothing behind.
    room: Notify,
    state: Mutex<State>,
}

struct State {
    queue: Queue,
    /// What the queue costs.
    charge: Charge,
    patience: Patience,
    closed: bool,
    /// Whether something was forgotten that waited to be written.
    lost: bool,
    /// The connection's task, while it sleeps.
    writer: Option<Waker>,
    /// Whether the task wants to be woken: not while it runs and will look by itself.
    writer_sleeps: bool,
    senders: Senders,
}

impl Outbound {
    pub(crate) fn new(frame_header: FrameHeader, limit: QueueLimit) -> Self {
        Self {
            budget: None,
            taken: AtomicUsize::new(0),
            parts: AtomicUsize::new(0),
            waited_for: AtomicBool::new(false),
            full: AtomicBool::new(false),
            room: Notify::new(),
            state: Mutex::new(State {
                queue: Queue::new(frame_header, limit),
                charge: Charge::new(None, ChargeKind::Unsent),
                patience: Patience::new(Duration::MAX),
                closed: false,
                lost: false,
                writer: None,
                writer_sleeps: false,
                senders: Senders::default(),
            }),
        }
    }

    /// Lets senders wait for the peer with this patience, and does with calls after that what `policy` says.
    pub(crate) fn for_slow_consumers(self, policy: SlowConsumer, patience: Duration) -> Self {
        let mut state = self.lock();
        state.queue.slow_consumer = policy;
        state.patience = Patience::new(patience);
        drop(state);
        self
    }

    /// Charges what is held to `budget`.
    pub(crate) fn charged_to(mut self, budget: Option<MemoryBudget>) -> Self {
        self.lock().charge = Charge::new(budget.clone(), ChargeKind::Unsent);
        self.budget = budget;
        self
    }

    /// What is charged.
    pub(crate) fn budget(&self) -> Option<&MemoryBudget> {
        self.budget.as_ref()
    }

    /// Waits for room.
    pub(crate) async fn room(&self) -> Result<(), Refused> {
        loop {
            let room = self.room.notified();
            match self.has_room() {
                Err(Refused::Full) => room.await,
                known => return known,
            }
        }
    }

    /// Whether there is room.
    pub(crate) fn has_room(&self) -> Result<(), Refused> {
        self.look().has_room()
    }

    /// Queues one encoded hub message that has no other receiver, whether or not there is room: what a
    /// connection itself says is bounded by what it accepts from its peer.
    pub(crate) fn push_message(&self, format: HubProtocol, record: &[u8]) {
        self.push(format.transfer_format(), record, Numbered::Yes);
    }

    /// Queues a record that only keeps the connection going, and that no peer needs to have: a handshake, a
    /// ping, an acknowledgement.
    pub(crate) fn push_control(&self, format: HubProtocol, record: &[u8]) {
        self.push(format.transfer_format(), record, Numbered::No);
    }

    /// Queues bytes that are no hub messages.
    pub(crate) fn push_bytes(&self, format: TransferFormat, bytes: &[u8]) {
        self.push(format, bytes, Numbered::No);
    }

    fn push(&self, format: TransferFormat, record: &[u8], numbered: Numbered) {
        let mut state = self.lock();
        if !state.closed {
            state.queue.push_record(format, record, numbered);
            state.wake_writer();
        }
    }

    /// [`room`](Self::room) for the one task that owns the connection.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut state = self.look();
        let room = state.has_room();
        if room == Err(Refused::Full) {
            state.senders.wait(cx);
            return Poll::Pending;
        }
        Poll::Ready(room)
    }

    /// [`poll_room`](Self::poll_room) for a stream of the connection's own.
    pub(crate) fn poll_share(&self, share: &mut Share, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut state = self.look();
        if state.closed {
            return Poll::Ready(Err(Refused::Closed));
        }
        if !state.queue.is_full_for_streams() {
            state.senders.has_room_for(share);
            return Poll::Ready(Ok(()));
        }
        state.senders.wait_for_share(share, self.taken(), cx);
        Poll::Pending
    }

    /// Whether those who send have to wait.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Whether the transport takes too little of what is sent.
    pub(crate) fn is_stuck(&self) -> bool {
        let state = self.look();
        state.queue.holds(state.queue.limit)
    }

    /// Whether as much as `limit` waits to be written, or to be acknowledged.
    pub(crate) fn holds(&self, limit: QueueLimit) -> bool {
        let state = self.look();
        state.queue.holds(limit) || state.queue.unacknowledged() >= limit.bytes
    }

    /// Ready when the transport has taken everything, or when the connection is over.
    pub(crate) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        let mut state = self.look();
        if state.queue.is_empty() && !state.lost {
            return Poll::Ready(Ok(()));
        }
        if state.closed {
            return Poll::Ready(Err(Refused::Closed));
        }
        state.senders.wait(cx);
        Poll::Pending
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.look().queue.is_empty()
    }

    /// Moves everything that waits into `batch`, in order.
    pub(crate) fn take(&self, batch: &mut VecDeque<Piece>) {
        let mut state = self.lock();
        if state.queue.is_empty() {
            return;
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        state.queue.take(batch);
        state.senders.wake();
    }

    /// Everything that was taken has been copied, and is charged where the copy is.
    pub(crate) fn copied(&self) {
        let mut state = self.look();
        state.queue.written();
        state.settle();
    }

    /// A part of what was taken has gone out, and the rest is stuck.
    pub(crate) fn wrote_part(&self) {
        self.parts.fetch_add(1, Ordering::Relaxed);
    }

    /// A number that changes whenever bytes go out. A transport takes nothing before it has written what it has taken.
    pub(crate) fn progress(&self) -> usize {
        self.taken().wrapping_add(self.parts.load(Ordering::Relaxed))
    }

    /// A number that changes whenever something is taken from the queue.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// The connection's task is about to sleep: true when it may, false when something was queued meanwhile that
    /// the transport could take.
    pub(crate) fn sleep(&self, writing: Writing, cx: &mut Context<'_>) -> bool {
        let mut state = self.look();
        if writing == Writing::Free && !state.queue.is_empty() {
            return false;
        }
        if !state.writer.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.writer = Some(cx.waker().clone());
        }
        if writing == Writing::Free {
            state.queue.written();
        }
        state.writer_sleeps = true;
        state.settle();
        drop(state);
        if let Some(budget) = &self.budget {
            budget.relieve();
        }
        true
    }

    /// The connection's task runs: it will look into the queue before it sleeps.
    pub(crate) fn awake(&self) {
        self.look().writer_sleeps = false;
    }

    /// Whether the connection's task has done all it can for now, or is over.
    pub(crate) fn is_at_rest(&self) -> bool {
        let state = self.look();
        state.writer_sleeps || state.closed
    }

    /// Wakes the connection's task, if it sleeps.
    pub(crate) fn wake(&self) {
        self.lock().wake_writer();
    }

    /// Accepts nothing more. What is queued goes out.
    pub(crate) fn refuse(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.senders.wake();
    }

    /// Forgets what waits at once, and accepts nothing more: the peer reads too slowly.
    pub(crate) fn give_up(&self) {
        self.lock().give_up();
    }

    /// How many bytes wait to be written or acknowledged, or are being written.
    pub(crate) fn unsent(&self) -> usize {
        self.lock().queue.unsent()
    }

    /// Queues the last record, if there is one, and accepts nothing more. What is queued may still be taken, but
    /// nothing will be sent again.
    pub(crate) fn close(&self, format: HubProtocol, last: Option<&[u8]>) {
        let mut state = self.lock();
        state.queue.replay = None;
        if let Some(last) = last {
            state.queue.push_record(format.transfer_format(), last, Numbered::No);
        }
        state.closed = true;
        state.settle();
        state.senders.wake();
    }

    /// The transport is gone for good: what waits for it is forgotten, however long somebody holds on to the connection.
    pub(crate) fn discard(&self) {
        self.lock().forget();
    }

    /// Whether nothing more is accepted.
    pub(crate) fn is_closed(&self) -> bool {
        self.look().closed
    }

    /// The state, for whoever does not change the queue.
    fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> Locked<'_> {
        let state = self.look();
        Locked { state, full: &self.full, room: &self.room }
    }
}

impl State {
    fn has_room(&self) -> Result<(), Refused> {
        if self.closed {
            Err(Refused::Closed)
        } else if self.queue.is_full() {
            Err(Refused::Full)
        } else {
            Ok(())
        }
    }

    fn give_up(&mut self) {
        self.forget();
        self.closed = true;
        self.senders.wake();
    }

    fn forget(&mut self) {
        self.lost |= !self.queue.is_empty();
        self.queue.replay = None;
        self.queue.clear();
        self.settle();
    }

    /// Charges exactly what is held.
    fn settle(&mut self) {
        if self.charge.is_counted() {
            self.charge.set(self.queue.held());
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

/// The state while it is locked. Whatever was done to the queue is accounted for before anybody else sees it.
struct Locked<'a> {
    state: MutexGuard<'a, State>,
    full: &'a AtomicBool,
    room: &'a Notify,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let State { queue, charge, closed, .. } = &mut *self.state;
        if charge.is_counted() {
            charge.follow(queue.held());
        }
        let (was_full, is_full) = (self.full.load(Ordering::Relaxed), queue.is_full());
        self.full.store(is_full, Ordering::Relaxed);
        // Nobody waits unless it was full.
        if was_full && (!is_full || *closed) {
            self.room.notify_waiters();
        }
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}
