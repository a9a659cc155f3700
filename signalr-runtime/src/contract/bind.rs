//! From the types of a contract to values: what the generated functions call for each parameter and result.
//!
//! Everything here is generic over the type that states the signature ([`Method`], [`Param`] and their
//! kin), never over the user's types themselves; see [`Method`] for why.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::BoxStream;

use super::arguments::{ArgumentList, ArgumentWriter, Arguments, BindError};
use super::dispatch::{Call, Reply};
use super::error_type::SentError;
use super::hub::{Method, OpenMethod, Outcome, Param, SliceParam, StreamMethod, StreamParam};
use super::incoming::Incoming;
use super::opening::Opener;
use super::value::{HubProtocol, ValueError, WireValue};

impl Arguments<'_> {
    /// The next argument: parameter `P` of the method.
    pub fn param<C: Param<P>, P>(&mut self) -> Result<C::Owned, BindError> {
        self.next()
    }

    /// The next argument: parameter `P` of the method, which is a slice.
    pub fn slice<C: SliceParam<P>, P>(&mut self) -> Result<Vec<C::Element>, BindError> {
        self.next_with(C::Element::decode_list)
    }
}

impl ArgumentWriter<'_> {
    /// Appends parameter `P` of the method.
    pub fn param<C: Param<P>, P>(&mut self, value: &C::Owned) -> Result<(), ValueError> {
        self.push_with(|encoding, out| value.encode(encoding, out))
    }

    /// Appends parameter `P` of the method, which is a slice.
    pub fn slice<C: SliceParam<P>, P>(&mut self, value: &[C::Element]) -> Result<(), ValueError> {
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
    /// Opens parameter `P` of the method, which is a stream from the caller.
    pub fn stream_param<C: StreamParam<P>, P>(&mut self) -> BoxStream<'static, C::Item> {
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

/// The answer of a method.
pub fn returned<C: Method>(format: HubProtocol, returned: C::Output) -> Reply {
    Reply::returned(format, returned)
}

/// Sends each item of the stream that a method returns.
pub async fn streamed<C>(opener: Opener, stream: impl Stream<Item = C::Item> + Send) -> Reply
where
    C: StreamMethod,
{
    opener.send(stream).await
}

/// Sends each item of the stream that a method has opened, if it has not failed before.
pub async fn opened<C, S>(opener: Opener, returned: Result<S, C::Error>) -> Reply
where
    C: OpenMethod,
    S: Stream<Item = C::Item> + Send,
{
    match returned {
        Ok(stream) => opener.send(stream).await,
        Err(error) => Reply::error(error.into_hub_error()),
    }
}
