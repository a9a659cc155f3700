//! What a client sends, on its way to who reads it: a bounded pipe.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::ReadBuf;

use crate::connection::budget::{Charge, ChargeKind, MemoryBudget};
use crate::connection::duplex::Received;
use crate::connection::waker_slot::WakerSlot;

/// How long ago a pipe was read at the most to be read in a row.
const JUST_NOW: Duration = Duration::from_millis(100);

/// From the POST requests of a client, one at a time, to its connection; or from a connection of bytes to its handler.
pub(crate) struct Inbox {
    limit: usize,
    /// What requests may hold together that wait for their turn.
    waiting_room: Waiting,
    /// Held by the request that writes: requests do not mix their bytes.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: BytesMut,
    /// The size of the piece of a request that is being written. It is kept as a whole until all of it has found room.
    writing: usize,
    /// What the HTTP server holds of that request, as it seems.
    read_ahead: usize,
    /// What requests hold that wait for their turn.
    waiting: Waiting,
    charge: Charge,
    end: Option<End>,
    reader: WakerSlot,
    /// When it was read last.
    read: Option<Instant>,
    writer: WakerSlot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing more is written, and what was written may be read.
    Ended,
    /// Nobody reads any more.
    Closed,
}

/// A number of requests, and the bytes that they hold.
#[derive(Clone, Copy, Default)]
struct Waiting {
    requests: usize,
    bytes: usize,
}

/// The connection is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed;

/// As many requests wait for their turn as may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowded;

/// The right to write.
pub(super) struct Turn<'a> {
    inbox: &'a Inbox,
    _guard: tokio::sync::MutexGuard<'a, ()>,
}

/// A request that waits for its turn.
struct Place<'a> {
    inbox: &'a Inbox,
    bytes: usize,
}

impl Inbox {
    /// A pipe that holds `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let waiting_room = Waiting { requests: usize::MAX, bytes: usize::MAX };
        Self { limit, waiting_room, turn: tokio::sync::Mutex::default(), state: Mutex::default() }
    }

    /// Lets so many requests, which hold no more than so many bytes, wait behind the one that writes.
    pub(super) fn with_room_to_wait(self, requests: usize, bytes: usize) -> Self {
        Self { waiting_room: Waiting { requests, bytes }, ..self }
    }

    /// Charges what is held to `budget`.
    pub(crate) fn charged_to(self, budget: Option<MemoryBudget>) -> Self {
        self.lock().charge = Charge::new(budget, ChargeKind::Received);
        self
    }

    /// Waits until no other request writes, if there is room for one that holds so many bytes meanwhile.
    pub(super) async fn turn(&self, bytes: usize) -> Result<Turn<'_>, Crowded> {
        if let Ok(guard) = self.turn.try_lock() {
            return Ok(Turn { inbox: self, _guard: guard });
        }
        let place = self.place(bytes)?;
        let guard = self.turn.lock().await;
        drop(place);
        Ok(Turn { inbox: self, _guard: guard })
    }

    /// A place among those that wait.
    fn place(&self, bytes: usize) -> Result<Place<'_>, Crowded> {
        let mut state = self.lock();
        let Waiting { requests, bytes: held } = state.waiting;
        let with_it = Waiting { requests: requests.saturating_add(1), bytes: held.saturating_add(bytes) };
        if with_it.requests > self.waiting_room.requests || with_it.bytes > self.waiting_room.bytes {
            return Err(Crowded);
        }
        state.waiting = with_it;
        state.settle();
        Ok(Place { inbox: self, bytes })
    }

    /// Reads everything that is there.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, receive: &mut dyn FnMut(&[u8])) -> Poll<Received> {
        let mut state = self.lock();
        if state.bytes.is_empty() {
            if state.end.is_some() {
                return Poll::Ready(Received::End);
            }
            state.reader.register(cx);
            return Poll::Pending;
        }
        let bytes = std::mem::take(&mut state.bytes);
        state.read = Some(Instant::now());
        state.settle();
        state.writer.wake_later();
        drop(state);
        receive(&bytes);
        Poll::Ready(Received::Some)
    }

    /// Reads as much as there is and fits; nothing at the end. Fails when the other side was lost.
    pub(crate) fn poll_fill(&self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<(), Closed>> {
        let mut state = self.lock();
        if state.bytes.is_empty() {
            return match state.end {
                Some(End::Ended) => Poll::Ready(Ok(())),
                Some(End::Closed) => Poll::Ready(Err(Closed)),
                None => {
                    state.reader.register(cx);
                    Poll::Pending
                }
            };
        }
        let fits = state.bytes.len().min(into.remaining());
        into.put_slice(&state.bytes.split_to(fits));
        if state.bytes.is_empty() {
            state.bytes = BytesMut::new();
        }
        state.settle();
        state.writer.wake_later();
        Poll::Ready(Ok(()))
    }

    /// Ready when there is room.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.bytes.len() < self.limit || state.end.is_some() {
            return Poll::Ready(());
        }
        state.writer.register(cx);
        Poll::Pending
    }

    /// Adds what one read has brought, after there was room.
    pub(crate) fn push(&self, bytes: &[u8]) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.bytes.extend_from_slice(bytes);
            state.settle();
            state.wake_reader();
        }
    }

    /// The other side was lost: what it has sent may still be read.
    pub(crate) fn lose(&self) {
        let mut state = self.lock();
        state.end.get_or_insert(End::Closed);
        state.reader.wake();
    }

    /// Nothing more comes.
    pub(crate) fn end(&self) {
        self.finish(End::Ended);
    }

    /// The connection is over: whoever writes learns so.
    pub(super) fn close(&self) {
        self.finish(End::Closed);
    }

    fn finish(&self, end: End) {
        let mut state = self.lock();
        if end == End::Closed {
            state.bytes = BytesMut::new();
            state.settle();
            state.end = Some(end);
        } else {
            state.end.get_or_insert(end);
        }
        state.reader.wake();
        state.writer.wake();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Wakes who reads. Whoever has read just now lets others run first: requests that follow each other would keep the
    /// runtime from its sockets.
    fn wake_reader(&mut self) {
        if self.read.is_some_and(|read| read.elapsed() < JUST_NOW) {
            self.reader.wake_later();
        } else {
            self.reader.wake();
        }
    }

    /// Charges what is held now.
    fn settle(&mut self) {
        let held = self.bytes.len().saturating_add(self.writing).saturating_add(self.read_ahead);
        self.charge.set(held.saturating_add(self.waiting.bytes));
    }
}

impl Turn<'_> {
    /// Writes all of `piece`, as room comes, of a request for which the HTTP server holds `read_ahead` bytes more.
    pub(super) async fn write(&mut self, piece: &[u8], read_ahead: usize) -> Result<(), Closed> {
        let mut bytes = piece;
        poll_fn(|cx| {
            let mut state = self.inbox.lock();
            if state.end.is_some() {
                return Poll::Ready(Err(Closed));
            }
            let room = self.inbox.limit.saturating_sub(state.bytes.len());
            let (fits, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            if !fits.is_empty() {
                state.bytes.extend_from_slice(fits);
                state.wake_reader();
                bytes = rest;
            }
            state.writing = if bytes.is_empty() { 0 } else { piece.len() };
            state.read_ahead = read_ahead;
            state.settle();
            if bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            state.writer.register(cx);
            Poll::Pending
        })
        .await
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.inbox.lock();
        let Waiting { requests, bytes } = state.waiting;
        state.waiting =
            Waiting { requests: requests.saturating_sub(1), bytes: bytes.saturating_sub(self.bytes) };
        state.settle();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.inbox.lock();
        // The request may have gone in the middle of a piece.
        state.writing = 0;
        state.read_ahead = 0;
        state.settle();
    }
}
