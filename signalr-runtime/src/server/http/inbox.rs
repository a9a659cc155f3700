//! What a client sends by POST, on its way to its connection: a bounded pipe.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::connection::duplex::Received;

/// Filled by one request at a time, emptied by the connection's task.
pub(super) struct Inbox {
    limit: usize,
    /// Held by the request that writes: requests do not mix their bytes.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    end: Option<End>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing more is written, and what was written may be read.
    Ended,
    /// Nobody reads any more.
    Closed,
}

/// The connection is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed;

/// The right to write.
pub(super) struct Turn<'a> {
    inbox: &'a Inbox,
    _turn: tokio::sync::MutexGuard<'a, ()>,
}

impl Inbox {
    /// A pipe that holds `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, turn: tokio::sync::Mutex::default(), state: Mutex::default() }
    }

    /// Waits until no other request writes.
    pub(super) async fn turn(&self) -> Turn<'_> {
        Turn { inbox: self, _turn: self.turn.lock().await }
    }

    /// Reads everything that is there.
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, receive: &mut dyn FnMut(&[u8])) -> Poll<Received> {
        let mut state = self.lock();
        if state.bytes.is_empty() {
            return match state.end {
                Some(_) => Poll::Ready(Received::End),
                None => {
                    keep(&mut state.reader, cx);
                    Poll::Pending
                }
            };
        }
        let bytes = std::mem::take(&mut state.bytes);
        wake(&mut state.writer);
        drop(state);
        receive(&bytes);
        Poll::Ready(Received::Some)
    }

    /// Nothing more comes.
    pub(super) fn end(&self) {
        self.finish(End::Ended);
    }

    /// The connection is over: whoever writes learns so.
    pub(super) fn close(&self) {
        self.finish(End::Closed);
    }

    fn finish(&self, end: End) {
        let mut state = self.lock();
        if end == End::Closed {
            state.bytes = Vec::new();
            state.end = Some(end);
        } else {
            state.end.get_or_insert(end);
        }
        wake(&mut state.reader);
        wake(&mut state.writer);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Writes all of `bytes`, as room comes.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Closed> {
        poll_fn(|cx| {
            let mut state = self.inbox.lock();
            if state.end.is_some() {
                return Poll::Ready(Err(Closed));
            }
            let room = self.inbox.limit.saturating_sub(state.bytes.len());
            let (fits, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            if !fits.is_empty() {
                state.bytes.extend_from_slice(fits);
                wake(&mut state.reader);
                bytes = rest;
            }
            if bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            keep(&mut state.writer, cx);
            Poll::Pending
        })
        .await
    }
}

/// Remembers whom to wake.
pub(super) fn keep(slot: &mut Option<Waker>, cx: &Context<'_>) {
    if !slot.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

/// Wakes who waits.
pub(super) fn wake(slot: &mut Option<Waker>) {
    if let Some(waker) = slot.take() {
        waker.wake();
    }
}
