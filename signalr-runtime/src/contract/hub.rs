//! What a contract says about itself: the marker types that `#[hub]` and `#[client_proxy]` generate.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::error::HubError;
use super::error_type::{ReceivedError, SentError};
use super::link::Link;
use super::parameters::Signature;
use super::receivers::{Receiver, Receivers};
use super::stub::ResultStream;
use super::value::WireValue;

/// The contract of a hub: implemented by the marker type that `#[hub]` generates (`ChatHubContract` for a
/// trait `ChatHub`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the contract of a hub",
    label = "not a contract of a hub",
    note = "`#[hub]` generates the contract beside the trait: it is `ChatHubContract` for a trait `ChatHub`"
)]
pub trait HubContract: Sized + Send + Sync + 'static {
    /// The name of the trait, for logs and traces.
    const NAME: &'static str;
    /// Every method, in the order of the trait.
    const METHODS: &'static [MethodDescription];
    /// What the server may call on clients: the marker of the trait named by `client = …`, which is a
    /// [`ClientContract`], or [`NoClient`], which is none.
    type Client: 'static;
    /// The typed stub (`ChatHubClient`).
    type Stub: From<Arc<dyn Link>> + Clone + Send + Sync + 'static;
}

/// The contract of a type that borrows nothing: of every type that is `'static`.
pub trait Serves<H: ?Sized> {}

impl<H: ?Sized + 'static, C> Serves<H> for C {}

/// The contract of the methods that a server may call on its clients: implemented by the marker type that
/// `#[client_proxy]` generates (`ChatClientContract` for a trait `ChatClient`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the contract of a `#[client_proxy]` trait",
    label = "nothing can be called on these clients",
    note = "`NoClient` stands in a hub without `client = …`: to call clients, name the trait of theirs, \
            `#[hub(client = ChatClient)]`"
)]
pub trait ClientContract: Sized + Send + Sync + 'static {
    /// The name of the trait, for logs and traces.
    const NAME: &'static str;
    /// Every method, in the order of the trait.
    const METHODS: &'static [MethodDescription];
    /// The typed calls to any number of clients (`ChatClientProxy`).
    type Proxy: From<Arc<dyn Receivers>> + Clone + Send + Sync + 'static;
    /// The typed calls to exactly one client, which may have results (`ChatClientSingleProxy`).
    type SingleProxy: From<Arc<dyn Receiver>> + Clone + Send + Sync + 'static;
}

/// Leads from a trait with `#[client_proxy]` to its contract: implemented for the type `dyn ChatClient`, so that
/// `client = …` needs no other name in scope than that of the trait.
#[diagnostic::on_unimplemented(
    message = "the trait of `client = …` has no `#[client_proxy]`",
    label = "not a trait with `#[client_proxy]`",
    note = "`client = …` names the trait of what the server calls on its clients: put `#[client_proxy]` on that trait"
)]
pub trait ClientTrait {
    /// The marker of the trait.
    type Contract: ClientContract;
}

/// Stands where the client contract would be, in a hub without `client = …`: it calls no clients.
#[derive(Debug)]
pub enum NoClient {}

/// The wire name of one method of the hub contract `C`, e.g. `ChatHubContract::SEND_MESSAGE`.
pub struct MethodName<C> {
    name: &'static str,
    contract: PhantomData<fn() -> C>,
}

impl<C> MethodName<C> {
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        Self { name, contract: PhantomData }
    }

    /// The name as it is on the wire.
    pub const fn as_str(&self) -> &'static str {
        self.name
    }
}

impl<C> Clone for MethodName<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for MethodName<C> {}

impl<C> fmt::Debug for MethodName<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name, f)
    }
}

impl<C> fmt::Display for MethodName<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How a method is called and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// One answer.
    Call,
    /// A stream of results.
    Stream,
    /// No answer at all: a method of a client without a return type.
    Notify,
}

/// One method as the contract describes it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MethodDescription {
    /// The name on the wire.
    pub name: &'static str,
    /// The name in the trait.
    pub rust_name: &'static str,
    /// How it answers.
    pub kind: MethodKind,
    /// The parameters in order, streams included.
    pub parameters: &'static [ParameterDescription],
    /// The type of its result, or of the items of its stream, as written in the trait; `()` where there is none.
    pub result_type: &'static str,
    /// The documentation of the method, line by line.
    pub docs: &'static str,
}

impl MethodDescription {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        rust_name: &'static str,
        kind: MethodKind,
        parameters: &'static [ParameterDescription],
        result_type: &'static str,
        docs: &'static str,
    ) -> Self {
        Self { name, rust_name, kind, parameters, result_type, docs }
    }
}

/// One parameter of a method.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ParameterDescription {
    /// Its name in the trait.
    pub name: &'static str,
    /// Its type, or the type of its items, as written in the trait.
    pub type_name: &'static str,
    /// Whether it is a stream from the client.
    pub stream: bool,
}

impl ParameterDescription {
    #[doc(hidden)]
    pub const fn new(name: &'static str, type_name: &'static str, stream: bool) -> Self {
        Self { name, type_name, stream }
    }
}

/// What a method returns. Generated code states it here once, for a type of its own, so that a type which does not fit
/// is reported once, at the user's own token.
///
/// The code that is generated for a method never asks for a bound on one of its types: it calls functions
/// that are generic over the type which implements this trait (or one of those below), and so rely on
/// the bounds here. Asking a second time would report every fault a second time.
pub trait Method: Signature {
    /// The `Result` that the method returns.
    type Output: Returned;
}

/// What a method streams to its caller.
pub trait StreamMethod: Signature {
    /// The `Result` that each item is.
    type Item: StreamItem;
}

/// What a method returns, which can fail before it streams.
pub trait OpenMethod: StreamMethod {
    /// The `Result` that it returns, with the stub's stream in the place of the method's.
    type Opened: Opened<Item = Self::Item, Error = Self::Error>;
    /// The error in it.
    type Error: SentError + ReceivedError;
}

/// The type of parameter `P` of the method, which is taken by value.
pub trait Param<P> {
    /// What is decoded on the receiving side.
    type Owned: WireValue;
}

/// Parameter `P` of a method is a slice.
pub trait SliceParam<P> {
    /// What it is a slice of.
    type Element: WireValue;
}

/// Parameter `P` of a method is a stream from the caller.
pub trait StreamParam<P> {
    /// The `Result` that each item is.
    type Item: StreamItem;
}

/// A `Result` whose value can be sent and whose error converts.
pub trait Outcome: Send + 'static {
    /// The value of the answer.
    type Value: WireValue;
    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Value, HubError>;
    #[doc(hidden)]
    fn from_result(result: Result<Self::Value, HubError>) -> Self;
}

impl<T: WireValue, E: SentError + ReceivedError> Outcome for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Result<T, HubError> {
        self.map_err(SentError::into_hub_error)
    }

    fn from_result(result: Result<T, HubError>) -> Self {
        result.map_err(E::from_hub_error)
    }
}

/// What a method may return.
#[diagnostic::on_unimplemented(
    message = "a method must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "every call can fail on the way: return `HubResult<{Self}>` or `Result<{Self}, YourError>`"
)]
pub trait Returned: Outcome {}

impl<T: WireValue, E: SentError + ReceivedError> Returned for Result<T, E> {}

/// What an `async` method may return that streams.
#[diagnostic::on_unimplemented(
    message = "an `async` method that streams must return a `Result` with the stream in it",
    label = "not a `Result` of a stream",
    note = "return `HubResult<impl Stream<Item = …>>` or `Result<impl Stream<Item = …>, YourError>`"
)]
pub trait Opened: Sized {
    /// What each item is.
    type Item;
    /// Why there may be no stream.
    type Error;
    #[doc(hidden)]
    fn from_result(result: Result<ResultStream<Self::Item>, Self::Error>) -> Self;
}

impl<R, E> Opened for Result<ResultStream<R>, E> {
    type Item = R;
    type Error = E;

    fn from_result(result: Self) -> Self {
        result
    }
}

/// What the items of a stream may be, in either direction.
#[diagnostic::on_unimplemented(
    message = "the items of a stream must be `Result`s, not `{Self}`",
    label = "not a `Result`",
    note = "a stream can fail on the way: make the items `HubResult<{Self}>` or `Result<{Self}, YourError>`"
)]
pub trait StreamItem: Outcome {}

impl<T: WireValue, E: SentError + ReceivedError> StreamItem for Result<T, E> {}
