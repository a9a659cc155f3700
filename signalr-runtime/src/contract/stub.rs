//! What a typed stub returns: a call on its way, and a stream of results.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use super::arguments::EncodeArguments;
use super::error::{HubError, HubErrorKind, HubResult};
use super::error_type::ReceivedError;
use super::hub::{Method, OpenMethod, Opened, Outcome, StreamMethod, StreamParam};
use super::link::{Link, OutgoingCall};
use super::open_stream::OpenStream;
use super::parameters::{Given, GivenArguments, Signature};
use super::value::{Encoded, HubProtocol, Payload, ValueError, WireValue};

/// A call that a stub is about to make: its arguments are encoded, nothing has been sent.
pub struct Outgoing {
    link: Arc<dyn Link>,
    target: Cow<'static, str>,
    /// The call, or why its arguments could not be encoded.
    call: HubResult<OutgoingCall>,
}

impl Outgoing {
    /// Encodes the arguments of a call to the method of `C`.
    pub fn new<C: Signature>(link: &Arc<dyn Link>, target: &'static str, given: Given<'_, C>) -> Self {
        Self::named(link, Cow::Borrowed(target), &GivenArguments::<C::Parameters>(given))
    }

    /// Encodes the arguments of a call to a method that no contract names.
    pub(crate) fn named(
        link: &Arc<dyn Link>,
        target: Cow<'static, str>,
        arguments: &dyn EncodeArguments,
    ) -> Self {
        let encoded = if target.is_empty() {
            // Whoever reads it ends the connection, at least in MessagePack.
            Err(ValueError::new("the method has no name"))
        } else {
            Encoded::arguments(link.format(), arguments)
        };
        let call = encoded.map_err(|error| codec(&error)).map(|arguments| OutgoingCall {
            target: target.clone(),
            arguments,
            uploads: Vec::new(),
        });
        Self { link: Arc::clone(link), target, call }
    }

    /// Adds the next stream, parameter `P` of the method.
    #[must_use]
    pub fn stream_param<C, P>(self, items: impl Stream<Item = C::Item> + Send + 'static) -> Self
    where
        C: StreamParam<P>,
    {
        self.upload(items)
    }

    /// Adds the next stream.
    pub(crate) fn upload<R: Outcome>(mut self, items: impl Stream<Item = R> + Send + 'static) -> Self {
        if let Ok(call) = &mut self.call {
            call.uploads.push(Box::pin(EncodeItems { items: Box::pin(items), format: self.link.format() }));
        }
        self
    }

    /// The method has one answer.
    pub fn invoke<C: Method>(self) -> Invoke<C::Output> {
        self.answer()
    }

    /// One answer.
    pub(crate) fn answer<R: Outcome>(self) -> Invoke<R> {
        Invoke { call: State::Ready(self), timeout: None, decode: decode_answer::<R> }
    }

    /// The method streams its results.
    pub fn stream<C: StreamMethod>(self) -> ResultStream<C::Item> {
        self.results()
    }

    /// The method streams its results, and can fail before.
    pub fn open<C: OpenMethod>(self) -> OpenStream<C::Item, C::Opened> {
        OpenStream::new(self.results(), |opened| {
            C::Opened::from_result(opened.map_err(C::Error::from_hub_error))
        })
    }

    /// A stream of results.
    pub(crate) fn results<R: Outcome>(self) -> ResultStream<R> {
        let format = self.link.format();
        ResultStream { call: State::Ready(self), format, decode: decode_item::<R> }
    }
}

/// A call in its life: `R` is what runs once it has been sent.
enum State<R> {
    /// Not polled yet: nothing has been sent.
    Ready(Outgoing),
    Running(R),
    Done,
}

fn codec(error: &ValueError) -> HubError {
    HubError::with_kind(HubErrorKind::Codec, error.to_string())
}

/// The stream of an upload parameter, encoded item by item. An item that is an error ends it.
struct EncodeItems<S> {
    items: Pin<Box<S>>,
    format: HubProtocol,
}

impl<S: Stream<Item: Outcome>> Stream for EncodeItems<S> {
    type Item = HubResult<Encoded>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.items.as_mut().poll_next(cx));
        Poll::Ready(item.map(|item| {
            let value = item.into_result()?;
            Encoded::value(self.format, &value).map_err(|error| codec(&error))
        }))
    }
}

impl Payload<'_> {
    /// Reads the answer to a call, or an item of its results.
    pub(crate) fn answer<T: WireValue>(self) -> HubResult<T> {
        self.decode().map_err(|error| {
            let name = without_paths(type_name::<T>());
            let text = format!("Error trying to deserialize result to {name}. {error}");
            HubError::with_kind(HubErrorKind::Codec, text)
        })
    }
}

/// `alloc::vec::Vec<chat::Message>` → `Vec<Message>`.
fn without_paths(name: &str) -> String {
    let mut short = String::new();
    for part in name.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
        match part.strip_suffix(':') {
            // The first colon of two takes away what stands before it.
            Some(_) => {}
            None => short.push_str(part),
        }
    }
    short
}

fn decode_answer<R: Outcome>(format: HubProtocol, answer: HubResult<Encoded>) -> R {
    R::from_result(answer.and_then(|answer| Payload { format, bytes: answer.bytes() }.answer()))
}

/// `Err` is the last item: nothing after it counts.
fn decode_item<R: Outcome>(format: HubProtocol, item: HubResult<Encoded>) -> Result<R, R> {
    match item.and_then(|item| Payload { format, bytes: item.bytes() }.answer()) {
        Ok(value) => Ok(R::from_result(Ok(value))),
        Err(error) => Err(R::from_result(Err(error))),
    }
}

/// A call of a hub method: `.await` sends it and waits for the answer.
///
/// The arguments are encoded when the stub's method is called; nothing is sent before the first poll.
/// Dropping it before the answer came cancels the call on the server.
///
/// ```
/// # #[cfg(feature = "macros")] mod example {
/// # use std::time::Duration;
/// # use signalr_runtime::{HubResult, hub};
/// #[hub]
/// pub trait Rooms {
///     async fn count(&self, room: &str) -> HubResult<u32>;
/// }
///
/// async fn use_it(rooms: RoomsClient) -> HubResult {
///     let one = rooms.count("lobby").await?;
///     let two = rooms.count("lobby").timeout(Duration::from_secs(5)).await?;
///     rooms.count("lobby").send().await // does not ask for the answer
/// }
/// # }
/// ```
#[must_use = "nothing is sent before the call is awaited, or handed over with `.send()`"]
pub struct Invoke<R> {
    call: State<Waiting>,
    timeout: Option<Duration>,
    decode: fn(HubProtocol, HubResult<Encoded>) -> R,
}

struct Waiting {
    answer: BoxFuture<'static, HubResult<Encoded>>,
    format: HubProtocol,
    deadline: Deadline,
}

impl<R> Invoke<R> {
    /// Ends the wait after `duration`, counted from the first poll: the call is cancelled on the server and
    /// the error's kind is [`HubErrorKind::Timeout`].
    pub fn timeout(self, duration: Duration) -> Self {
        Self { timeout: Some(duration), ..self }
    }

    /// Sends the call without asking for an answer (*fire and forget*).
    ///
    /// The future is done when the call is in the queue of the connection. A [`timeout`](Self::timeout)
    /// limits the wait for room there.
    pub fn send(self) -> Sending {
        let call = match self.call {
            State::Ready(call) => State::Ready(call),
            // Polled before: it is on its way, with a result asked for.
            State::Running(_) | State::Done => State::Done,
        };
        Sending { call, timeout: self.timeout }
    }
}

impl<R> Future for Invoke<R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = &mut *self;
        let (format, answer) = loop {
            match std::mem::replace(&mut this.call, State::Done) {
                State::Ready(Outgoing { link, target, call }) => match call {
                    Ok(call) => {
                        let deadline = Deadline::new(&*link, target, this.timeout);
                        let format = link.format();
                        this.call = State::Running(Waiting { answer: link.invoke(call), format, deadline });
                    }
                    Err(error) => break (link.format(), Err(error)),
                },
                State::Running(mut waiting) => match waiting.deadline.poll(waiting.answer.as_mut(), cx) {
                    Poll::Ready(answer) => break (waiting.format, answer),
                    Poll::Pending => {
                        this.call = State::Running(waiting);
                        return Poll::Pending;
                    }
                },
                State::Done => panic!("a call was polled after it had been answered"),
            }
        };
        Poll::Ready((this.decode)(format, answer))
    }
}

impl<R> fmt::Debug for Invoke<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invoke").field("call", &self.call).finish_non_exhaustive()
    }
}

/// A call on its way without an answer: what [`Invoke::send`] returns.
#[must_use = "nothing is sent before it is awaited"]
pub struct Sending {
    call: State<(BoxFuture<'static, HubResult>, Deadline)>,
    timeout: Option<Duration>,
}

impl Future for Sending {
    type Output = HubResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<HubResult> {
        let this = &mut *self;
        loop {
            match std::mem::replace(&mut this.call, State::Done) {
                State::Ready(Outgoing { link, target, call }) => {
                    let deadline = Deadline::new(&*link, target, this.timeout);
                    this.call = State::Running((link.send(call?), deadline));
                }
                State::Running((mut queued, mut deadline)) => {
                    let ended = deadline.poll(queued.as_mut(), cx);
                    if ended.is_pending() {
                        this.call = State::Running((queued, deadline));
                    }
                    return ended;
                }
                State::Done => panic!("a call was polled after it had been sent"),
            }
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("call", &self.call).finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for State<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(call) => f.debug_tuple("Ready").field(&call.target).finish(),
            Self::Running(_) => f.write_str("Running"),
            Self::Done => f.write_str("Done"),
        }
    }
}

/// How long a call may take.
struct Deadline {
    target: Cow<'static, str>,
    limit: Option<(Duration, BoxFuture<'static, ()>)>,
}

impl Deadline {
    fn new(link: &dyn Link, target: Cow<'static, str>, timeout: Option<Duration>) -> Self {
        Self { target, limit: timeout.map(|duration| (duration, link.sleep(duration))) }
    }

    /// Polls `call`, and then the time: an answer that is there in time counts.
    fn poll<T>(
        &mut self,
        call: Pin<&mut (impl Future<Output = HubResult<T>> + ?Sized)>,
        cx: &mut Context<'_>,
    ) -> Poll<HubResult<T>> {
        if let Poll::Ready(ended) = call.poll(cx) {
            return Poll::Ready(ended);
        }
        if let Some((duration, sleep)) = &mut self.limit
            && sleep.as_mut().poll(cx).is_ready()
        {
            let text = format!("No answer to '{}' within {duration:?}.", self.target);
            return Poll::Ready(Err(HubError::with_kind(HubErrorKind::Timeout, text)));
        }
        Poll::Pending
    }
}

/// The results that a hub method streams: a [`Stream`] whose items are the method's.
///
/// Nothing is sent before it is first polled. An item that is an error is the last one. Dropping the stream
/// before its end cancels it on the server.
#[must_use = "nothing is sent before the stream is polled"]
pub struct ResultStream<R> {
    call: State<BoxStream<'static, HubResult<Encoded>>>,
    format: HubProtocol,
    decode: fn(HubProtocol, HubResult<Encoded>) -> Result<R, R>,
}

impl<R> ResultStream<R> {
    /// Why nothing can be sent, as far as it is known on this side.
    pub(crate) fn refusal(&mut self) -> Option<HubError> {
        let State::Ready(Outgoing { link, call, .. }) = &mut self.call else { return None };
        if call.is_ok() {
            return link.refusal();
        }
        match std::mem::replace(&mut self.call, State::Done) {
            State::Ready(Outgoing { call, .. }) => call.err(),
            _ => None,
        }
    }

    /// Waits for the next item; `None` at the end.
    ///
    /// Does the same as `StreamExt::next` of the futures crates. Dropping the future loses no item.
    pub async fn next(&mut self) -> Option<R> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<R> Stream for ResultStream<R> {
    type Item = R;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<R>> {
        let this = &mut *self;
        if matches!(this.call, State::Ready(_))
            && let State::Ready(Outgoing { link, call, .. }) = std::mem::replace(&mut this.call, State::Done)
        {
            match call {
                Ok(call) => this.call = State::Running(link.stream(call)),
                Err(error) => return Poll::Ready((this.decode)(this.format, Err(error)).err()),
            }
        }
        let State::Running(items) = &mut this.call else {
            return Poll::Ready(None);
        };
        let item = ready!(items.as_mut().poll_next(cx)).map(|item| (this.decode)(this.format, item));
        if !matches!(item, Some(Ok(_))) {
            this.call = State::Done;
        }
        Poll::Ready(item.map(|item| item.unwrap_or_else(|last| last)))
    }
}

impl<R> fmt::Debug for ResultStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultStream").field("call", &self.call).finish_non_exhaustive()
    }
}
