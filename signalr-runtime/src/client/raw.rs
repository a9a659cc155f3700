//! Calls by name, for methods that are known only when the program runs.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;

use crate::contract::arguments::EncodeArguments;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::link::{Link, OutgoingCall, Upload};
use crate::contract::value::{Encoded, Format, Payload, ValueError, WireValue};

/// Calls the methods of a hub by name, without a contract. Cheap to clone; keeps the connection alive.
///
/// ```no_run
/// # async fn run(hub: signalr_runtime::client::RawHub) -> signalr_runtime::HubResult {
/// let sum: u32 = hub.invoke("Add", (1, 2)).await?;
/// hub.send("Log", ("done",)).await?;
/// let mut ticks = hub.stream::<u64>("Ticker", (500,));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RawHub {
    link: Arc<dyn Link>,
}

impl RawHub {
    pub(crate) fn new(link: Arc<dyn Link>) -> Self {
        Self { link }
    }

    /// Calls a method and waits for its answer. The arguments are a tuple; `()` for none.
    ///
    /// They are encoded now; nothing is sent before the first poll. Dropping the future before the answer came
    /// cancels the call on the server.
    #[must_use = "nothing is sent before the call is awaited"]
    pub fn invoke<T: WireValue>(
        &self,
        method: impl Into<Cow<'static, str>>,
        arguments: impl EncodeArguments,
    ) -> BoxFuture<'static, HubResult<T>> {
        self.call(method, arguments).invoke()
    }

    /// Calls a method without asking for the answer; done when the call is in the queue of the connection.
    #[must_use = "nothing is sent before the future is awaited"]
    pub fn send(
        &self,
        method: impl Into<Cow<'static, str>>,
        arguments: impl EncodeArguments,
    ) -> BoxFuture<'static, HubResult> {
        self.call(method, arguments).send()
    }

    /// Calls a method that streams its results. Nothing is sent before the first poll; dropping the stream before
    /// its end cancels it on the server.
    #[must_use = "nothing is sent before the stream is polled"]
    pub fn stream<T: WireValue>(
        &self,
        method: impl Into<Cow<'static, str>>,
        arguments: impl EncodeArguments,
    ) -> BoxStream<'static, HubResult<T>> {
        self.call(method, arguments).stream()
    }

    /// Prepares a call, for a method that takes streams.
    pub fn call(&self, method: impl Into<Cow<'static, str>>, arguments: impl EncodeArguments) -> RawCall {
        let call = Encoded::arguments(self.link.format(), &arguments)
            .map(|arguments| OutgoingCall { target: method.into(), arguments, uploads: Vec::new() })
            .map_err(|error| codec(&error));
        RawCall { link: Arc::clone(&self.link), call }
    }
}

impl fmt::Debug for RawHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawHub").finish_non_exhaustive()
    }
}

/// A call by name that has not been sent: made by [`RawHub::call`].
#[must_use = "nothing is sent before the call is invoked, sent or streamed"]
pub struct RawCall {
    link: Arc<dyn Link>,
    /// The call, or why its arguments could not be encoded.
    call: HubResult<OutgoingCall>,
}

impl RawCall {
    /// Adds the next stream parameter. An item that is an error ends the stream.
    pub fn upload<T: WireValue>(mut self, items: impl Stream<Item = HubResult<T>> + Send + 'static) -> Self {
        let format = self.link.format();
        if let Ok(call) = &mut self.call {
            let items: Upload = Box::pin(items.map(move |item| {
                item.and_then(|item| Encoded::value(format, &item).map_err(|error| codec(&error)))
            }));
            call.uploads.push(items);
        }
        self
    }

    /// As [`RawHub::invoke`].
    #[must_use = "nothing is sent before the call is awaited"]
    pub fn invoke<T: WireValue>(self) -> BoxFuture<'static, HubResult<T>> {
        let Self { link, call } = self;
        Box::pin(async move {
            let answer = link.invoke(call?).await?;
            decode(link.format(), &answer)
        })
    }

    /// As [`RawHub::send`].
    #[must_use = "nothing is sent before the future is awaited"]
    pub fn send(self) -> BoxFuture<'static, HubResult> {
        let Self { link, call } = self;
        Box::pin(async move { link.send(call?).await })
    }

    /// As [`RawHub::stream`].
    #[must_use = "nothing is sent before the stream is polled"]
    pub fn stream<T: WireValue>(self) -> BoxStream<'static, HubResult<T>> {
        let format = self.link.format();
        match self.call {
            Ok(call) => Box::pin(self.link.stream(call).map(move |item| decode(format, &item?))),
            Err(error) => Box::pin(futures_util::stream::once(std::future::ready(Err(error)))),
        }
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCall").finish_non_exhaustive()
    }
}

fn decode<T: WireValue>(format: Format, value: &Encoded) -> HubResult<T> {
    Payload { format, bytes: value.bytes() }.answer()
}

fn codec(error: &ValueError) -> HubError {
    HubError::with_kind(HubErrorKind::Codec, error.to_string())
}
