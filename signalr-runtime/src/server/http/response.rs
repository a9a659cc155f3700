//! What an endpoint answers.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::event_stream::EventStream;

/// The body of an answer: one piece of bytes, or the events of a connection as they come.
pub struct ResponseBody(Content);

enum Content {
    Whole(Full<Bytes>),
    Events(EventStream),
}

impl ResponseBody {
    pub(super) fn events(events: EventStream) -> Self {
        Self(Content::Events(events))
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Whole(Full::new(bytes)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Content::Whole(bytes) => Pin::new(bytes).poll_frame(cx),
            Content::Events(events) => {
                events.poll_next(cx).map(|event| event.map(|event| Ok(Frame::data(event))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Whole(bytes) => bytes.is_end_stream(),
            Content::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(bytes) => bytes.size_hint(),
            Content::Events(_) => SizeHint::default(),
        }
    }
}

// The bytes belong to the user.
impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

pub(crate) type HttpResponse = Response<ResponseBody>;

/// The answer to one request, as soon as there is one.
pub struct ResponseFuture(Answer);

enum Answer {
    Now(Option<HttpResponse>),
    Later(BoxFuture<'static, HttpResponse>),
}

impl ResponseFuture {
    pub(super) fn now(response: HttpResponse) -> Self {
        Self(Answer::Now(Some(response)))
    }

    pub(super) fn later(response: impl Future<Output = HttpResponse> + Send + 'static) -> Self {
        Self(Answer::Later(Box::pin(response)))
    }
}

impl ResponseFuture {
    pub(super) fn map(self, change: fn(HttpResponse) -> HttpResponse) -> Self {
        Self(match self.0 {
            Answer::Now(response) => Answer::Now(response.map(change)),
            Answer::Later(response) => Answer::Later(Box::pin(async move { change(response.await) })),
        })
    }
}

impl Future for ResponseFuture {
    type Output = Result<HttpResponse, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Answer::Now(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => panic!("polled after it was done"),
            },
            Answer::Later(response) => response.as_mut().poll(cx).map(Ok),
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// An answer in plain text.
pub(super) fn plain(status: StatusCode, text: &'static str) -> HttpResponse {
    with_type(status, "text/plain", Bytes::from_static(text.as_bytes()))
}

pub(super) fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> HttpResponse {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(super) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
