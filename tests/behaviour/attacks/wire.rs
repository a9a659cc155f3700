//! What an attacker speaks: HTTP and WebSocket frames by hand, because no client library would send this.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::victim::PATIENCE;

pub(super) const FINAL: u8 = 0x80;
pub(super) const CONTINUE: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// The end of a record.
pub(super) const RS: &str = "\u{1e}";

/// An answer to an HTTP request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Sends HTTP requests, one connection for each.
#[derive(Clone, Copy)]
pub(super) struct Http {
    pub(super) address: SocketAddr,
}

impl Http {
    /// `headers` end with CR LF each.
    pub(super) async fn request(self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        );
        // The server may answer, and close, before it has read everything.
        let _ = stream.write_all(request.as_bytes()).await;
        answer(&mut stream).await.expect("the server answers")
    }

    pub(super) async fn negotiate(self) -> Answer {
        self.request("POST", "/hub/negotiate?negotiateVersion=1", "", "").await
    }

    /// The token of a new connection.
    pub(super) async fn token(self) -> String {
        let answer = self.negotiate().await;
        let negotiated: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        negotiated["connectionToken"].as_str().unwrap().to_owned()
    }

    /// A long polling connection that has shaken hands: its token.
    pub(super) async fn polling(self) -> String {
        let token = self.token().await;
        assert_eq!(self.poll(&token).await.status, 200);
        assert_eq!(self.send(&token, &handshake()).await.status, 200);
        assert_eq!(self.poll(&token).await.body, format!("{{}}{RS}"));
        token
    }

    pub(super) async fn poll(self, token: &str) -> Answer {
        self.request("GET", &format!("/hub?id={token}"), "", "").await
    }

    pub(super) async fn send(self, token: &str, body: &str) -> Answer {
        self.request("POST", &format!("/hub?id={token}"), "", body).await
    }
}

/// Reads an answer to its end; `None` when the stream ends before its head.
async fn answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server answers in time");
    if read.is_err() && bytes.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.get(9..12)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// The request for the JSON protocol.
pub(super) fn handshake() -> String {
    format!("{{\"protocol\":\"json\",\"version\":1}}{RS}")
}

/// The attacker's end of a WebSocket.
pub(super) struct Socket {
    stream: TcpStream,
    /// The answer that has opened it.
    head: String,
    /// Records that came together with the one that was asked for.
    records: Vec<String>,
}

impl Socket {
    /// Opens a WebSocket at `/hub`, with these headers; or the answer that refuses it.
    pub(super) async fn open(address: SocketAddr, headers: &str) -> Result<Self, Answer> {
        Self::open_at(address, "/hub", headers).await
    }

    pub(super) async fn open_at(address: SocketAddr, target: &str, headers: &str) -> Result<Self, Answer> {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = timeout(PATIENCE, stream.read_u8()).await.expect("the server answers in time");
            head.push(byte.expect("the server answers"));
        }
        let head = String::from_utf8(head).unwrap();
        let status: u16 = head[9..12].parse().unwrap();
        if status == 101 {
            return Ok(Self { stream, head, records: Vec::new() });
        }
        // Whatever else there is of the answer is its text.
        let length = head
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.lines().next().unwrap_or_default().trim().parse().unwrap_or_default());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        Err(Answer { status, head, body: String::from_utf8(body).unwrap() })
    }

    /// The headers of the answer that has opened it.
    pub(super) fn head(&self) -> &str {
        &self.head
    }

    pub(super) async fn shake_hands(&mut self) {
        self.text(&handshake()).await;
        assert_eq!(self.next().await, "{}");
    }

    /// Sends bytes as they are. A server that has closed does not take them, which is no fault.
    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    pub(super) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.raw(&frame(first, payload)).await;
    }

    pub(super) async fn text(&mut self, text: &str) {
        self.frame(FINAL | TEXT, text.as_bytes()).await;
    }

    /// Sends one record.
    pub(super) async fn send(&mut self, record: &str) {
        self.text(&format!("{record}{RS}")).await;
    }

    /// Calls a method, and gives the next record that comes: its answer.
    pub(super) async fn call(&mut self, id: &str, target: &str, arguments: &str) -> String {
        self.send(&call(id, target, arguments)).await;
        self.next().await
    }

    /// The next record that is no ping.
    pub(super) async fn next(&mut self) -> String {
        loop {
            while !self.records.is_empty() {
                let record = self.records.remove(0);
                if record != r#"{"type":6}"# {
                    return record;
                }
            }
            match self.read().await {
                Frame::Text(text) => {
                    self.records.extend(text.split_terminator(RS).map(str::to_owned));
                }
                Frame::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame.
    pub(super) async fn read(&mut self) -> Frame {
        timeout(PATIENCE, self.read_frame())
            .await
            .expect("the server says something in time")
            .unwrap_or(Frame::End)
    }

    async fn read_frame(&mut self) -> std::io::Result<Frame> {
        let [first, length] = [self.stream.read_u8().await?, self.stream.read_u8().await?];
        let length = match length {
            126 => self.stream.read_u16().await?.into(),
            127 => self.stream.read_u64().await?,
            short => short.into(),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await?;
        Ok(match first & 0x0f {
            PING => Frame::Ping,
            PONG => Frame::Pong(payload),
            CLOSE => {
                Frame::Close(payload.first_chunk().map_or(1005, |code: &[u8; 2]| u16::from_be_bytes(*code)))
            }
            _ => Frame::Text(String::from_utf8_lossy(&payload).into_owned()),
        })
    }

    /// Reads until the server ends the connection: all that it says, and the status that it closes with.
    pub(super) async fn end(&mut self) -> (Vec<String>, u16) {
        let mut said: Vec<String> = std::mem::take(&mut self.records);
        loop {
            match self.read().await {
                Frame::Text(text) => said.extend(text.split_terminator(RS).map(str::to_owned)),
                Frame::Close(code) => return (said, code),
                Frame::End => return (said, 1006),
                Frame::Ping | Frame::Pong(_) => {}
            }
        }
    }

    /// Closes in good order.
    pub(super) async fn leave(&mut self) {
        self.frame(FINAL | CLOSE, &1000_u16.to_be_bytes()).await;
        self.end().await;
    }
}

/// What a server sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Text(String),
    Ping,
    Pong(Vec<u8>),
    Close(u16),
    /// The stream is at its end.
    End,
}

/// A frame as a client sends it, with a mask that changes nothing.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(MASKED | u8::try_from(short).unwrap()),
        medium @ 126..0x1_0000 => {
            frame.push(MASKED | 0x7e);
            frame.extend_from_slice(&u16::try_from(medium).unwrap().to_be_bytes());
        }
        long => {
            frame.push(MASKED | 0x7f);
            frame.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A call.
pub(super) fn call(id: &str, target: &str, arguments: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"{id}","target":"{target}","arguments":{arguments}}}"#)
}

/// A call that streams its results.
pub(super) fn stream_call(id: &str, target: &str, arguments: &str) -> String {
    format!(r#"{{"type":4,"invocationId":"{id}","target":"{target}","arguments":{arguments}}}"#)
}

/// A call that is fed by a stream.
pub(super) fn upload(id: &str, target: &str, arguments: &str, stream: &str) -> String {
    format!(
        r#"{{"type":1,"invocationId":"{id}","target":"{target}","arguments":{arguments},"streamIds":["{stream}"]}}"#
    )
}

/// An item of a stream.
pub(super) fn item(id: &str, item: &str) -> String {
    format!(r#"{{"type":2,"invocationId":"{id}","item":{item}}}"#)
}
