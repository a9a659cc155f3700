//! How a client asks for stateful reconnect and comes back, over TCP.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower_service::Service;

use super::super::over_tcp::{Socket, serve, within};
use super::*;
use crate::server::{HubRouterExt, Limits};

fn allowing() -> Server {
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    let options = HubOptions { http, ..HubOptions::default() };
    Server::of(World::default(), |service| {
        let user = |parts: &http::request::Parts| {
            Some(parts.headers.get("x-user")?.to_str().unwrap().to_owned()).filter(|user| !user.is_empty())
        };
        service.options(options).user_id(user)
    })
}

/// The answer to a negotiate request of the user that all of these connections are of.
async fn negotiate(address: SocketAddr, query: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /hub/negotiate{query} HTTP/1.1\r\nHost: test\r\nX-User: ada\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// The address that a negotiated connection is opened with.
async fn path(address: SocketAddr, query: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(&negotiate(address, query).await).unwrap();
    format!("/hub?id={}", body["connectionToken"].as_str().unwrap())
}

const STATEFUL: &str = "?negotiateVersion=1&useStatefulReconnect=true";

async fn connect(address: SocketAddr, path: &str, version: i32) -> Socket {
    let mut socket = Socket::upgrade(address, path, "ada").await.unwrap();
    socket.send(&format!(r#"{{"protocol":"json","version":{version}}}"#)).await;
    assert_eq!(socket.text().await, "{}");
    socket
}

async fn refused(address: SocketAddr, path: &str, user: &str, status: u16) {
    match Socket::upgrade(address, path, user).await {
        Ok(_) => panic!("a WebSocket opens that is to be refused with {status}"),
        Err(answer) => assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{answer}"),
    }
}

#[tokio::test]
async fn it_is_granted_to_who_asks_for_it_where_it_is_allowed() {
    let address = serve(Router::new().hub("/hub", allowing().service)).await;
    for query in [STATEFUL, "?USESTATEFULRECONNECT=True&negotiateVersion=1"] {
        let body = negotiate(address, query).await;
        assert!(body.starts_with(r#"{"useStatefulReconnect":true,"negotiateVersion":1,"#), "{body}");
    }
    for query in ["?negotiateVersion=1", "?negotiateVersion=1&useStatefulReconnect=false"] {
        let body = negotiate(address, query).await;
        assert!(body.starts_with(r#"{"negotiateVersion":1,"#), "{body}");
    }
    let address = serve(Router::new().hub("/hub", Server::new().service)).await;
    let body = negotiate(address, STATEFUL).await;
    assert!(body.starts_with(r#"{"negotiateVersion":1,"#), "{body}");
}

#[tokio::test]
async fn a_client_comes_back_with_a_second_websocket() {
    let server = allowing();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let path = path(address, STATEFUL).await;
    let mut first = connect(address, &path, 2).await;
    first.send(&call("1", "Join", r#"["g"]"#)).await;
    assert_eq!(first.text().await, result("1", "null"));
    // One message is short, and one is large enough to be shared by all who get it.
    let large = "x".repeat(5000);
    for text in ["small", &large] {
        server.handle().clients().all().said(text).await.unwrap();
        assert_eq!(first.text().await, said(text));
    }
    first.send(&ack(1)).await;
    first.send(&call("2", "Echo", r#"["received"]"#)).await;
    assert_eq!(first.text().await, result("2", r#""received""#));
    drop(first);
    // Only who negotiated, and with the token.
    refused(address, &path, "bob", 403).await;
    refused(address, &path, "", 403).await;
    server.handle().clients().group("g").said("while away").await.unwrap();
    let mut second = Socket::upgrade(address, &path, "ada").await.unwrap();
    second.send(&sequence(3)).await;
    second.send(&call("3", "Add", "[1,2]")).await;
    for expected in [
        sequence(2),
        said("small"),
        said(&large),
        result("2", r#""received""#),
        said("while away"),
        result("3", "3"),
    ] {
        let mut record = second.text().await;
        if record.starts_with(r#"{"type":8"#) {
            record = second.text().await;
        }
        assert_eq!(record, expected);
    }
    assert_eq!(server.handle().connection_count(), 1);
    // A second socket while the first lives takes its place.
    let mut third = Socket::upgrade(address, &path, "ada").await.unwrap();
    assert_eq!(third.text().await, sequence(2));
    assert_eq!(server.log(), ["echo received"]);
    // A close frame is the end.
    third.frame(0x88, &1000_u16.to_be_bytes()).await;
    while server.handle().connection_count() > 0 {
        tokio::task::yield_now().await;
    }
    drop(third);
    refused(address, &path, "ada", 404).await;
}

#[tokio::test]
async fn who_breaks_the_transport_does_not_come_back() {
    let server = allowing();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let path = path(address, STATEFUL).await;
    let mut socket = connect(address, &path, 2).await;
    // A reserved opcode.
    socket.frame(0x83, b"?").await;
    assert_eq!(socket.next().await, (8, 1002_u16.to_be_bytes().to_vec()));
    while server.handle().connection_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_second_websocket_is_refused_where_the_mode_is_off() {
    let server = allowing();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    for (query, version) in [(STATEFUL, 1), ("?negotiateVersion=1", 2)] {
        let path = path(address, query).await;
        let mut socket = connect(address, &path, version).await;
        refused(address, &path, "ada", 409).await;
        socket.send(&call("1", "Add", "[1,2]")).await;
        assert_eq!(socket.text().await, result("1", "3"));
    }
}

#[tokio::test]
async fn a_connection_that_is_ending_is_not_come_back_to() {
    let disconnected = world::passing("end");
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    let options = HubOptions { http, ..HubOptions::default() };
    let server = Server::of(World { disconnected, ..World::default() }, |service| service.options(options));
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let path = path(address, STATEFUL).await;
    let mut socket = connect(address, &path, 2).await;
    socket.send(CLOSE).await;
    assert_eq!(socket.text().await, CLOSE);
    refused(address, &path, "ada", 204).await;
    server.world.open("end");
}

#[tokio::test]
async fn who_comes_back_too_often_is_told_so() {
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    let limits = Limits { resumes_per_minute: 1, ..Limits::default() };
    let server = Server::with(HubOptions { http, limits, ..HubOptions::default() });
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let path = path(address, STATEFUL).await;
    drop(connect(address, &path, 2).await);
    let mut second = Socket::upgrade(address, &path, "ada").await.unwrap();
    assert_eq!(second.text().await, sequence(1));
    let Err(answer) = Socket::upgrade(address, &path, "ada").await else { panic!("it comes back again") };
    assert!(answer.starts_with("http/1.1 429 ") && answer.contains("retry-after: 60\r\n"), "{answer}");
}

#[tokio::test]
async fn a_request_that_cannot_become_a_websocket_is_no_attempt_to_come_back() {
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    let limits = Limits { resumes_per_minute: 1, ..Limits::default() };
    let server = Server::with(HubOptions { http, limits, ..HubOptions::default() });
    let mut router = Router::new().hub("/hub", server.service);
    let address = serve(router.clone()).await;
    let path = path(address, STATEFUL).await;
    drop(connect(address, &path, 2).await);
    for _ in 0..2 {
        // It did not come over a socket.
        let request = Request::get(&path)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let answer = router.call(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 500);
    }
    let mut second = Socket::upgrade(address, &path, "ada").await.unwrap();
    assert_eq!(second.text().await, sequence(1));
}

fn header(parts: &http::request::Parts, name: &str) -> Option<String> {
    Some(parts.headers.get(name)?.to_str().ok()?.to_owned())
}

#[tokio::test]
async fn who_comes_back_with_newer_credentials_has_refreshed_them() {
    let refreshed = world::hook(async |cx, world: Arc<World>| {
        world.say(format!("refreshed as {}", header(&cx.authenticated_request(), "x-role").unwrap()));
        Ok(())
    });
    let http = HttpOptions {
        allow_stateful_reconnects: true,
        enable_authentication_refresh: true,
        ..HttpOptions::default()
    };
    let server = Server::of(World { refreshed, ..World::default() }, |service| {
        service
            .options(HubOptions { http, ..HubOptions::default() })
            .user_id(|parts| header(parts, "x-user"))
            .authentication_expiry(|parts| {
                let seconds = header(parts, "x-good-for")?.parse().unwrap();
                Some(std::time::SystemTime::now() + std::time::Duration::from_secs(seconds))
            })
            .on_authentication_refresh(async |refresh| {
                header(refresh.request(), "x-role").as_deref() != Some("banned")
            })
    });
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let path = path(address, STATEFUL).await;
    let credentials = |role: &str, good_for: u32| format!("ada\nX-Role: {role}\nX-Good-For: {good_for}");
    let come_back = async |role, good_for| {
        let mut socket = Socket::upgrade(address, &path, &credentials(role, good_for)).await.unwrap();
        assert_eq!(socket.text().await, sequence(1));
        socket.send(&sequence(1)).await;
        socket
    };
    let mut socket = Socket::upgrade(address, &path, &credentials("first", 100)).await.unwrap();
    socket.send(r#"{"protocol":"json","version":2}"#).await;
    assert_eq!(socket.text().await, "{}");
    drop(socket);
    // The hub is told before any call that follows; older credentials change nothing.
    drop(come_back("second", 200).await);
    let mut socket = come_back("older", 50).await;
    socket.send(&call("1", "Nothing", "[]")).await;
    assert_eq!(socket.text().await, result("1", "null"));
    assert_eq!(server.log(), ["refreshed as second"]);
    // What the application refuses ends the connection.
    refused(address, &path, &credentials("banned", 300), 403).await;
    while server.handle().connection_count() > 0 {
        tokio::task::yield_now().await;
    }
}
