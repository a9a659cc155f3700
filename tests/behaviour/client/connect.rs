//! How a client finds and opens its connection, and what it says when it cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, USER_AGENT};
use signalr_runtime::client::{ConnectError, HubConnection, HubConnectionBuilder};
use signalr_tests::test_hub::TestHubContract;

use super::fake::{Fake, NEGOTIATED, Peer};

fn client(url: impl Into<String>) -> HubConnectionBuilder<TestHubContract> {
    HubConnection::builder(url)
}

/// Connects while the server does something else.
async fn connect<T>(
    client: HubConnectionBuilder<TestHubContract>,
    server: impl Future<Output = T>,
) -> (Result<HubConnection<TestHubContract>, ConnectError>, T) {
    tokio::join!(client.connect(), server)
}

#[tokio::test]
async fn requests_carry_what_the_user_and_the_server_gave_them() {
    let fake = Fake::bind().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let client = client(format!("{}/?room=a%20b", fake.url()))
        .header(HeaderName::from_static("x-tenant"), HeaderValue::from_static("blue"))
        .header(COOKIE, HeaderValue::from_static("mine=1"))
        .access_token(move || {
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            async move { Ok(format!("token-{number}")) }
        });
    let server = async {
        let request = fake.request().await;
        assert_eq!(request.line, "POST /hub/negotiate?room=a%20b&negotiateVersion=1 HTTP/1.1");
        assert_eq!(request.header("authorization"), Some("Bearer token-1"));
        assert_eq!(request.header("x-tenant"), Some("blue"));
        assert_eq!(request.header("cookie"), Some("mine=1"));
        assert_eq!(request.header("x-requested-with"), Some("XMLHttpRequest"));
        assert_eq!(request.header("content-length"), Some("0"));
        assert!(request.header("user-agent").unwrap().starts_with("SignalR-Rust/"));
        assert!(fake.url().contains(request.header("host").unwrap()));
        request.answer("200 OK", "set-cookie: pin=7; Path=/\r\n", NEGOTIATED).await;
        let request = fake.request().await;
        assert_eq!(request.line, "GET /hub/?room=a%20b&id=secret HTTP/1.1");
        assert_eq!(request.header("authorization"), Some("Bearer token-2"));
        assert_eq!(request.header("x-tenant"), Some("blue"));
        assert_eq!(request.header("cookie"), Some("mine=1; pin=7"));
        assert_eq!(request.header("sec-websocket-version"), Some("13"));
        let mut peer = request.upgrade().await;
        peer.shake_hands().await;
        peer
    };
    let (connection, _peer) = connect(client, server).await;
    assert_eq!(connection.unwrap().connection_id().as_deref(), Some("public"));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn headers_of_the_user_take_the_place_of_our_own() {
    for (value, seen) in [("mine/1", Some("mine/1")), ("", None)] {
        let fake = Fake::bind().await;
        let client = client(fake.url())
            .header(USER_AGENT, HeaderValue::from_static(value))
            .header(AUTHORIZATION, HeaderValue::from_static("Basic abc"))
            // An empty token is none.
            .access_token(|| async { Ok(" ".to_owned()) });
        let server = async {
            let request = fake.request().await;
            assert_eq!(request.header("user-agent"), seen);
            assert_eq!(request.header("authorization"), Some("Basic abc"));
        };
        connect(client, server).await.0.unwrap_err();
    }
}

#[tokio::test]
async fn without_negotiation_there_is_no_id() {
    let fake = Fake::bind().await;
    let server = async {
        let request = fake.request().await;
        assert_eq!(request.line, "GET /hub HTTP/1.1");
        let mut peer = request.upgrade().await;
        peer.shake_hands().await;
        peer
    };
    let (connection, _peer) = connect(client(fake.url()).skip_negotiation(), server).await;
    assert_eq!(connection.unwrap().connection_id(), None);
}

#[tokio::test]
async fn without_a_token_the_id_opens_the_connection() {
    let fake = Fake::bind().await;
    let server = async {
        let answer = r#"{"connectionId":"a b","availableTransports":[{"transport":"Smoke","transferFormats":["Rings"]},{"transport":"WebSockets","transferFormats":["Text"]}],"more":[1]}"#;
        fake.request().await.answer("200 OK", "", answer).await;
        let request = fake.request().await;
        assert_eq!(request.line, "GET /hub?id=a+b HTTP/1.1");
        let mut peer = request.upgrade().await;
        peer.shake_hands().await;
        peer
    };
    let (connection, _peer) = connect(client(fake.url()), server).await;
    assert_eq!(connection.unwrap().connection_id().as_deref(), Some("a b"));
}

#[tokio::test]
async fn a_redirect_is_followed_with_the_token_that_it_brings() {
    let (first, second) = (Fake::bind().await, Fake::bind().await);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let client = client(first.url()).access_token(move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok("mine".to_owned()) }
    });
    let server = async {
        let request = first.request().await;
        assert_eq!(request.header("authorization"), Some("Bearer mine"));
        let answer = format!(r#"{{"url":"{}?hub=chat","accessToken":"theirs"}}"#, second.url());
        request.answer("200 OK", "", &answer).await;
        let request = second.request().await;
        assert_eq!(request.line, "POST /hub/negotiate?hub=chat&negotiateVersion=1 HTTP/1.1");
        assert_eq!(request.header("authorization"), Some("Bearer theirs"));
        request.answer("200 OK", "", NEGOTIATED).await;
        let request = second.request().await;
        assert_eq!(request.line, "GET /hub?hub=chat&id=secret HTTP/1.1");
        assert_eq!(request.header("authorization"), Some("Bearer theirs"));
        let mut peer = request.upgrade().await;
        peer.shake_hands().await;
        peer
    };
    let (connection, _peer) = connect(client, server).await;
    connection.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn redirects_without_end_are_given_up() {
    let fake = Fake::bind().await;
    let answer = format!(r#"{{"url":"{}"}}"#, fake.url());
    let client = client(fake.url()).connect();
    let server = async {
        for negotiations in 0.. {
            tokio::select! {
                request = fake.request() => request.answer("200 OK", "", &answer).await,
                () = tokio::task::yield_now(), if negotiations == 100 => return,
            }
        }
    };
    let (connection, ()) = tokio::join!(client, server);
    let error = connection.unwrap_err();
    assert!(matches!(error, ConnectError::TooManyRedirects));
    assert_eq!(error.to_string(), "Negotiate redirection limit exceeded.");
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_reported() {
    const WRAPPED: &str = "Failed to complete negotiation with the server: ";
    let large = format!(r#"{{"connectionId":"{}"}}"#, "x".repeat(100_000));
    let cases = [
        ("401 Unauthorized", "", format!("{WRAPPED}Unexpected status code returned from negotiate '401'")),
        (
            "404 Not Found",
            "nothing here",
            format!(
                "{WRAPPED}Unexpected status code returned from negotiate '404': there is no hub at this address"
            ),
        ),
        ("200 OK", r#"{"error":"not you"}"#, format!("{WRAPPED}not you")),
        (
            "200 OK",
            r#"{"ProtocolVersion":"1.2","Url":"/signalr"}"#,
            format!("{WRAPPED}Detected a connection attempt to an ASP.NET SignalR Server."),
        ),
        ("200 OK", "<html>", format!("{WRAPPED}Invalid negotiation response received. ")),
        (
            "200 OK",
            r#"{"connectionId":"a"}"#,
            format!(
                "{WRAPPED}Invalid negotiation response received. Missing required property 'availableTransports'."
            ),
        ),
        ("200 OK", r#"{"url":"/elsewhere"}"#, "'/elsewhere' is not the address of a hub: ".to_owned()),
        (
            "200 OK",
            r#"{"connectionId":"a","availableTransports":[]}"#,
            "None of the transports supported by the client are supported by the server.".to_owned(),
        ),
        (
            "200 OK",
            r#"{"connectionId":"a","availableTransports":[{"transport":"LongPolling","transferFormats":["Text"]}]}"#,
            "None of the transports supported by the client are supported by the server.".to_owned(),
        ),
        (
            "200 OK",
            r#"{"connectionId":"a","availableTransports":[{"transport":"WebSockets","transferFormats":["Binary"]}]}"#,
            "None of the transports supported by the client are supported by the server.".to_owned(),
        ),
        ("200 OK", &large, "a request to the server failed: length limit exceeded".to_owned()),
    ];
    for (status, body, text) in cases {
        let fake = Fake::bind().await;
        let server = async { fake.request().await.answer(status, "", body).await };
        let error = connect(client(fake.url()), server).await.0.unwrap_err();
        assert!(error.to_string().starts_with(&text), "{error}");
        let refused = (!status.starts_with("200")).then(|| status.get(..3).unwrap().parse::<u16>().unwrap());
        assert_eq!(error.status().map(|status| status.as_u16()), refused);
    }
}

#[tokio::test]
async fn a_websocket_that_does_not_open_is_reported() {
    let cases = [
        ("404 Not Found", "the server answered 404 Not Found instead of opening a WebSocket"),
        ("200 OK", "the server answered 200 OK instead of opening a WebSocket"),
    ];
    for (status, text) in cases {
        let fake = Fake::bind().await;
        let server = async {
            fake.request().await.answer("200 OK", "", NEGOTIATED).await;
            fake.request().await.answer(status, "", "No Connection with that ID").await;
        };
        let error = connect(client(fake.url()), server).await.0.unwrap_err();
        let start =
            "Unable to connect to the server with any of the available transports. (WebSockets failed: ";
        assert_eq!(error.to_string(), format!("{start}{text})"));
        assert_eq!(error.status().unwrap().as_str(), &status[..3]);

        let server = async { fake.request().await.answer(status, "", "").await };
        let error = connect(client(fake.url()).skip_negotiation(), server).await.0.unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    let fake = Fake::bind().await;
    let server = async { fake.request().await.upgrade_with("bm90IHRoZSBrZXk=", "").await };
    let error = connect(client(fake.url()).skip_negotiation(), server).await.0.unwrap_err();
    assert!(error.to_string().contains("Sec-WebSocket-Accept"), "{error}");
}

#[tokio::test]
async fn a_handshake_that_fails_is_reported() {
    type Answer = fn(Peer) -> std::pin::Pin<Box<dyn Future<Output = Option<Peer>> + Send>>;
    let cases: [(Answer, &str); 5] = [
        (
            |mut peer| {
                Box::pin(async move {
                    peer.send(r#"{"error":"The protocol 'json' is not supported."}"#).await;
                    Some(peer)
                })
            },
            "Unable to complete handshake with the server due to an error: The protocol 'json' is not supported.",
        ),
        (
            |mut peer| {
                Box::pin(async move {
                    peer.send(r#"{"type":6}"#).await;
                    Some(peer)
                })
            },
            "Expected a handshake response from the server.",
        ),
        (
            |mut peer| {
                Box::pin(async move {
                    peer.close(Some(1000)).await;
                    Some(peer)
                })
            },
            "The server disconnected before sending a handshake response",
        ),
        (|_| Box::pin(async { None }), "The server disconnected before sending a handshake response"),
        (
            |peer| Box::pin(async { Some(peer) }),
            "Timed out waiting for the server to respond to the handshake message.",
        ),
    ];
    for (answer, text) in cases {
        let fake = Fake::bind().await;
        let server = async {
            let mut peer = fake.websocket().await;
            assert_eq!(peer.next().await, r#"{"protocol":"json","version":1}"#);
            answer(peer).await
        };
        let limit =
            if text.starts_with("Timed out") { Duration::from_millis(100) } else { Duration::from_secs(15) };
        let client = client(fake.url()).handshake_timeout(limit);
        let (connection, _peer) = connect(client, server).await;
        assert_eq!(connection.unwrap_err().to_string(), text);
    }
}

#[tokio::test]
async fn what_comes_with_the_handshake_is_not_lost() {
    let fake = Fake::bind().await;
    let server = async {
        let request = fake.request().await;
        let accept = request.header("sec-websocket-key").unwrap();
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(accept.as_bytes());
        // In one segment with the answer to the upgrade, and in frames of their own behind it.
        let mut peer = request.upgrade_with(&accept, "{}\u{1e}{\"type\":1,\"invocationId\":\"s1\",").await;
        peer.send(r#""target":"Confirm","arguments":["a"]}"#).await;
        peer.send(r#"{"type":1,"invocationId":"s2","target":"Confirm","arguments":["b"]}"#).await;
        peer
    };
    let (ui, _messages) = super::server::Ui::new();
    let (connection, mut peer) = connect(client(fake.url()).skip_negotiation().handlers(ui), server).await;
    let connection = connection.unwrap();
    for expected in [
        r#"{"protocol":"json","version":1}"#,
        r#"{"type":6}"#,
        r#"{"type":3,"invocationId":"s1","result":"yes, a"}"#,
        r#"{"type":3,"invocationId":"s2","result":"yes, b"}"#,
    ] {
        assert_eq!(peer.next().await, expected);
    }
    drop(connection);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let fake = Fake::bind().await;
    let limit = Duration::from_millis(300);
    let server = async { fake.request().await };
    let (connection, _request) = connect(client(fake.url()).request_timeout(limit), server).await;
    assert!(matches!(connection, Err(ConnectError::RequestTimeout(after)) if after == limit));
}

#[tokio::test]
async fn an_attempt_that_is_dropped_leaves_nothing_behind() {
    let fake = Fake::bind().await;
    let attempt = tokio::spawn(client(fake.url()).connect());
    let request = fake.request().await;
    attempt.abort();
    request.hung_up().await;
    let attempt = tokio::spawn(client(fake.url()).connect());
    let mut peer = fake.websocket().await;
    assert_eq!(peer.next().await, r#"{"protocol":"json","version":1}"#);
    attempt.abort();
    assert!(peer.is_lost().await);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let url = Fake::bind().await.url();
    let error = client(url.clone()).connect().await.unwrap_err();
    let host = url.strip_prefix("http://").unwrap().strip_suffix("/hub").unwrap();
    assert!(error.to_string().starts_with(&format!("{host} could not be reached: ")), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn no_token_no_connection() {
    let fake = Fake::bind().await;
    let failing = client(fake.url()).access_token(|| async { Err("signed out".into()) });
    let error = failing.connect().await.unwrap_err();
    assert_eq!(error.to_string(), "there is no access token: signed out");
    assert_eq!(error.status(), None::<StatusCode>);
    let broken = client(fake.url()).access_token(|| async { Ok("a\nb".to_owned()) });
    let error = broken.connect().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("a\n"), "{error}");
    let builder =
        client(format!("{}?access_token=hidden", fake.url())).access_token(|| async { Ok("hidden".into()) });
    assert!(!format!("{builder:?}").contains("hidden"));
}
