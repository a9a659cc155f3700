//! A stream that arrives item by item: from the engine, which decodes, to the code that reads it.
//!
//! Used for the streams that a client sends to a hub method, and for the results that a stub streams.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::backlog::{Backlog, Waiting};
use super::error::HubError;
use super::value::{Encoded, Payload, ValueError, WireValue};

/// The engine's end of an arriving stream.
pub(crate) trait ItemSink: Send + Sync {
    /// Decodes one item and hands it to the reader.
    fn item(&self, payload: Payload<'_>) -> Taken;

    /// Ends the stream: with nothing (its source is done) or with what went wrong. The first end counts.
    fn end(&self, error: Option<HubError>);
}

/// What became of an item.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It waits for the reader.
    Yes,
    /// Nobody reads any more: the item was dropped, and the stream may be forgotten.
    No,
    /// It is not what the stream is made of. Whoever feeds the stream is to end it with an error.
    Undecodable(ValueError),
}

/// A stream whose items arrive from the other side of a connection.
pub struct Incoming<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    decode: fn(Payload<'_>) -> Result<T, ValueError>,
    /// Items that the stream holds before they count as backlog.
    capacity: usize,
    backlog: Arc<Backlog>,
}

struct State<T> {
    items: VecDeque<Item<T>>,
    end: End,
    reader: Option<Reader>,
}

/// Who waits for the next item.
struct Reader {
    waker: Waker,
    _waiting: Waiting,
}

struct Item<T> {
    value: T,
    /// What it counts in the backlog.
    backlog: usize,
}

enum End {
    /// More may come.
    Open,
    /// Nothing more comes; the error has not been read yet.
    Ended(Option<HubError>),
    /// The reader is gone, or has read to the end.
    Closed,
}

impl<T: WireValue> Incoming<T> {
    /// A stream and the end that feeds it. Items beyond `capacity` count in `backlog`.
    pub(crate) fn new(capacity: usize, backlog: Arc<Backlog>) -> (Self, Arc<dyn ItemSink>) {
        Self::with(decode, capacity, backlog)
    }
}

impl Incoming<Encoded> {
    /// A stream whose items stay as they are on the wire: whoever reads it decodes them.
    pub(crate) fn encoded(capacity: usize, backlog: Arc<Backlog>) -> (Self, Arc<dyn ItemSink>) {
        Self::with(|item| Ok(Encoded::copy_from(item.bytes)), capacity, backlog)
    }
}

impl<T: Send + 'static> Incoming<T> {
    fn with(
        decode: fn(Payload<'_>) -> Result<T, ValueError>,
        capacity: usize,
        backlog: Arc<Backlog>,
    ) -> (Self, Arc<dyn ItemSink>) {
        let shared = Arc::new(Shared {
            state: Mutex::new(State { items: VecDeque::new(), end: End::Open, reader: None }),
            decode,
            capacity,
            backlog,
        });
        (Self { shared: Arc::clone(&shared) }, shared)
    }
}

impl<T: Send> ItemSink for Shared<T> {
    fn item(&self, payload: Payload<'_>) -> Taken {
        if !matches!(lock(&self.state).end, End::Open) {
            return Taken::No;
        }
        // Decoded without the lock: the reader may run on another thread.
        let value = match (self.decode)(payload) {
            Ok(value) => value,
            Err(error) => return Taken::Undecodable(error),
        };
        let mut state = lock(&self.state);
        if !matches!(state.end, End::Open) {
            return Taken::No;
        }
        // A few bytes on the wire may be a large value in memory.
        let size = payload.bytes.len() + size_of::<Item<T>>();
        let backlog = if state.items.len() < self.capacity { 0 } else { size };
        self.backlog.add(backlog);
        state.items.push_back(Item { value, backlog });
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.waker.wake();
        }
        Taken::Yes
    }

    fn end(&self, error: Option<HubError>) {
        let mut state = lock(&self.state);
        if matches!(state.end, End::Open) {
            state.end = End::Ended(error);
            let reader = state.reader.take();
            drop(state);
            if let Some(reader) = reader {
                reader.waker.wake();
            }
        }
    }
}

impl<T> Stream for Incoming<T> {
    type Item = Result<T, HubError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = lock(&self.shared.state);
        if let Some(Item { value, backlog }) = state.items.pop_front() {
            drop(state);
            self.shared.backlog.remove(backlog);
            return Poll::Ready(Some(Ok(value)));
        }
        match std::mem::replace(&mut state.end, End::Closed) {
            End::Open => {
                state.end = End::Open;
                if let Some(reader) = &mut state.reader {
                    reader.waker.clone_from(cx.waker());
                } else {
                    let waiting = self.shared.backlog.wait();
                    state.reader = Some(Reader { waker: cx.waker().clone(), _waiting: waiting });
                }
                Poll::Pending
            }
            End::Ended(error) => Poll::Ready(error.map(Err)),
            End::Closed => Poll::Ready(None),
        }
    }
}

impl<T> Drop for Incoming<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.end = End::Closed;
        state.reader = None;
        let items = std::mem::take(&mut state.items);
        drop(state);
        self.shared.backlog.remove(items.iter().map(|item| item.backlog).sum());
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}

fn decode<T: WireValue>(item: Payload<'_>) -> Result<T, ValueError> {
    item.decode()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
