//! A server that says exactly what a test wants, and hears exactly what a client says.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

/// What a negotiation usually brings.
pub(super) const NEGOTIATED: &str = r#"{"negotiateVersion":1,"connectionId":"public","connectionToken":"secret","availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]}"#;

/// No wait of a test is longer.
const LIMIT: Duration = Duration::from_secs(20);

pub(super) struct Fake {
    listener: TcpListener,
}

impl Fake {
    pub(super) async fn bind() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hub", self.listener.local_addr().unwrap())
    }

    /// The next request, on a connection of its own.
    pub(super) async fn request(&self) -> Request {
        let (mut stream, _) = timeout(LIMIT, self.listener.accept()).await.expect("no request").unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LIMIT, stream.read_u8()).await.expect("half a request").unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap().to_owned();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Request { line, headers, stream }
    }

    /// A client that negotiates and connects, up to and without the hub protocol.
    pub(super) async fn websocket(&self) -> Peer {
        self.request().await.answer("200 OK", "", NEGOTIATED).await;
        self.request().await.upgrade().await
    }

    /// A client that is connected: its handshake and its first ping are done.
    pub(super) async fn connected(&self) -> Peer {
        let mut peer = self.websocket().await;
        peer.shake_hands().await;
        peer
    }
}

pub(super) struct Request {
    /// The request line.
    pub(super) line: String,
    headers: Vec<(String, String)>,
    stream: TcpStream,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Waits until the client hangs up.
    pub(super) async fn hung_up(mut self) {
        let read = timeout(LIMIT, self.stream.read_u8()).await.expect("the client does not hang up");
        read.unwrap_err();
    }

    /// Answers and hangs up. `headers` end with a line break each.
    pub(super) async fn answer(mut self, status: &str, headers: &str, body: &str) {
        let len = body.len();
        let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {len}\r\n\r\n{body}");
        // The client may have enough before it has read all.
        let _ = self.stream.write_all(answer.as_bytes()).await;
    }

    /// Opens the WebSocket that the request asks for.
    pub(super) async fn upgrade(self) -> Peer {
        let accept = derive_accept_key(self.header("sec-websocket-key").unwrap().as_bytes());
        self.upgrade_with(&accept, "").await
    }

    /// Opens a WebSocket with this key, and sends `early` in the same segment.
    pub(super) async fn upgrade_with(mut self, accept: &str, early: &str) -> Peer {
        let mut answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: \
             {accept}\r\n\r\n"
        )
        .into_bytes();
        if !early.is_empty() {
            answer.extend([0x81, u8::try_from(early.len()).unwrap()]);
            answer.extend(early.as_bytes());
        }
        self.stream.write_all(&answer).await.unwrap();
        let socket = WebSocketStream::from_raw_socket(self.stream, Role::Server, None).await;
        Peer { socket, records: VecDeque::new() }
    }
}

/// The other end of a client's WebSocket.
pub(super) struct Peer {
    socket: WebSocketStream<TcpStream>,
    records: VecDeque<String>,
}

impl Peer {
    /// Answers the handshake, and takes the ping that follows it.
    pub(super) async fn shake_hands(&mut self) {
        assert_eq!(self.next().await, r#"{"protocol":"json","version":1}"#);
        self.send("{}").await;
        assert_eq!(self.next().await, r#"{"type":6}"#);
    }

    /// The next record of the client, without its separator.
    pub(super) async fn next(&mut self) -> String {
        while self.records.is_empty() {
            match self.message().await {
                Some(Message::Text(text)) => {
                    let records = text.strip_suffix('\u{1e}').expect("half a record");
                    self.records.extend(records.split('\u{1e}').map(ToOwned::to_owned));
                }
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a record was expected, not {other:?}"),
            }
        }
        self.records.pop_front().unwrap()
    }

    /// Waits for the client's close frame, and gives its status.
    pub(super) async fn close_status(&mut self) -> u16 {
        assert!(self.records.is_empty(), "{:?} came before the close frame", self.records);
        match self.message().await {
            Some(Message::Close(Some(CloseFrame { code, .. }))) => code.into(),
            other => panic!("a close frame was expected, not {other:?}"),
        }
    }

    /// Waits for the end of the stream, which has to come without a close frame.
    pub(super) async fn is_lost(&mut self) -> bool {
        matches!(timeout(LIMIT, self.socket.next()).await, Ok(None | Some(Err(_))))
    }

    pub(super) async fn message(&mut self) -> Option<Message> {
        timeout(LIMIT, self.socket.next()).await.expect("the client says nothing").map(Result::unwrap)
    }

    /// Sends one record; the separator is added.
    pub(super) async fn send(&mut self, record: &str) {
        self.send_raw(&format!("{record}\u{1e}")).await;
    }

    /// Sends one WebSocket message as it is.
    pub(super) async fn send_raw(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends one binary WebSocket message as it is.
    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    /// Sends a close frame with this status, or with none.
    pub(super) async fn close(&mut self, status: Option<u16>) {
        let frame = status.map(|status| CloseFrame { code: status.into(), reason: "why".into() });
        self.socket.close(frame).await.unwrap();
    }
}
