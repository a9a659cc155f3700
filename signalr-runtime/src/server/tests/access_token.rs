//! Where the token of a request is looked for, and where it is not found any more.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tower_layer::Layer;
use tower_service::Service;

use super::Server;
use crate::server::{AccessToken, AccessTokenLayer};

/// What an application inside the layer is given.
struct Inside;

impl Service<Request<()>> for Inside {
    type Response = Request<()>;
    type Error = Infallible;
    type Future = Ready<Result<Request<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok(request))
    }
}

async fn through(request: Request<()>) -> Request<()> {
    AccessTokenLayer::new().layer(Inside).call(request).await.unwrap()
}

/// The URI and the token inside of the layer.
async fn seen(uri: &str, authorization: &[&str]) -> (String, Option<String>) {
    let mut request = Request::builder().uri(uri);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    let request = through(request.body(()).unwrap()).await;
    let token = request.extensions().get::<AccessToken>().map(|token| token.expose().to_owned());
    (request.uri().to_string(), token)
}

/// A header that is sensitive is not shown by `Debug`, nor by the request logs of others.
#[tokio::test]
async fn the_headers_with_secrets_are_sensitive() {
    let request = Request::builder()
        .header("authorization", "Bearer secret")
        .header("X-SignalR-Connection-Token", "secret")
        .header("x-signalr-connection-token", "secret, too")
        .header("x-other", "shown");
    let request = through(request.body(()).unwrap()).await;
    for (name, value) in request.headers() {
        assert_eq!(value.is_sensitive(), name != "x-other", "{name}");
    }
    assert!(!format!("{request:?}").contains("secret"));
}

#[tokio::test]
async fn the_token_leaves_the_uri() {
    let cases = [
        ("/hub", "/hub", None),
        ("/hub?", "/hub?", None),
        ("/hub?id=1", "/hub?id=1", None),
        ("/hub?access_token=secret", "/hub", Some("secret")),
        ("/hub/?access_token=secret", "/hub/", Some("secret")),
        ("/hub?id=1&access_token=secret", "/hub?id=1", Some("secret")),
        ("/hub?access_token=secret&id=1", "/hub?id=1", Some("secret")),
        ("/hub?a=%20%2f&&access_token=secret&b", "/hub?a=%20%2f&&b", Some("secret")),
        ("http://host:1/hub?access_token=secret&b=1", "http://host:1/hub?b=1", Some("secret")),
        ("http://host:1?access_token=secret", "http://host:1/", Some("secret")),
        ("*", "*", None),
        ("host:1", "host:1", None),
        // However the name and the value are written.
        ("/hub?Access_Token=secret", "/hub", Some("secret")),
        ("/hub?ACCESS%5FTOKEN=secret", "/hub", Some("secret")),
        ("/hub?access_token=a%2Bb%3D%26c", "/hub", Some("a+b=&c")),
        ("/hub?access_token=a+b", "/hub", Some("a b")),
        ("/hub?access_token=a=b", "/hub", Some("a=b")),
        // Other names.
        (
            "/hub?x_access_token=1&access_token2=2&token=3",
            "/hub?x_access_token=1&access_token2=2&token=3",
            None,
        ),
        ("/hub?x=access_token=1", "/hub?x=access_token=1", None),
        // An empty one is none, and so are two.
        ("/hub?access_token=", "/hub", None),
        ("/hub?access_token", "/hub", None),
        ("/hub?access_token=%20", "/hub", None),
        ("/hub?access_token=&access_token=secret", "/hub", Some("secret")),
        ("/hub?access_token=one&access_token=two&id=1", "/hub?id=1", None),
        ("/hub?access_token=one&ACCESS_TOKEN=one", "/hub", None),
        ("/hub?access_token=1&access_token=2&access_token=3", "/hub", None),
    ];
    for (uri, left, token) in cases {
        assert_eq!(seen(uri, &[]).await, (left.to_owned(), token.map(str::to_owned)), "{uri}");
    }
}

#[tokio::test]
async fn a_header_goes_before_the_query() {
    let cases: &[(&[&str], Option<&str>)] = &[
        (&["Bearer header"], Some("header")),
        (&["bearer header"], Some("header")),
        (&["  BEARER   header  "], Some("header")),
        // Not a bearer token.
        (&["Basic YTpi"], Some("query")),
        (&["Bearer"], Some("query")),
        (&["Bearer "], Some("query")),
        (&["Bearer\theader"], Some("query")),
        (&["BearerX header"], Some("query")),
        (&["header"], Some("query")),
        (&["Basic YTpi", "Bearer header"], Some("header")),
        // Nobody knows which one counts.
        (&["Bearer one", "Bearer two"], None),
    ];
    for (authorization, token) in cases {
        let seen = seen("/hub?access_token=query", authorization).await;
        assert_eq!(seen, ("/hub".to_owned(), token.map(str::to_owned)), "{authorization:?}");
    }
}

#[tokio::test]
async fn nothing_that_is_shown_has_the_token() {
    let request = Request::builder()
        .uri("/hub?access_token=secret1")
        .header("authorization", "Bearer secret2")
        .header("authorization", "Basic secret3");
    let request = through(request.body(()).unwrap()).await;
    let token = request.extensions().get::<AccessToken>().unwrap();
    let shown = format!("{request:?} {token:?}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(shown.contains("AccessToken(..)"), "{shown}");
}

#[tokio::test]
async fn two_layers_do_no_harm() {
    let request = Request::builder().uri("/hub?access_token=secret").body(()).unwrap();
    let request = through(through(request).await).await;
    assert_eq!(request.extensions().get::<AccessToken>().unwrap().expose(), "secret");
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_original_uri_of_axum_is_changed_as_well() {
    use axum::Router;
    use axum::extract::OriginalUri;
    use axum::routing::get;

    async fn uris(OriginalUri(original): OriginalUri, request: axum::extract::Request) -> String {
        format!(
            "{original} {} {}",
            request.uri(),
            request.extensions().get::<AccessToken>().unwrap().expose()
        )
    }
    let hubs = Router::new().route("/hub", get(uris)).layer(AccessTokenLayer::new());
    let other = Router::new().route("/other", get(async |uri: http::Uri| uri.to_string()));
    let mut app: Router = Router::new().nest("/api", hubs).merge(other);
    let mut ask = async |uri: &str| {
        let request = Request::builder().uri(uri).body(axum::body::Body::empty()).unwrap();
        let response = app.call(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1024).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    };
    assert_eq!(ask("/api/hub?access_token=secret&a=1").await, "/api/hub?a=1 /hub?a=1 secret");
    // What the layer does not wrap keeps its parameters.
    assert_eq!(ask("/other?access_token=theirs").await, "/other?access_token=theirs");
}

/// A connection keeps it, wherever it stood.
#[tokio::test]
async fn a_token_counts_once_among_what_a_request_may_bring() {
    let ask = async |bytes: usize, in_query: bool| {
        let token = "x".repeat(bytes);
        let request = Request::post(if in_query {
            format!("/hub/negotiate?access_token={token}")
        } else {
            "/hub/negotiate".to_owned()
        });
        let request =
            if in_query { request } else { request.header("authorization", format!("Bearer {token}")) };
        let mut service = AccessTokenLayer::new().layer(Server::new().service);
        service.call(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap().status()
    };
    for in_query in [true, false] {
        assert_eq!(ask(32_000, in_query).await, StatusCode::OK);
        assert_eq!(ask(33_000, in_query).await, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
}
