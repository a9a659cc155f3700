//! Lends a stream to a connection for the time of one call.
//!
//! A connection can only send a stream that it owns (`'static`), but the trait that a stub implements takes
//! streams that may borrow. So the stream stays in the future of the call, which reads it whenever the
//! connection asks for an item, and hands the item over.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::error::{HubError, HubErrorKind};
use super::hub::{Outcome, StreamParam};

/// Splits `source` into the end that the connection owns and the end that reads `source`.
pub fn relay<C, P, S>(source: S) -> (Relay<C::Item>, Pump<S>)
where
    C: StreamParam<P>,
    S: Stream<Item = C::Item>,
{
    let shared = Arc::new(Shared(Mutex::new(Handover {
        item: None,
        asked: false,
        source: Source::Open,
        relay: None,
        pump: None,
    })));
    let relay = Relay { shared: Arc::clone(&shared), left: left::<C::Item> };
    (relay, Pump { source: Some(Box::pin(source)), shared })
}

/// What the connection reads when the call ended before the stream did.
fn left<R: Outcome>() -> R {
    let text = "The call ended before the stream did.";
    R::from_result(Err(HubError::with_kind(HubErrorKind::Canceled, text)))
}

struct Shared<T>(Mutex<Handover<T>>);

struct Handover<T> {
    item: Option<T>,
    /// The connection waits for an item: without that, the source is not polled.
    asked: bool,
    source: Source,
    relay: Option<Waker>,
    pump: Option<Waker>,
}

enum Source {
    Open,
    Ended,
    /// The call's future was dropped while there was more to read.
    Left,
    /// The connection reads no more.
    Unwanted,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Handover<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, how: Source) {
        let mut handover = self.lock();
        if matches!(handover.source, Source::Open) {
            handover.source = how;
        }
        let wakers = [handover.relay.take(), handover.pump.take()];
        drop(handover);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// The connection's end.
pub struct Relay<T> {
    shared: Arc<Shared<T>>,
    left: fn() -> T,
}

impl<T> Stream for Relay<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut handover = self.shared.lock();
        if let Some(item) = handover.item.take() {
            return Poll::Ready(Some(item));
        }
        match handover.source {
            Source::Open => {
                handover.asked = true;
                handover.relay = Some(cx.waker().clone());
                let pump = handover.pump.take();
                drop(handover);
                if let Some(pump) = pump {
                    pump.wake();
                }
                Poll::Pending
            }
            Source::Left => {
                handover.source = Source::Ended;
                Poll::Ready(Some((self.left)()))
            }
            Source::Ended | Source::Unwanted => Poll::Ready(None),
        }
    }
}

impl<T> Drop for Relay<T> {
    fn drop(&mut self) {
        self.shared.end(Source::Unwanted);
    }
}

/// The call's end: reads the source when it is asked.
pub struct Pump<S: Stream> {
    /// None when it has ended, or is not wanted any more.
    source: Option<Pin<Box<S>>>,
    shared: Arc<Shared<S::Item>>,
}

impl<S: Stream> Pump<S> {
    fn poll(&mut self, cx: &mut Context<'_>) {
        while let Some(source) = &mut self.source {
            let mut handover = self.shared.lock();
            handover.pump = Some(cx.waker().clone());
            if matches!(handover.source, Source::Unwanted) {
                self.source = None;
                return;
            }
            if !handover.asked {
                return;
            }
            drop(handover);
            // Not under the lock: this runs the user's code.
            let Poll::Ready(item) = source.as_mut().poll_next(cx) else {
                return;
            };
            if item.is_none() {
                self.source = None;
                self.shared.end(Source::Ended);
                return;
            }
            let mut handover = self.shared.lock();
            handover.asked = false;
            handover.item = item;
            let relay = handover.relay.take();
            drop(handover);
            if let Some(relay) = relay {
                relay.wake();
            }
        }
    }
}

impl<S: Stream> Drop for Pump<S> {
    fn drop(&mut self) {
        if self.source.is_some() {
            self.shared.end(Source::Left);
        }
    }
}

/// A call, or the stream of its results, that reads a stream for the connection while it waits.
pub struct Pumping<S: Stream, F> {
    pump: Pump<S>,
    call: F,
}

/// Runs `call` and, until it has ended, `pump`.
pub fn pumping<S: Stream, F>(pump: Pump<S>, call: F) -> Pumping<S, F> {
    Pumping { pump, call }
}

/// Opens a stream with `call`, which reads another one while it waits.
pub async fn pumping_opened<S: Stream, T: Stream + Unpin, E>(
    pump: Pump<S>,
    call: impl Future<Output = Result<T, E>>,
) -> Result<Pumping<S, T>, E> {
    // Nothing is read before something is sent, and nothing is sent before the stream is read.
    call.await.map(|stream| pumping(pump, stream))
}

impl<S: Stream, F: Future + Unpin> Future for Pumping<S, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // The call first: it is what makes the connection ask.
        let answer = Pin::new(&mut self.call).poll(cx);
        if answer.is_pending() {
            self.pump.poll(cx);
        }
        answer
    }
}

impl<S: Stream, F: Stream + Unpin> Stream for Pumping<S, F> {
    type Item = F::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Item>> {
        let item = Pin::new(&mut self.call).poll_next(cx);
        // Also after an item: the caller may take its time before it polls again.
        self.pump.poll(cx);
        item
    }
}
