//! A stream that arrives item by item: from the engine to the code that reads it.
//!
//! Used for the streams that a client sends to a hub method, and for the results that a stub streams. An item that its
//! reader waits for is decoded as it comes. One that nobody waits for stays what it was on the wire until it is read: a few
//! bytes may be a large value in memory.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;

use super::backlog::{Backlog, ItemSize, Waiting};
use super::error::HubError;
use super::value::{Encoded, HubProtocol, Payload, ValueError, WireValue};

/// The engine's end of an arriving stream.
pub(crate) trait ItemSink: Send + Sync {
    /// Takes one item for the reader.
    fn item(&self, payload: Payload<'_>) -> Taken;

    /// Ends the stream: with nothing (its source is done) or with what went wrong. The first end counts.
    fn end(&self, error: Option<HubError>);
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The stream has it.
    Yes,
    /// The stream keeps it as it came: nobody has looked at its value, and whoever reads it later can no longer end the
    /// connection.
    Unchecked,
    /// Nobody reads any more, or it is not what the stream is made of, which has ended with an error: the stream may be
    /// forgotten.
    No,
}

/// A stream whose items arrive from the other side of a connection.
pub struct Incoming<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    decode: fn(Payload<'_>) -> Result<T, ValueError>,
    /// What the engine is told of an item that is kept.
    kept: Taken,
    /// Items that the stream should hold.
    capacity: usize,
    backlog: Arc<Backlog>,
}

struct State<T> {
    /// The item that the reader waited for.
    next: Option<(T, ItemSize)>,
    /// Those behind it.
    kept: VecDeque<KeptItem>,
    end: End,
    reader: Option<Reader>,
}

/// Who waits for the next item.
struct Reader {
    waker: Waker,
    _waiting: Waiting,
}

/// An item as it came.
struct KeptItem {
    format: HubProtocol,
    bytes: Box<[u8]>,
    size: ItemSize,
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
    /// A stream and the end that feeds it. Items beyond `capacity` are in excess in `backlog`.
    pub(crate) fn new(capacity: usize, backlog: Arc<Backlog>) -> (Self, Arc<dyn ItemSink>) {
        Self::with(decode, Taken::Unchecked, capacity, backlog)
    }
}

impl Incoming<Encoded> {
    /// A stream that nobody reads yet: it keeps what comes for another one.
    pub(crate) fn kept(capacity: usize, backlog: Arc<Backlog>) -> (Self, Arc<dyn ItemSink>) {
        Self::with(|item| Ok(Encoded::copy_from(item.bytes)), Taken::Unchecked, capacity, backlog)
    }

    /// Gives what has come to another stream, and the end if it has. Whether that one takes more.
    pub(crate) fn hand_over(self, to: &dyn ItemSink) -> bool {
        let mut state = lock(&self.shared.state);
        let kept = std::mem::take(&mut state.kept);
        let end = std::mem::replace(&mut state.end, End::Closed);
        drop(state);
        let mut takes_more = true;
        for KeptItem { format, bytes, size } in kept {
            self.shared.backlog.remove(size);
            takes_more = takes_more && to.item(Payload { format, bytes: &bytes }) != Taken::No;
        }
        if let End::Ended(error) = end {
            to.end(error);
        }
        takes_more
    }

    /// A stream whose items stay as they are on the wire: whoever reads it decodes them.
    pub(crate) fn encoded(capacity: usize, backlog: Arc<Backlog>) -> (Self, Arc<dyn ItemSink>) {
        Self::with(|item| Ok(Encoded::copy_from(item.bytes)), Taken::Yes, capacity, backlog)
    }
}

impl<T: Send + 'static> Incoming<T> {
    fn with(
        decode: fn(Payload<'_>) -> Result<T, ValueError>,
        kept: Taken,
        capacity: usize,
        backlog: Arc<Backlog>,
    ) -> (Self, Arc<dyn ItemSink>) {
        let state = State { next: None, kept: VecDeque::new(), end: End::Open, reader: None };
        let shared = Arc::new(Shared { state: Mutex::new(state), decode, kept, capacity, backlog });
        (Self { shared: Arc::clone(&shared) }, shared)
    }
}

impl<T> Shared<T> {
    /// Runs the user's decoder.
    fn decode(&self, item: Payload<'_>) -> Result<T, HubError> {
        let hooks = self.backlog.hooks();
        let decoded = catch_unwind(AssertUnwindSafe(|| (self.decode)(item))).unwrap_or_else(|_| {
            (hooks.panicked)();
            Err(ValueError::new("the decoder panicked"))
        });
        decoded.map_err(|error| (hooks.undecodable)(&error))
    }
}

impl<T> State<T> {
    fn is_open(&self) -> bool {
        matches!(self.end, End::Open)
    }

    /// How many items nobody has read.
    fn unread(&self) -> usize {
        self.kept.len() + usize::from(self.next.is_some())
    }
}

impl<T: Send> ItemSink for Shared<T> {
    fn item(&self, payload: Payload<'_>) -> Taken {
        let mut state = lock(&self.state);
        if !state.is_open() {
            return Taken::No;
        }
        let bytes = payload.bytes.len() + size_of::<KeptItem>();
        let size = ItemSize { bytes, excess: state.unread() >= self.capacity };
        let Some(reader) = state.reader.take() else {
            let kept = KeptItem { format: payload.format, bytes: payload.bytes.into(), size };
            state.kept.push_back(kept);
            self.backlog.add(size);
            return self.kept;
        };
        // Decoded without the lock: the reader may run on another thread.
        drop(state);
        let decoded = self.decode(payload);
        let mut state = lock(&self.state);
        let taken = match decoded {
            Ok(item) if state.is_open() => {
                self.backlog.add(size);
                state.next = Some((item, size));
                Taken::Yes
            }
            Err(error) if state.is_open() => {
                state.end = End::Ended(Some(error));
                Taken::No
            }
            _ => Taken::No,
        };
        // It may have looked for the item meanwhile, and waits with another waker.
        let again = state.reader.take();
        drop(state);
        for reader in again.into_iter().chain([reader]) {
            reader.waker.wake();
        }
        taken
    }

    fn end(&self, error: Option<HubError>) {
        let mut state = lock(&self.state);
        if state.is_open() {
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
        let shared = &*self.shared;
        // Before an item is taken: one that was taken is not lost.
        ready!((shared.backlog.hooks().give_way)(cx));
        let mut state = lock(&shared.state);
        if let Some((item, size)) = state.next.take() {
            drop(state);
            shared.backlog.remove(size);
            return Poll::Ready(Some(Ok(item)));
        }
        if let Some(KeptItem { format, bytes, size }) = state.kept.pop_front() {
            drop(state);
            let item = shared.decode(Payload { format, bytes: &bytes });
            drop(bytes);
            shared.backlog.remove(size);
            if item.is_err() {
                self.close();
            }
            return Poll::Ready(Some(item));
        }
        match std::mem::replace(&mut state.end, End::Closed) {
            End::Open => {
                state.end = End::Open;
                if let Some(reader) = &mut state.reader {
                    reader.waker.clone_from(cx.waker());
                } else {
                    let waiting = shared.backlog.wait();
                    state.reader = Some(Reader { waker: cx.waker().clone(), _waiting: waiting });
                }
                Poll::Pending
            }
            End::Ended(error) => Poll::Ready(error.map(Err)),
            End::Closed => Poll::Ready(None),
        }
    }
}

impl<T> Incoming<T> {
    /// Nothing more is read.
    fn close(&self) {
        let mut state = lock(&self.shared.state);
        state.end = End::Closed;
        state.reader = None;
        let (next, kept) = (state.next.take(), std::mem::take(&mut state.kept));
        drop(state);
        let sizes = next.iter().map(|(_, size)| *size).chain(kept.iter().map(|item| item.size));
        sizes.for_each(|size| self.shared.backlog.remove(size));
    }
}

impl<T> Drop for Incoming<T> {
    fn drop(&mut self) {
        self.close();
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

#[cfg(all(test, feature = "json"))]
mod tests {
    use std::cell::RefCell;

    use futures_util::{FutureExt, StreamExt};

    use super::*;
    use crate::contract::backlog::StreamHooks;

    static HOOKS: StreamHooks = StreamHooks {
        give_way: |_| Poll::Ready(()),
        undecodable: |error| HubError::new(error.to_string()),
        panicked: || (),
    };

    thread_local! {
        /// Looked at by another thread while an item is being decoded.
        static STREAM: RefCell<Option<Incoming<u8>>> = const { RefCell::new(None) };
    }

    fn look() -> Option<u8> {
        let item = STREAM.with_borrow_mut(|stream| stream.as_mut()?.next().now_or_never())?;
        item.map(Result::unwrap)
    }

    #[test]
    fn a_reader_that_looks_while_an_item_is_decoded_misses_none() {
        let backlog = Arc::new(Backlog::new(&HOOKS));
        let decode = |item: Payload<'_>| {
            if item.bytes == b"1" {
                assert_eq!(look(), None, "it has not come yet");
            }
            item.decode()
        };
        let (stream, sink) = Incoming::<u8>::with(decode, Taken::Unchecked, 4, Arc::clone(&backlog));
        STREAM.set(Some(stream));
        assert_eq!(look(), None, "somebody waits");
        for bytes in [b"1", b"2", b"3"] {
            sink.item(Payload { format: HubProtocol::Json, bytes });
        }
        sink.end(None);
        let rest = STREAM.take().unwrap().map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!(rest.now_or_never().unwrap(), [1, 2, 3]);
        assert_eq!((backlog.unread(), backlog.is_awaited()), (0, false));
    }
}
