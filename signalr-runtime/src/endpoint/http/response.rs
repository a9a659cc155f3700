//! What an endpoint answers.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::outgoing::{Outgoing, OutgoingBody};
use super::response_aborted::ResponseAborted;
use crate::connection::slice::poll_give_way;

/// The body of an answer: a few bytes, or what is sent to a connection.
///
/// Its pieces count as written when they are dropped, as an HTTP server does when the socket has taken them. A reader that
/// gathers the pieces of an event stream is taken for a client that does not read.
pub struct ResponseBody(Content);

enum Content {
    Whole(Full<Bytes>),
    Outgoing(OutgoingBody),
}

impl ResponseBody {
    pub(super) fn outgoing(outgoing: &Outgoing) -> Self {
        Self(Content::Outgoing(outgoing.body()))
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Whole(Full::new(bytes)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ResponseAborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ResponseAborted>>> {
        match &mut self.0 {
            Content::Whole(bytes) => Pin::new(bytes).poll_frame(cx).map_err(|never| match never {}),
            Content::Outgoing(body) => body.poll_next(cx).map(|part| part.map(|part| part.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Whole(bytes) => bytes.is_end_stream(),
            Content::Outgoing(body) => body.is_taken(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(bytes) => bytes.size_hint(),
            Content::Outgoing(body) => body.length().map_or_else(SizeHint::default, SizeHint::with_exact),
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

/// The answer to one request, as soon as there is one, and the task has let others run if it is time to.
pub struct ResponseFuture {
    answer: Answer,
    gave_way: bool,
}

/// The part of tokio's cooperative budget that a request takes. A task has 128 for each of its polls: one that has a
/// long row of requests answers 32 of them, and lets others run.
const SHARE: usize = 4;

enum Answer {
    Now(Option<HttpResponse>),
    Later(BoxFuture<'static, HttpResponse>),
}

impl ResponseFuture {
    pub(super) fn now(response: HttpResponse) -> Self {
        Self { answer: Answer::Now(Some(response)), gave_way: false }
    }

    pub(super) fn later(response: impl Future<Output = HttpResponse> + Send + 'static) -> Self {
        Self { answer: Answer::Later(Box::pin(response)), gave_way: false }
    }
}

impl ResponseFuture {
    pub(super) fn map(self, change: fn(HttpResponse) -> HttpResponse) -> Self {
        let answer = match self.answer {
            Answer::Now(response) => Answer::Now(response.map(change)),
            Answer::Later(response) => Answer::Later(Box::pin(async move { change(response.await) })),
        };
        Self { answer, ..self }
    }
}

impl Future for ResponseFuture {
    type Output = Result<HttpResponse, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.gave_way {
            for _ in 0..SHARE {
                ready!(poll_give_way(cx));
            }
            self.gave_way = true;
        }
        match &mut self.answer {
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

/// An answer without a body, and so without a type.
pub(super) fn empty(status: StatusCode) -> HttpResponse {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = status;
    response
}

pub(super) fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> HttpResponse {
    with_body(status, content_type, body.into())
}

pub(super) fn with_body(status: StatusCode, content_type: &'static str, body: ResponseBody) -> HttpResponse {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(super) fn method_not_allowed(allowed: &'static str) -> HttpResponse {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
