//! A method that streams its results: from its call to the stream that it returns, and on to the stream's end.
//!
//! The stream may borrow from the hub and from the arguments, so one future owns them, calls the method and sends the items.
//! It stops once on its way, when the method has returned its stream; [`Opening`] polls it up to there, and gives the rest
//! of it away as the items.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;

use super::dispatch::{Answer, Call, Reply, ResultSink, Running};
use super::hub::Outcome;
use super::value::HubProtocol;

impl Call<'_> {
    /// The two sides of a method that streams its results.
    pub fn opening(&mut self) -> (Opener, Opening) {
        let is_open = Arc::new(AtomicBool::new(false));
        let opener = Opener { format: self.format(), sink: self.results(), is_open: Arc::clone(&is_open) };
        (opener, Opening { method: None, is_open })
    }
}

/// The side of the method: takes the stream that it has returned.
pub struct Opener {
    format: HubProtocol,
    sink: ResultSink,
    is_open: Arc<AtomicBool>,
}

impl Opener {
    /// The method has returned its stream: waits until its items are asked for, and sends each of them, at the pace of the
    /// connection. Ends with how the stream ended.
    pub(crate) async fn send(self, stream: impl Stream<Item: Outcome> + Send) -> Reply {
        let Self { format, mut sink, is_open } = self;
        let mut stream = pin!(stream);
        // Relaxed: it is looked at by who polls this.
        is_open.store(true, Ordering::Relaxed);
        let mut is_asked_for = false;
        poll_fn(|_| if std::mem::replace(&mut is_asked_for, true) { Poll::Ready(()) } else { Poll::Pending })
            .await;
        loop {
            if let Err(error) = poll_fn(|cx| sink.0.poll_ready(cx)).await {
                return Reply::error(error);
            }
            let Some(item) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await else {
                return Reply::nothing();
            };
            match Reply::returned(format, item).0 {
                Ok(Answer::Value(item)) => sink.0.send(item),
                ended => return Reply(ended),
            }
        }
    }
}

/// The side of the call: runs the method until it has returned its stream, and is answered with its items, or until it has
/// failed.
pub struct Opening {
    /// None before the call is bound, and after it has been answered.
    method: Option<Running>,
    is_open: Arc<AtomicBool>,
}

impl Opening {
    /// Of the future that calls the method, and gives its stream to the [`Opener`].
    pub fn of(self, method: Running) -> Running {
        Box::pin(Self { method: Some(method), ..self })
    }
}

impl Future for Opening {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        let Some(mut method) = self.method.take() else { return Poll::Pending };
        match method.as_mut().poll(cx) {
            Poll::Pending if self.is_open.load(Ordering::Relaxed) => Poll::Ready(Reply::items(method)),
            Poll::Pending => {
                self.method = Some(method);
                Poll::Pending
            }
            failed @ Poll::Ready(_) => failed,
        }
    }
}
