//! The thread that a call runs on, if it is not that of its connection.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// Goes with the thread, and is dropped at its end.
pub(crate) struct OnThread(
    #[expect(dead_code, reason = "it tells by being dropped")] oneshot::Sender<Infallible>,
);

/// The end of a thread, for the connection: until then the call holds what it held.
pub(crate) struct ThreadEnd(oneshot::Receiver<Infallible>);

/// Both sides of a thread that is about to begin.
pub(crate) fn pair() -> (OnThread, ThreadEnd) {
    let (thread, end) = oneshot::channel();
    (OnThread(thread), ThreadEnd(end))
}

impl ThreadEnd {
    /// Whether the thread has ended.
    pub(crate) fn has_come(&mut self) -> bool {
        self.0.try_recv() == Err(TryRecvError::Closed)
    }
}

impl Future for ThreadEnd {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _ended = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(())
    }
}
