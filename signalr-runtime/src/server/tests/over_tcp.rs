//! A hub in an axum router, over TCP.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::server::HubRouterExt;

pub(super) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Sends a request and reads the head of the answer, and its body if it has a length.
async fn request(address: SocketAddr, head: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(
            format!("{head}\r\nHost: test\r\n\r\n").replace('\n', "\r\n").replace("\r\r", "\r").as_bytes(),
        )
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(within(stream.read_u8()).await.unwrap());
    }
    let mut answer = String::from_utf8(answer).unwrap().to_lowercase();
    if let Some((_, length)) = answer.split_once("content-length: ") {
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        within(stream.read_exact(&mut body)).await.unwrap();
        answer.push_str(&String::from_utf8(body).unwrap());
    }
    (stream, answer)
}

pub(super) async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(10), future).await.expect("nothing happens")
}

/// The client's end of a WebSocket.
pub(super) struct Socket<S = TcpStream>(S);

impl Socket {
    /// Opens a WebSocket for a user, without a handshake. The answer to a request that opens none is the error.
    pub(super) async fn upgrade(address: SocketAddr, path: &str, user: &str) -> Result<Self, String> {
        let head = format!(
            "GET {path} HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nX-User: {user}"
        );
        let (stream, answer) = request(address, &head).await;
        if !answer.starts_with("http/1.1 101 ") {
            return Err(answer);
        }
        assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
        Ok(Self(stream))
    }

    async fn open(address: SocketAddr, path: &str) -> Self {
        let mut socket = Self::upgrade(address, path, "ada").await.unwrap();
        socket.send(r#"{"protocol":"json","version":1}"#).await;
        assert_eq!(socket.next().await, (1, b"{}\x1E".to_vec()));
        socket
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(super) async fn send(&mut self, record: &str) {
        self.frame(0x81, format!("{record}\u{1E}").as_bytes()).await;
    }

    pub(super) async fn frame(&mut self, opcode: u8, payload: &[u8]) {
        // With a mask of zeroes.
        let mut frame = vec![opcode, 0xFE];
        frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        if payload.len() < 126 {
            frame.splice(1..4, [0x80 | u8::try_from(payload.len()).unwrap()]);
        }
        self.0.write_all(&frame).await.unwrap();
    }

    /// The opcode and the payload of the next frame.
    pub(super) async fn next(&mut self) -> (u8, Vec<u8>) {
        let [first, short] = within(self.0.read_u16()).await.unwrap().to_be_bytes();
        assert_eq!(first & 0xF0, 0x80, "a whole frame");
        let length = match short {
            126 => within(self.0.read_u16()).await.unwrap().into(),
            127 => panic!("no such frame is expected"),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        within(self.0.read_exact(&mut payload)).await.unwrap();
        (first & 0x0F, payload)
    }

    pub(super) async fn text(&mut self) -> String {
        let (opcode, payload) = self.next().await;
        assert_eq!(opcode, 1);
        String::from_utf8(payload).unwrap().trim_end_matches('\u{1E}').to_owned()
    }

    /// Makes sure that the next frame is a close frame with this code, and that the line ends after our answer.
    pub(super) async fn expect_end(&mut self, code: u16) {
        assert_eq!(self.next().await, (8, code.to_be_bytes().to_vec()));
        self.frame(0x88, &code.to_be_bytes()).await;
        self.expect_eof().await;
    }

    pub(super) async fn expect_eof(&mut self) {
        assert_eq!(within(self.0.read(&mut [0])).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_websocket_carries_calls_however_they_are_cut() {
    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let mut socket = Socket::open(address, "/hub").await;
    socket.send(&call("1", "Add", "[1,2]")).await;
    assert_eq!(socket.text().await, result("1", "3"));
    // Cut anywhere, and in either kind of frame.
    let record = call("2", "Echo", r#"["cut"]"#) + "\u{1E}";
    let (head, tail) = record.as_bytes().split_at(20);
    socket.frame(0x82, head).await;
    socket.frame(0x81, tail).await;
    assert_eq!(socket.text().await, result("2", r#""cut""#));
    socket.send(CLOSE).await;
    assert_eq!(socket.text().await, CLOSE);
    socket.expect_end(1000).await;
}

#[cfg(feature = "messagepack")]
#[tokio::test]
async fn a_websocket_is_binary_where_the_protocol_is() {
    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    // JavaScript asks in a text, .NET in a binary frame.
    for opcode in [0x81, 0x82] {
        let mut socket = Socket::upgrade(address, "/hub", "ada").await.unwrap();
        socket.frame(opcode, b"{\"protocol\":\"messagepack\",\"version\":1}\x1E").await;
        assert_eq!(socket.next().await, (2, b"{}\x1E".to_vec()));
        socket.frame(0x82, b"\x0F\x96\x01\x80\xA11\xA3Add\x92\x01\x02\x90\x02\x91\x06").await;
        assert_eq!(socket.next().await, (2, b"\x07\x95\x03\x80\xA11\x03\x03".to_vec()));
    }
    // Before a protocol is agreed on, all is text.
    let mut socket = Socket::upgrade(address, "/hub", "ada").await.unwrap();
    socket.frame(0x82, b"{\"protocol\":\"messagepack\",\"version\":3}\x1E").await;
    assert_eq!(
        socket.text().await,
        r#"{"error":"The server does not support version 3 of the 'messagepack' protocol."}"#
    );
}

#[tokio::test]
async fn a_token_opens_a_websocket_once() {
    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let (path, id) = negotiated(address).await;
    let mut socket = Socket::open(address, &path).await;
    socket.send(&call("1", "Id", "[]")).await;
    assert_eq!(socket.text().await, result("1", &format!("\"{id}\"")));
    let head = format!(
        "GET {path} HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    );
    let (_, answer) = request(address, &head).await;
    assert!(answer.starts_with("http/1.1 409 "), "{answer}");
    socket.send(&call("2", "Add", "[1,2]")).await;
    assert_eq!(socket.text().await, result("2", "3"));
    // A close frame, and the answer to it.
    socket.frame(0x88, &1000_u16.to_be_bytes()).await;
    assert_eq!(socket.next().await, (8, 1000_u16.to_be_bytes().to_vec()));
    assert_eq!(within(socket.0.read(&mut [0])).await.unwrap(), 0);
    while server.handle().connection_count() > 0 {
        tokio::task::yield_now().await;
    }
    let (_, answer) = request(address, &head).await;
    assert!(
        answer.starts_with("http/1.1 404 ") && answer.ends_with("No Connection with that ID"),
        "{answer}"
    );
}

/// Negotiates, and gives the path of the connection, and its id.
async fn negotiated(address: SocketAddr) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /hub/negotiate?negotiateVersion=1 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    let body: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let text = |name| body[name].as_str().unwrap().to_owned();
    (format!("/hub?id={}", text("connectionToken")), text("connectionId"))
}

#[tokio::test]
async fn a_websocket_is_not_for_other_requests() {
    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let (path, _) = negotiated(address).await;
    let mut socket = Socket::open(address, &path).await;
    let change = "Cannot change transports mid-connection";
    let cases = [
        (format!("GET {path} HTTP/1.1"), "400", change),
        (format!("GET {path} HTTP/1.1\nAccept: text/event-stream"), "400", change),
        (
            format!("POST {path} HTTP/1.1\nContent-Length: 0"),
            "405",
            "POST requests are not allowed for WebSocket connections.",
        ),
        (
            format!("DELETE {path} HTTP/1.1"),
            "400",
            "Cannot terminate this connection using the DELETE endpoint.",
        ),
    ];
    for (head, status, text) in cases {
        let (_, answer) = request(address, &head).await;
        assert!(answer.starts_with(&format!("http/1.1 {status} ")) && answer.ends_with(text), "{answer}");
        assert!(answer.contains("content-type: text/plain\r\n"), "{answer}");
    }
    socket.send(&call("1", "Add", "[1,2]")).await;
    assert_eq!(socket.text().await, result("1", "3"));
}

/// Reads until this has come.
async fn read_until(stream: &mut TcpStream, end: &str) {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        read.push(within(stream.read_u8()).await.unwrap());
    }
}

#[tokio::test]
async fn an_event_stream_begins_at_once_and_its_end_is_noticed() {
    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let (path, _) = negotiated(address).await;
    let (mut events, answer) =
        request(address, &format!("GET {path} HTTP/1.1\nAccept: text/event-stream")).await;
    assert!(answer.starts_with("http/1.1 200 "), "{answer}");
    assert!(answer.contains("content-type: text/event-stream\r\n"), "{answer}");
    assert!(answer.contains("transfer-encoding: chunked\r\n"), "{answer}");
    read_until(&mut events, "3\r\n:\r\n\r\n").await;
    let body = "{\"protocol\":\"json\",\"version\":1}\u{1E}";
    let mut post = TcpStream::connect(address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
    post.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    read_until(&mut events, "data: {}\u{1E}\r\n\r\n\r\n").await;
    assert_eq!(server.handle().connection_count(), 1);
    drop(events);
    while server.handle().connection_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_on_the_way_is_no_end_of_the_connection() {
    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let (path, _) = negotiated(address).await;
    let (_, answer) = request(address, &format!("GET {path} HTTP/1.1")).await;
    assert!(answer.contains("content-type: application/octet-stream\r\n"), "{answer}");
    assert!(answer.contains("content-length: 0\r\n"), "{answer}");
    let handshake = "{\"protocol\":\"json\",\"version\":1}\u{1E}";
    let (half, rest) = handshake.split_at(10);
    // Announces more than it sends.
    let mut post = TcpStream::connect(address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{half}");
    post.write_all(head.as_bytes()).await.unwrap();
    post.shutdown().await.unwrap();
    let mut answer = String::new();
    let _ = within(post.read_to_string(&mut answer)).await;
    let mut post = TcpStream::connect(address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{rest}", rest.len());
    post.write_all(head.as_bytes()).await.unwrap();
    let (_, answer) = request(address, &format!("GET {path} HTTP/1.1")).await;
    assert!(answer.ends_with("\r\n\r\n{}\u{1E}"), "{answer}");
}

/// Turns away who does not say who he is, and tells the hub who he is.
async fn sign_in(mut request: Request, next: Next) -> Response {
    match request.headers().get("x-user").cloned() {
        Some(user) => {
            request.extensions_mut().insert(User(user.to_str().unwrap().to_owned()));
            next.run(request).await
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

#[derive(Clone)]
struct User(String);

#[derive(Clone)]
struct State(&'static str);

#[tokio::test]
async fn layers_nesting_state_and_extensions_work_as_elsewhere() {
    let connected = world::hook(async |cx, world: Arc<World>| {
        let parts = cx.request();
        let state = parts.extensions.get::<State>().unwrap();
        world.say(format!("{} {} {:?}", parts.uri, state.0, cx.user_id()));
        Ok(())
    });
    let server = Server::of(World { connected, ..World::default() }, |service| {
        service.user_id(|parts| parts.extensions.get::<User>().map(|user| user.0.clone()))
    });
    let hubs: Router<&'static str> = Router::new()
        .hub("/hub", server.service.clone())
        .layer(from_fn(sign_in))
        .layer(Extension(State("extension")));
    let app = Router::new()
        .route(
            "/",
            get(|axum::extract::State(state): axum::extract::State<&'static str>| async move { state }),
        )
        .nest("/api/v1", hubs)
        .with_state("state");
    let address = serve(app).await;
    let (_, answer) = request(address, "GET / HTTP/1.1").await;
    assert!(answer.ends_with("state"), "{answer}");
    for path in [
        "POST /api/v1/hub/negotiate HTTP/1.1",
        "GET /api/v1/hub HTTP/1.1",
        "GET /api/v1/hub?id=x HTTP/1.1\nAccept: text/event-stream",
        "GET /api/v1/hub HTTP/1.1\nConnection: Upgrade\nUpgrade: websocket",
        "POST /api/v1/hub?id=x HTTP/1.1\nContent-Length: 0",
        "DELETE /api/v1/hub?id=x HTTP/1.1",
    ] {
        let (_, answer) = request(address, path).await;
        assert!(answer.starts_with("http/1.1 401 "), "{answer}");
    }
    let (_, answer) = request(address, "GET /hub HTTP/1.1\nX-User: ada").await;
    assert!(answer.starts_with("http/1.1 404 "), "{answer}");
    let mut socket = Socket::open(address, "/api/v1/hub?x=y").await;
    socket.send(&call("1", "Send", r#"["user",["ada"],"hello"]"#)).await;
    assert_eq!(socket.text().await, r#"{"type":1,"target":"Said","arguments":["hello"]}"#);
    assert_eq!(server.log(), [r#"/hub?x=y extension Some("ada")"#]);
}

#[tokio::test]
async fn a_hub_keeps_the_query_of_its_client_but_not_the_token() {
    let connected = world::hook(async |cx, world: Arc<World>| {
        world.say(cx.request().uri.to_string());
        Ok(())
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    let address = serve(Router::new().hub("/hub/", server.service.clone())).await;
    // With and without the slash: the same hub.
    for path in ["/hub", "/hub/"] {
        let (_, answer) = request(address, "POST /hub/negotiate?negotiateVersion=1 HTTP/1.1").await;
        let (_, token) = answer.split_once(r#""connectionToken":""#).unwrap();
        let (token, _) = token.split_once('"').unwrap();
        let mut socket = Socket::open(address, &format!("{path}?a=1&id={token}&b=%20")).await;
        socket.send(&call("1", "Echo", r#"["hello"]"#)).await;
        assert_eq!(socket.text().await, result("1", r#""hello""#));
    }
    let uris: Vec<String> = server.log().into_iter().filter(|line| line.starts_with('/')).collect();
    assert_eq!(uris, ["/hub?a=1&b=%20", "/hub/?a=1&b=%20"]);
}

#[tokio::test]
async fn a_fault_of_the_server_closes_with_1011() {
    let disconnected = world::hook(async |_, _| panic!("a callback panics on purpose"));
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let mut socket = Socket::open(address, "/hub").await;
    socket.send(&call("1", "Abort", "[]")).await;
    assert_eq!(socket.text().await, CLOSE);
    socket.expect_end(1011).await;
    // Who has closed is answered before the callback runs.
    let mut socket = Socket::open(address, "/hub").await;
    socket.send(CLOSE).await;
    assert_eq!(socket.text().await, CLOSE);
    socket.expect_end(1000).await;
}

#[tokio::test]
async fn a_client_that_closes_its_websocket_is_answered() {
    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let mut socket = Socket::open(address, "/hub").await;
    // What was sent right before is handled, and the pings of the transport are answered.
    socket.frame(0x89, b"?").await;
    assert_eq!(socket.next().await, (10, b"?".to_vec()));
    socket.send(&call("1", "Echo", r#"["last"]"#)).await;
    socket.frame(0x88, &1000_u16.to_be_bytes()).await;
    loop {
        let (opcode, payload) = socket.next().await;
        if opcode == 8 {
            assert_eq!(payload, 1000_u16.to_be_bytes());
            break;
        }
        assert_eq!(payload, format!("{}\u{1E}", result("1", r#""last""#)).into_bytes());
    }
    assert_eq!(within(socket.0.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(server.log()[..2], ["echo last", server.log()[1].as_str()]);
    assert!(server.log()[1].ends_with("disconnected"), "{:?}", server.log());
}

#[tokio::test]
async fn a_graceful_shutdown_tells_every_client() {
    let server = Server::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (app, handle) = (Router::new().hub("/hub", server.service.clone()), server.handle());
    let serving = tokio::spawn(async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(async move {
                let _ = stopped.await;
                handle.shut_down().await;
            })
            .await
    });
    let mut socket = Socket::open(address, "/hub").await;
    stop.send(()).unwrap();
    assert_eq!(socket.text().await, CLOSE_RECONNECT);
    socket.expect_end(1000).await;
    drop(socket);
    within(serving).await.unwrap().unwrap();
    assert!(server.log()[0].ends_with("disconnected"), "{:?}", server.log());
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn a_websocket_is_a_stream_of_http2() {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let server = Server::new();
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let uri = |rest: &str| format!("http://{address}/hub{rest}");
    let request =
        http::Request::post(uri("/negotiate?negotiateVersion=1")).body(Empty::<&[u8]>::new()).unwrap();
    let body =
        within(client.send_request(request)).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let token = body["connectionToken"].as_str().unwrap();

    let connect = |version: &str| {
        http::Request::connect(uri(&format!("?id={token}")))
            .extension(hyper::ext::Protocol::from_static("websocket"))
            .header("sec-websocket-version", version)
            .body(Empty::<&[u8]>::new())
            .unwrap()
    };
    let refused = within(client.send_request(connect("8"))).await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let mut opened = within(client.send_request(connect("13"))).await.unwrap();
    assert_eq!(opened.status(), StatusCode::OK);
    let mut socket = Socket(TokioIo::new(hyper::upgrade::on(&mut opened).await.unwrap()));
    socket.send(r#"{"protocol":"json","version":1}"#).await;
    assert_eq!(socket.next().await, (1, b"{}\x1E".to_vec()));
    socket.send(&call("1", "Id", "[]")).await;
    assert_eq!(socket.text().await, result("1", &body["connectionId"].to_string()));
}

#[tokio::test]
async fn who_breaks_the_websocket_is_told_so_before_the_hub_is_through() {
    let disconnected = world::passing("goodbye");
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let mut socket = Socket::open(address, "/hub").await;
    // There is no such kind of frame.
    socket.frame(0x83, b"x").await;
    socket.expect_end(1002).await;
    assert_eq!(server.handle().connection_count(), 1, "the hub is still being told");
    server.world.open("goodbye");
}

/// The socket is not held for longer than a close may take.
#[tokio::test]
async fn the_end_of_a_websocket_is_told_even_if_the_hub_is_never_through() {
    let disconnected = world::passing("goodbye");
    let http = HttpOptions { close_timeout: Duration::from_millis(50), ..HttpOptions::default() };
    let options = HubOptions { http, ..HubOptions::default() };
    let server =
        Server::of(World { disconnected, ..World::default() }, |service| service.options(options.clone()));
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    let goodbye = 1000_u16.to_be_bytes();
    // There is no such kind of frame as the second one.
    for (first, payload, code) in [(0x88, &goodbye[..], 1000_u16), (0x83, b"x", 1002)] {
        let mut socket = Socket::open(address, "/hub").await;
        socket.frame(first, payload).await;
        let mut last = socket.next().await;
        while last.0 != 8 {
            last = socket.next().await;
        }
        assert_eq!(last, (8, code.to_be_bytes().to_vec()));
    }
}

#[tokio::test]
async fn a_client_that_has_gone_keeps_no_socket_while_its_calls_wait_for_their_turn() {
    let http = HttpOptions { close_timeout: Duration::from_millis(50), ..HttpOptions::default() };
    let server = Server::with(HubOptions { http, ..HubOptions::default() });
    let address = serve(Router::new().hub("/hub", server.service.clone())).await;
    for how in ["goes", "says goodbye", "breaks the protocol"] {
        let mut socket = Socket::open(address, "/hub").await;
        for id in ["1", "2"] {
            socket.send(&call(id, "Wait", r#"["gate"]"#)).await;
        }
        match how {
            "goes" => socket.0.shutdown().await.unwrap(),
            "says goodbye" => socket.frame(0x88, &1000_u16.to_be_bytes()).await,
            _ => socket.send("garbage").await,
        }
        // The second call has not begun, and so not all is over.
        within(socket.0.read_to_end(&mut Vec::new())).await.unwrap();
        assert_eq!(server.service.shared.core.open.tasks.len(), 1, "{how}");
        server.world.open("gate");
        server.world.open("gate");
        within(async {
            while !server.service.shared.core.open.tasks.is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
