//! The access token of a request, taken out of where it could be read by others.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Uri};
use tower_layer::Layer;
use tower_service::Service;

use super::query;

/// The header in which a refresh brings the connection token: a query would be logged.
pub(crate) const CONNECTION_TOKEN: HeaderName = HeaderName::from_static("x-signalr-connection-token");

/// The query parameter in which clients send the token when they cannot send a header.
const PARAMETER: &str = "access_token";

/// The access token of a request, as [`AccessTokenLayer`] found it. It has not been verified.
///
/// It is a secret: it has no `Display`, and its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<str>);

impl AccessToken {
    /// The token itself, for the code that verifies it. It does not belong into logs, errors or metrics.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// None for a token that says nothing.
    fn new(token: &str) -> Option<Self> {
        if token.trim().is_empty() { None } else { Some(Self(token.into())) }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

/// Moves the access token of each request into its extensions, as an [`AccessToken`], wherever the client had to put
/// it: code that authenticates has one place to look, and code that logs finds nothing.
///
/// Browsers cannot set headers on WebSockets and Server-Sent Events, so SignalR clients send the token there in the
/// query of the URI, which many programs write into logs. This layer removes it from the URI, and from axum's
/// [`OriginalUri`](https://docs.rs/axum/latest/axum/extract/struct.OriginalUri.html), and marks the headers
/// `Authorization` and `X-SignalR-Connection-Token` as sensitive. It verifies nothing.
///
/// It covers the routes that it wraps and nothing else. Only what runs inside of it is kept from the token, and in
/// axum the layer that is added last is the outermost one: add it after authentication and after request logs.
///
/// ```
/// use axum::extract::Request;
/// use axum::http::StatusCode;
/// use axum::middleware::{Next, from_fn};
/// use axum::response::Response;
/// use signalr_runtime::server::*;
/// # use signalr_runtime::{HubResult, hub};
/// #
/// # #[hub]
/// # trait Greeter {
/// #     async fn greet(&self, name: &str) -> HubResult<String>;
/// # }
/// #
/// # struct Polite;
/// #
/// # impl Hub for Polite {
/// #     type Contract = GreeterContract;
/// # }
/// #
/// # impl Greeter for Polite {
/// #     async fn greet(&self, name: &str) -> HubResult<String> {
/// #         Ok(format!("Good morning, {name}"))
/// #     }
/// # }
/// #
/// # fn verify(token: &str) -> Option<User> {
/// #     Some(User(token.to_owned()))
/// # }
///
/// #[derive(Clone)]
/// struct User(String);
///
/// async fn authenticate(mut request: Request, next: Next) -> Result<Response, StatusCode> {
///     let token = request.extensions().get::<AccessToken>().ok_or(StatusCode::UNAUTHORIZED)?;
///     let user = verify(token.expose()).ok_or(StatusCode::UNAUTHORIZED)?;
///     request.extensions_mut().insert(user);
///     Ok(next.run(request).await)
/// }
///
/// let greeter = HubService::<Polite>::new(|_| Polite)
///     .user_id(|request| request.extensions.get::<User>().map(|user| user.0.clone()));
/// let app: axum::Router =
///     axum::Router::new().hub("/greeter", greeter).layer(from_fn(authenticate)).layer(AccessTokenLayer::new());
/// ```
///
/// What stays in the query is the `id`, the token of the connection. To a hub that knows its users it is worth nothing
/// without the credentials of the same identity. Where nobody signs in, somebody who reads it in a log can send in the name of
/// a client that uses Server-Sent Events or long polling, as long as that is connected.
///
/// # What counts as the token
///
/// - The credentials of an `Authorization` header of the scheme `Bearer`, in any case. A token in the query is
///   removed, but not used then.
/// - Else the value of the query parameter `access_token`, in any case, after percent-decoding. The rest of the query
///   stays as it was, byte for byte.
/// - An empty token is none. Nor are two: if the header or the parameter is repeated, nobody can say which one counts,
///   so the request has no token at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessTokenLayer {
    _private: (),
}

impl AccessTokenLayer {
    /// The layer. It has no options.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for AccessTokenLayer {
    type Service = AccessTokenService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessTokenService { inner }
    }
}

/// A service inside an [`AccessTokenLayer`].
#[derive(Clone, Copy, Debug)]
pub struct AccessTokenService<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for AccessTokenService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let in_query = take_from_query(request.uri_mut());
        #[cfg(feature = "axum")]
        if let Some(axum::extract::OriginalUri(uri)) = request.extensions_mut().get_mut() {
            take_from_query(uri);
        }
        if let http::header::Entry::Occupied(mut entry) = request.headers_mut().entry(CONNECTION_TOKEN) {
            entry.iter_mut().for_each(|value| value.set_sensitive(true));
        }
        let token = match bearer(request.headers_mut()) {
            Found::Nothing => in_query,
            in_header => in_header,
        };
        // What another such layer has found outside of this one stays.
        if let Found::One(token) = token {
            request.extensions_mut().insert(token);
        }
        self.inner.call(request)
    }
}

/// The tokens in one place of a request.
enum Found {
    Nothing,
    One(AccessToken),
    /// More than one: none of them counts.
    Several,
}

impl Found {
    fn add(&mut self, token: &str) {
        if let Some(token) = AccessToken::new(token) {
            *self = match self {
                Self::Nothing => Self::One(token),
                Self::One(_) | Self::Several => Self::Several,
            };
        }
    }
}

/// Looks for a bearer token in the headers, which are not to be logged from now on.
fn bearer(headers: &mut HeaderMap) -> Found {
    let mut found = Found::Nothing;
    if let http::header::Entry::Occupied(mut entry) = headers.entry(AUTHORIZATION) {
        for value in entry.iter_mut() {
            value.set_sensitive(true);
            if let Some(token) = credentials(value) {
                found.add(token);
            }
        }
    }
    found
}

/// What a header says after `Bearer`.
fn credentials(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// Removes the token from the query of a URI.
fn take_from_query(uri: &mut Uri) -> Found {
    let Some(query) = uri.query() else { return Found::Nothing };
    let mut found = Found::Nothing;
    let mut changed = false;
    let rest = query::without(query, PARAMETER, |token| {
        found.add(&token);
        changed = true;
    });
    if changed {
        *uri = with_query(uri, &rest);
    }
    found
}

/// The same URI with another query. A part of what was valid is valid; should that ever fail, the query goes.
fn with_query(uri: &Uri, query: &str) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(format!("{}{query}", uri.path())).ok();
    Uri::from_parts(parts).unwrap_or_default()
}
