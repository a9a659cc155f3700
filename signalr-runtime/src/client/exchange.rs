//! One HTTP/1.1 request on a connection of its own.
//!
//! Negotiation and the WebSocket are two requests in a connection's life, so nothing is pooled, and no task is
//! left behind: dropping the future of a request drops its socket.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{Method, Request};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection};

use super::cookies::Cookies;
use super::dial::{Io, dial, socket};
use super::error::{ConnectError, with_causes};
use super::settings::Settings;
use super::token::TokenSource;
use super::url::HubUrl;
use crate::transport::websocket::socket::Socket;

/// The request that every endpoint gets: the client's own headers, then the user's, then the token.
pub(crate) async fn request(
    settings: &Settings,
    cookies: &Cookies,
    token: &TokenSource,
    method: Method,
    url: &HubUrl,
    target: PathAndQuery,
) -> Result<Request<Empty<Bytes>>, ConnectError> {
    /// Makes an authentication layer answer 401 where it would redirect a person to a page.
    const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

    let may_have_body = method == Method::POST;
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    *request.uri_mut() = target.into();
    let headers = request.headers_mut();
    headers.insert(HOST, url.host().map_err(other)?);
    if may_have_body {
        // Some servers and proxies refuse a POST that does not say so.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    headers.insert(USER_AGENT, HeaderValue::try_from(user_agent()).map_err(other)?);
    headers.insert(REQUESTED_WITH, HeaderValue::from_static("XMLHttpRequest"));
    for name in settings.headers.keys() {
        headers.remove(name);
    }
    for (name, value) in &settings.headers {
        headers.append(name, value.clone());
    }
    if headers.get(USER_AGENT).is_some_and(HeaderValue::is_empty) {
        headers.remove(USER_AGENT);
    }
    cookies.give(url.authority(), headers);
    if let Some(bearer) = token.bearer().await? {
        headers.insert(AUTHORIZATION, bearer);
    }
    Ok(request)
}

/// In the shape that Microsoft's clients use: name, version, operating system, language.
fn user_agent() -> String {
    const NAME: &str =
        concat!("SignalR-Rust/", env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    format!("{NAME} ({}; {}; Rust)", env!("CARGO_PKG_VERSION"), std::env::consts::OS)
}

/// A request that has been answered, and the connection it was sent on.
pub(crate) struct Exchange {
    pub(crate) head: Parts,
    body: Incoming,
    connection: HttpConnection,
}

/// A connection that one request is sent on.
struct HttpConnection {
    inner: Connection<Io, Empty<Bytes>>,
    /// Whether it has come to its end.
    over: bool,
}

impl Exchange {
    /// Connects, sends `request` and waits for the head of the answer.
    pub(crate) async fn make(url: &HubUrl, request: Request<Empty<Bytes>>) -> Result<Self, ConnectError> {
        let io = dial(url).await?;
        let (mut sender, inner) = http1::handshake(io).await.map_err(other)?;
        let mut connection = HttpConnection { inner, over: false };
        let response = connection.run(sender.send_request(request)).await?.map_err(other)?;
        let (head, body) = response.into_parts();
        Ok(Self { head, body, connection })
    }

    /// The body of the answer, which is refused beyond `limit` bytes.
    pub(crate) async fn body(mut self, limit: usize) -> Result<Bytes, ConnectError> {
        let body = Limited::new(self.body, limit).collect();
        let body = self.connection.run(body).await?.map_err(ConnectError::Request)?;
        Ok(body.to_bytes())
    }

    /// The stream below HTTP, after an answer that ends HTTP on it; and what has arrived behind that answer.
    pub(crate) async fn into_stream(mut self) -> Result<(Socket, Bytes), ConnectError> {
        drop(self.body);
        poll_fn(|cx| self.connection.poll(cx)).await?;
        let parts = self.connection.inner.into_parts();
        Ok((socket(parts.io), parts.read_buf))
    }
}

impl HttpConnection {
    /// Runs the connection until `future` is done.
    async fn run<F: Future>(&mut self, future: F) -> Result<F::Output, ConnectError> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            // The connection first: it is what brings the answer, and may end with it.
            if let Poll::Ready(Err(error)) = self.poll(cx) {
                return Poll::Ready(Err(error));
            }
            future.as_mut().poll(cx).map(Ok)
        })
        .await
    }

    /// Ready when HTTP has ended on this connection.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        if !self.over {
            let ended = ready!(self.inner.poll_without_shutdown(cx));
            self.over = true;
            ended.map_err(other)?;
        }
        Poll::Ready(Ok(()))
    }
}

fn other(error: impl Error + Send + Sync + 'static) -> ConnectError {
    ConnectError::Request(with_causes(&error).into())
}
