//! From a bound call to the method of a hub: generated code says for each method which one is called, and everything else is
//! here.
//!
//! The future that owns the arguments, and what borrows from them, is written once for each kind of method. In generated
//! code it would be one more body for each method, and the compiler takes longest for these.

use std::sync::Arc;

use futures_core::Stream;

use super::arguments::BindError;
use super::dispatch::{Call, Handler, Reply, Running};
use super::error_type::SentError;
use super::hub::{Method, MethodKind, OpenMethod, StreamMethod};
use super::parameters::{Parameters, Passed, Signature, bind};

/// A method that has one answer.
pub trait HandleCall<H>: Method {
    /// Calls it.
    fn call<'a>(hub: &'a H, passed: Passed<'a, Self>) -> impl Future<Output = Self::Output> + Send;
}

/// A method that has no answer.
pub trait HandleNotify<H>: Signature {
    /// Calls it.
    fn notify<'a>(hub: &'a H, passed: Passed<'a, Self>) -> impl Future<Output = ()> + Send;
}

/// A method that streams.
pub trait HandleStream<H>: StreamMethod {
    /// Calls it.
    fn stream<'a>(hub: &'a H, passed: Passed<'a, Self>) -> impl Stream<Item = Self::Item> + Send;
}

/// A method that can fail before it streams.
pub trait HandleOpen<H>: OpenMethod {
    /// Calls it.
    fn open<'a>(hub: &'a H, passed: Passed<'a, Self>) -> impl Future<Output = impl OpenedBy<Self>> + Send;
}

/// The type that the method of `C` returns: a `Result` with its stream.
#[diagnostic::on_unimplemented(
    message = "an `async` method that streams must return a `Result` with the stream in it",
    label = "not a `Result` of a stream",
    note = "return `HubResult<impl Stream<Item = …>>` or `Result<impl Stream<Item = …>, YourError>`"
)]
pub trait OpenedBy<C: OpenMethod + ?Sized> {
    #[doc(hidden)]
    fn into_result(self) -> Result<impl Stream<Item = C::Item> + Send, C::Error>;
}

impl<C: OpenMethod + ?Sized, S: Stream<Item = C::Item> + Send> OpenedBy<C> for Result<S, C::Error> {
    fn into_result(self) -> Result<impl Stream<Item = C::Item> + Send, C::Error> {
        self
    }
}

impl<H: Send + Sync + 'static> Handler<H> {
    /// Of a method that has one answer.
    pub const fn call<C: HandleCall<H>>(name: &'static str) -> Self {
        Self { name, kind: MethodKind::Call, uploads: C::Parameters::STREAMS, bind: call::<H, C> }
    }

    /// Of a method that has no answer.
    pub const fn notify<C: HandleNotify<H>>(name: &'static str) -> Self {
        Self { name, kind: MethodKind::Notify, uploads: C::Parameters::STREAMS, bind: notify::<H, C> }
    }

    /// Of a method that streams.
    pub const fn stream<C: HandleStream<H>>(name: &'static str) -> Self {
        Self { name, kind: MethodKind::Stream, uploads: C::Parameters::STREAMS, bind: stream::<H, C> }
    }

    /// Of a method that can fail before it streams.
    pub const fn open<C: HandleOpen<H>>(name: &'static str) -> Self {
        Self { name, kind: MethodKind::Stream, uploads: C::Parameters::STREAMS, bind: open::<H, C> }
    }
}

fn call<H: Send + Sync + 'static, C: HandleCall<H>>(
    hub: &Arc<H>,
    call: &mut Call<'_>,
) -> Result<Running, BindError> {
    let (kept, owned) = bind::<C::Parameters>(call)?;
    let (hub, format) = (Arc::clone(hub), call.format());
    Ok(Box::pin(
        async move { Reply::returned(format, C::call(&hub, C::Parameters::pass(&kept, owned)).await) },
    ))
}

fn notify<H: Send + Sync + 'static, C: HandleNotify<H>>(
    hub: &Arc<H>,
    call: &mut Call<'_>,
) -> Result<Running, BindError> {
    let (kept, owned) = bind::<C::Parameters>(call)?;
    let hub = Arc::clone(hub);
    Ok(Box::pin(async move {
        C::notify(&hub, C::Parameters::pass(&kept, owned)).await;
        Reply::nothing()
    }))
}

/// The method is called inside of the future that owns what its stream may borrow.
fn stream<H: Send + Sync + 'static, C: HandleStream<H>>(
    hub: &Arc<H>,
    call: &mut Call<'_>,
) -> Result<Running, BindError> {
    let (kept, owned) = bind::<C::Parameters>(call)?;
    let hub = Arc::clone(hub);
    let (opener, opening) = call.opening();
    Ok(opening
        .of(Box::pin(async move { opener.send(C::stream(&hub, C::Parameters::pass(&kept, owned))).await })))
}

fn open<H: Send + Sync + 'static, C: HandleOpen<H>>(
    hub: &Arc<H>,
    call: &mut Call<'_>,
) -> Result<Running, BindError> {
    let (kept, owned) = bind::<C::Parameters>(call)?;
    let hub = Arc::clone(hub);
    let (opener, opening) = call.opening();
    Ok(opening.of(Box::pin(async move {
        match C::open(&hub, C::Parameters::pass(&kept, owned)).await.into_result() {
            Ok(stream) => opener.send(stream).await,
            Err(error) => Reply::error(error.into_hub_error()),
        }
    })))
}
