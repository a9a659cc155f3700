//! Calls by name, for methods that are known only when the program runs.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use futures_core::Stream;

use crate::contract::arguments::EncodeArguments;
use crate::contract::error::HubResult;
use crate::contract::link::Link;
use crate::contract::stub::{Invoke, Outgoing, ResultStream, Sending};
use crate::contract::value::WireValue;

/// Calls the methods of a hub by name, without a contract. Cheap to clone; keeps the connection alive.
///
/// Arguments are a tuple, `()` for none. They are encoded at once, and nothing is sent before the first poll.
///
/// ```no_run
/// # async fn run(hub: signalr_runtime::client::RawHub) -> signalr_runtime::HubResult {
/// let sum: u32 = hub.invoke("Add", (1, 2)).await?;
/// hub.send("Log", ("done",)).await?;
/// let mut ticks = hub.stream::<u64>("Ticker", (500,));
/// while let Some(tick) = ticks.next().await {
///     println!("{}", tick?);
/// }
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

    /// Calls a method and waits for its answer (`InvokeAsync`).
    pub fn invoke<T: WireValue>(
        &self,
        method: impl Into<Cow<'static, str>>,
        arguments: impl EncodeArguments,
    ) -> Invoke<HubResult<T>> {
        self.call(method, arguments).invoke()
    }

    /// Calls a method without asking for the answer (`SendAsync`: *fire and forget*).
    pub fn send(&self, method: impl Into<Cow<'static, str>>, arguments: impl EncodeArguments) -> Sending {
        self.call(method, arguments).send()
    }

    /// Calls a method that streams its results (`StreamAsync`).
    pub fn stream<T: WireValue>(
        &self,
        method: impl Into<Cow<'static, str>>,
        arguments: impl EncodeArguments,
    ) -> ResultStream<HubResult<T>> {
        self.call(method, arguments).stream()
    }

    /// Prepares a call, for a method that takes streams.
    #[allow(clippy::needless_pass_by_value, reason = "a tuple is written where it is used")]
    pub fn call(&self, method: impl Into<Cow<'static, str>>, arguments: impl EncodeArguments) -> RawCall {
        RawCall(Outgoing::named(&self.link, method.into(), &arguments))
    }
}

impl fmt::Debug for RawHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawHub").finish_non_exhaustive()
    }
}

/// A call by name that has not been sent: made by [`RawHub::call`].
#[must_use = "nothing is sent before the call is invoked, sent or streamed"]
pub struct RawCall(Outgoing);

impl RawCall {
    /// Adds the next stream parameter. An item that is an error ends the stream. So does the answer to the call: nobody reads
    /// the items any longer, and the stream is dropped. After [`send`](Self::send) it goes on to its own end.
    pub fn upload<T: WireValue>(self, items: impl Stream<Item = HubResult<T>> + Send + 'static) -> Self {
        Self(self.0.upload(items))
    }

    /// As [`RawHub::invoke`].
    pub fn invoke<T: WireValue>(self) -> Invoke<HubResult<T>> {
        self.0.answer()
    }

    /// As [`RawHub::send`].
    pub fn send(self) -> Sending {
        self.invoke::<()>().send()
    }

    /// As [`RawHub::stream`].
    pub fn stream<T: WireValue>(self) -> ResultStream<HubResult<T>> {
        self.0.results()
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCall").finish_non_exhaustive()
    }
}
