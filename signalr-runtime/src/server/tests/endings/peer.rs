//! One end of a WebSocket, which says what no library would.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::task::unconstrained;
use tokio::time::timeout;

use super::super::client::PING;

pub(super) const TEXT: u8 = 0x81;
pub(super) const CLOSE: u8 = 0x88;

/// Which end a peer is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It masks what it sends.
    Client,
    Server,
}

pub(in crate::server::tests) struct Peer {
    side: Side,
    io: DuplexStream,
    reset: Arc<AtomicBool>,
    /// Records that came together with the one that was asked for.
    records: Vec<String>,
    /// Whether it has sent its close frame.
    has_closed: bool,
}

/// The other end of the line, which our own WebSocket runs on.
pub(super) struct Line {
    io: DuplexStream,
    reset: Arc<AtomicBool>,
}

/// What has come until the end of the line, pings and results left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Got {
    pub(super) records: Vec<String>,
    /// The status of the close frame; none where the line just ended.
    pub(super) close: Option<u16>,
}

impl Peer {
    /// A peer, and the other end of its line, which holds `capacity` bytes in each direction.
    pub(super) fn pair(side: Side, capacity: usize) -> (Self, Line) {
        let (near, far) = tokio::io::duplex(capacity);
        let reset = Arc::<AtomicBool>::default();
        let peer = Self { side, io: near, reset: reset.clone(), records: Vec::new(), has_closed: false };
        (peer, Line { io: far, reset })
    }

    /// Sends bytes, for which there is room. Whether somebody still listens is found out by reading.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let _ = unconstrained(self.io.write_all(bytes)).now_or_never().expect("there is room");
    }

    /// Sends a byte, and gives whether there is still another end.
    pub(super) fn is_open(&mut self) -> bool {
        unconstrained(self.io.write_all(b"x")).now_or_never().expect("there is room").is_ok()
    }

    /// Sends a frame that begins with this byte.
    pub(super) fn frame(&mut self, first: u8, payload: &[u8]) {
        let masked = self.side == Side::Client;
        self.frame_with(first, masked, payload);
    }

    /// Sends a frame that is masked as frames of the other side are.
    pub(super) fn wrongly_masked(&mut self) {
        let masked = self.side != Side::Client;
        self.frame_with(TEXT, masked, b"x");
    }

    fn frame_with(&mut self, first: u8, masked: bool, payload: &[u8]) {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![first];
        if let Ok(short @ 0..0x7E) = u8::try_from(payload.len()) {
            frame.push(mask | short);
        } else {
            frame.push(mask | 0x7E);
            frame.extend(u16::try_from(payload.len()).expect("no payload is that long").to_be_bytes());
        }
        // A mask of zeroes.
        frame.resize(frame.len() + usize::from(mask) / 32, 0);
        frame.extend_from_slice(payload);
        self.bytes(&frame);
    }

    pub(in crate::server::tests) fn record(&mut self, record: &str) {
        self.frame(TEXT, format!("{record}\u{1E}").as_bytes());
    }

    /// Closes with this status, or with none.
    pub(super) fn close(&mut self, status: Option<u16>) {
        self.has_closed = true;
        self.frame(CLOSE, &status.map(|status| status.to_be_bytes().to_vec()).unwrap_or_default());
    }

    /// Ends its direction without a close frame.
    pub(super) fn cut(&mut self) {
        self.io.shutdown().now_or_never().expect("it is done at once").unwrap();
    }

    /// Makes the other end find the connection reset.
    pub(super) fn reset(&mut self) {
        self.reset.store(true, Ordering::Relaxed);
        self.cut();
    }

    /// Does what another one was seen to do.
    pub(super) fn repeat(&mut self, got: &Got) {
        for record in &got.records {
            self.record(record);
        }
        match got.close {
            Some(status) => self.close(Some(status)),
            None => self.cut(),
        }
    }

    /// The next record.
    pub(in crate::server::tests) async fn next(&mut self) -> String {
        while self.records.is_empty() {
            let (first, payload) = self.read().await.expect("the line is open");
            assert_eq!(first, TEXT);
            self.take(&payload);
        }
        self.records.remove(0)
    }

    /// Reads until the end of the line, and answers a close frame.
    pub(super) async fn rest(&mut self) -> Got {
        let reading = async {
            let mut close = None;
            while let Some((first, payload)) = self.read().await {
                match first {
                    CLOSE => {
                        let status = payload.first_chunk().map(|status| u16::from_be_bytes(*status));
                        close = Some(status.expect("a status"));
                        if !self.has_closed {
                            self.close(status);
                        }
                        // Whoever broke the protocol is read to its end.
                        self.cut();
                    }
                    TEXT => self.take(&payload),
                    _ => {}
                }
            }
            close
        };
        let close = timeout(Duration::from_secs(3600), reading).await.expect("the line does not end");
        let is_close =
            |record: &String| record.starts_with(r#"{"type":7"#) || record.starts_with(r#"{"error""#);
        Got { records: self.records.drain(..).filter(is_close).collect(), close }
    }

    fn take(&mut self, payload: &[u8]) {
        let text = String::from_utf8_lossy(payload);
        let records = text.split_terminator('\u{1E}').filter(|record| *record != PING);
        self.records.extend(records.map(ToOwned::to_owned));
    }

    /// The first byte of the next frame and its payload; none at the end of the line, in the middle of a frame too.
    pub(super) async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let [first, short] = self.io.read_u16().await.ok()?.to_be_bytes();
        let length = match short & 0x7F {
            126 => usize::from(self.io.read_u16().await.ok()?),
            127 => usize::try_from(self.io.read_u64().await.ok()?).ok()?,
            short => usize::from(short),
        };
        let mut mask = [0; 4];
        if short & 0x80 != 0 {
            self.io.read_exact(&mut mask).await.ok()?;
        }
        let mut payload = vec![0; length];
        self.io.read_exact(&mut payload).await.ok()?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        Some((first, payload))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.io).poll_read(cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
