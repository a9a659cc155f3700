//! From a received invocation to the user's method: the dispatch table, and what goes in and comes out.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use super::arguments::{Arguments, BindError};
use super::backlog::Backlog;
use super::error::{HubError, HubErrorKind};
use super::hub::{MethodKind, Outcome};
use super::incoming::{Incoming, ItemSink};
use super::value::{Encoded, HubProtocol, Payload, WireValue};

/// The dispatch table of a contract for an implementation `H` of its trait.
#[diagnostic::on_unimplemented(
    message = "this type does not answer the calls of `{Self}`",
    label = "does not implement the trait of `{Self}`",
    note = "a hub implements the `#[hub]` trait of its contract; the handlers of a client implement the `#[client_proxy]` \
            trait that the hub names by `client = …`, and a hub without `client = …` calls no handlers"
)]
pub trait Dispatch<H: ?Sized + 'static> {
    /// One entry per method, in the order of the trait.
    const HANDLERS: &'static [Handler<H>];
}

/// One method in a dispatch table.
pub struct Handler<H: ?Sized> {
    /// The name on the wire.
    pub name: &'static str,
    /// How it answers.
    pub kind: MethodKind,
    /// How many streams it takes from the caller.
    pub uploads: usize,
    /// Binds the arguments. The future runs the method; nothing of the method has run before it is polled.
    pub bind: fn(&Arc<H>, &mut Call<'_>) -> Result<Running, BindError>,
}

/// A bound call: the future that runs the user's method to its answer.
pub type Running = BoxFuture<'static, Reply>;

/// What one received invocation brings to a dispatch table.
pub struct Call<'a> {
    arguments: Payload<'a>,
    /// How many items an upload stream of this call holds before they count as backlog.
    capacity: usize,
    backlog: &'a Arc<Backlog>,
    uploads: Vec<Arc<dyn ItemSink>>,
    results: Option<ResultSink>,
    /// The id of a stream of this call that is in use.
    busy_stream: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// `results` is where the items go if the method streams its results.
    pub(crate) fn new(
        arguments: Payload<'a>,
        capacity: usize,
        backlog: &'a Arc<Backlog>,
        results: Option<ResultSink>,
    ) -> Self {
        Self { arguments, capacity, backlog, uploads: Vec::new(), results, busy_stream: None }
    }

    /// A stream of this call has an id that is in use: the call is to be refused.
    pub(crate) fn with_busy_stream(self, id: Option<&'a str>) -> Self {
        Self { busy_stream: id, ..self }
    }

    /// The id of a stream of this call that is in use.
    pub(crate) fn busy_stream(&self) -> Option<&'a str> {
        self.busy_stream
    }

    /// The protocol in which the answer is to be encoded.
    pub fn format(&self) -> HubProtocol {
        self.arguments.format
    }

    /// Starts reading the `expected` arguments.
    pub fn arguments(&self, expected: usize) -> Arguments<'a> {
        Arguments::new(self.arguments, expected)
    }

    /// Opens the next stream parameter.
    pub fn upload<T: WireValue>(&mut self) -> Incoming<T> {
        let (incoming, sink) = Incoming::new(self.capacity, Arc::clone(self.backlog));
        self.uploads.push(sink);
        incoming
    }

    /// Where the results go; for methods that stream them.
    pub(crate) fn results(&mut self) -> ResultSink {
        self.results.take().unwrap_or_else(|| ResultSink(Box::new(Nowhere)))
    }

    /// Lets the results go through another sink.
    pub(crate) fn replace_results(&mut self, replace: impl FnOnce(ResultSink) -> ResultSink) {
        self.results = self.results.take().map(replace);
    }

    /// The feeding ends of the streams that were opened, in the order of the parameters.
    pub(crate) fn into_uploads(self) -> Vec<Arc<dyn ItemSink>> {
        self.uploads
    }
}

/// How a call ended, as a filter sees it: from its `Next`, by `Invocation::reply`, or by [`Reply::error`].
pub struct Reply(pub(crate) Result<Answer, HubError>);

/// What a call that did not fail answers with.
pub(crate) enum Answer {
    /// A value; `()` is encoded as null.
    Value(Encoded),
    /// Nothing: a client's method without a return type, or the end of a stream.
    Nothing,
    /// The method has not run.
    Refused(Box<Refusal>),
    /// The method has returned its stream; the future sends the items.
    Items(Running),
}

/// Why a call does not run. It is logged where it is answered.
#[derive(Clone)]
pub(crate) struct Refusal {
    /// The answer, which is sent as it is.
    pub(crate) text: Cow<'static, str>,
    /// What the log says in place of that.
    pub(crate) reason: Option<Cow<'static, str>>,
}

impl Refusal {
    /// The log says the same as the answer.
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), reason: None }
    }

    pub(crate) fn because(text: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), reason: Some(reason.into()) }
    }

    /// The reason, for the log.
    pub(crate) fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or(&self.text)
    }
}

impl Reply {
    /// The answer to a call that does not run.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self(Ok(Answer::Refused(Box::new(refusal))))
    }

    /// The answer of a method that returned.
    #[doc(hidden)]
    pub fn returned<R: Outcome>(format: HubProtocol, returned: R) -> Self {
        Self(returned.into_result().and_then(|value| {
            Encoded::value(format, &value)
                .map(Answer::Value)
                .map_err(|error| HubError::with_kind(HubErrorKind::Codec, error.to_string()))
        }))
    }

    /// The answer of a method that has no return type.
    #[doc(hidden)]
    pub fn nothing() -> Self {
        Self(Ok(Answer::Nothing))
    }

    /// The answer of a method that streams: its items follow while `items` runs.
    #[doc(hidden)]
    pub fn items(items: Running) -> Self {
        Self(Ok(Answer::Items(items)))
    }

    /// An answer that is an error.
    pub fn error(error: HubError) -> Self {
        Self(Err(error))
    }

    /// The error, if the call failed.
    pub fn as_error(&self) -> Option<&HubError> {
        self.0.as_ref().err()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            Ok(Answer::Value(_)) => "value",
            Ok(Answer::Nothing) => "nothing",
            Ok(Answer::Refused(_)) => "refused",
            Ok(Answer::Items(_)) => "items",
            Err(_) => "error",
        };
        f.debug_tuple("Reply").field(&state).finish()
    }
}

/// Where the items of a result stream go.
pub(crate) struct ResultSink(pub(crate) Box<dyn SendItems>);

/// The engine's side of a [`ResultSink`].
pub(crate) trait SendItems: Send {
    /// Ready when there is room for one more item.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), HubError>>;
    /// Sends one item; `poll_ready` was ready before.
    fn send(&mut self, item: Encoded);
}

/// For a method that is called as what it is not: the call is refused, and its items go nowhere.
struct Nowhere;

impl SendItems for Nowhere {
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HubError>> {
        Poll::Ready(Err(HubError::with_kind(HubErrorKind::Canceled, "The stream was cancelled.")))
    }

    fn send(&mut self, _: Encoded) {}
}
