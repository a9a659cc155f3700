//! What a typed stub returns for a method that can fail before it streams.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::error::HubResult;
use super::stub::ResultStream;

/// A call of a hub method that can fail before it streams: `.await` gives the stream, whose items are each an `R`, in the
/// `Result` that the method declares, `O`.
///
/// It gives it at once. SignalR has no message that says that a stream has been opened, so, as with `StreamAsync` in .NET,
/// nothing is sent before the [stream](ResultStream) is polled, and a failure of the method is its first and only item, as
/// an error of the items' type. The error of the method's own type stands for what fails on this side: arguments that
/// cannot be written, or a connection that is over.
///
/// ```
/// # #[cfg(feature = "macros")] mod example {
/// # use signalr_runtime::{HubResult, Stream, hub};
/// #[hub]
/// pub trait Rooms {
///     async fn history(&self, room: &str) -> HubResult<impl Stream<Item = HubResult<String>>>;
/// }
///
/// async fn read(rooms: RoomsClient) -> HubResult {
///     let mut lines = rooms.history("lobby").await?;
///     while let Some(line) = lines.next().await {
///         println!("{}", line?);
///     }
///     Ok(())
/// }
/// # }
/// ```
#[must_use = "nothing is sent before the stream that it gives is polled"]
pub struct OpenStream<R, O> {
    /// None when it has been given.
    stream: Option<ResultStream<R>>,
    opened: fn(HubResult<ResultStream<R>>) -> O,
}

impl<R, O> OpenStream<R, O> {
    pub(crate) fn new(stream: ResultStream<R>, opened: fn(HubResult<ResultStream<R>>) -> O) -> Self {
        Self { stream: Some(stream), opened }
    }
}

impl<R, O> Future for OpenStream<R, O> {
    type Output = O;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<O> {
        let Some(mut stream) = self.stream.take() else {
            panic!("a call was polled after it had given its stream");
        };
        Poll::Ready((self.opened)(match stream.refusal() {
            Some(error) => Err(error),
            None => Ok(stream),
        }))
    }
}

impl<R, O> fmt::Debug for OpenStream<R, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}
