//! From the types of a contract to values: what the generated functions call for each parameter and result.
//!
//! Everything here is generic over the type that states the signature ([`Method`], [`Param`] and their
//! kin), never over the user's types themselves; see [`Method`] for why.

use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;

use super::arguments::{ArgumentList, ArgumentWriter, Arguments, BindError};
use super::dispatch::{Call, Reply, ResultSink, Running, send_items};
use super::hub::{Method, Outcome, Param, SliceParam, StreamMethod, StreamParam};
use super::incoming::Incoming;
use super::value::{HubProtocol, ValueError, WireValue};

impl Arguments<'_> {
    /// The next argument: parameter `P` of method `M`.
    pub fn param<C: Param<M, P>, const M: usize, const P: usize>(&mut self) -> Result<C::Owned, BindError> {
        self.next()
    }

    /// The next argument: parameter `P` of method `M`, which is a slice.
    pub fn slice<C: SliceParam<M, P>, const M: usize, const P: usize>(
        &mut self,
    ) -> Result<Vec<C::Element>, BindError> {
        self.next_with(C::Element::decode_list)
    }
}

impl ArgumentWriter<'_> {
    /// Appends parameter `P` of method `M`.
    pub fn param<C: Param<M, P>, const M: usize, const P: usize>(
        &mut self,
        value: &C::Owned,
    ) -> Result<(), ValueError> {
        self.push_with(|encoding, out| value.encode(encoding, out))
    }

    /// Appends parameter `P` of method `M`, which is a slice.
    pub fn slice<C: SliceParam<M, P>, const M: usize, const P: usize>(
        &mut self,
        value: &[C::Element],
    ) -> Result<(), ValueError> {
        self.push_with(|encoding, out| C::Element::encode_list(value, encoding, out))
    }
}

/// The arguments of a call: how many, and what writes them.
pub fn arguments<F>(count: usize, write: F) -> ArgumentList<F>
where
    F: Fn(&mut ArgumentWriter<'_>) -> Result<(), ValueError>,
{
    ArgumentList(count, write)
}

impl Call<'_> {
    /// Opens parameter `P` of method `M`, which is a stream from the caller.
    pub fn stream_param<C: StreamParam<M, P>, const M: usize, const P: usize>(
        &mut self,
    ) -> BoxStream<'static, C::Item> {
        Box::pin(Uploaded::<C::Item>(self.upload()))
    }
}

/// An arriving stream whose items are what the method declares.
struct Uploaded<R: Outcome>(Incoming<R::Value>);

impl<R: Outcome> Stream for Uploaded<R> {
    type Item = R;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<R>> {
        Pin::new(&mut self.0).poll_next(cx).map(|item| item.map(R::from_result))
    }
}

/// The answer of method `M`.
pub fn returned<C: Method<M>, const M: usize>(format: HubProtocol, returned: C::Output) -> Reply {
    Reply::returned(format, returned)
}

/// Sends each item that method `M` streams.
pub async fn streamed<C, const M: usize>(
    format: HubProtocol,
    stream: impl Stream<Item = C::Item> + Send,
    sink: ResultSink,
) -> Reply
where
    C: StreamMethod<M>,
{
    send_items(format, stream, sink).await
}

/// A call that is answered by opening a stream; `items` calls the method and sends what it streams.
pub fn opened(items: Running) -> Running {
    Box::pin(ready(Reply::items(items)))
}
