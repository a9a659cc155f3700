//! A WebSocket on a byte stream, as the engine drives it.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::protocol::frame::coding::{CloseCode, Control};

use super::close::PeerClose;
use super::codec::{Chunk, Event, FREE_FRAGMENTS, FrameReader, Role};
use super::control::ControlFrames;
use super::violation::Violation;
use super::write::{self, Batch};
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::outbound::Outbound;
use crate::connection::rate::Rate;
use crate::contract::value::HubProtocol;

/// How much one read can bring.
const READ: usize = 64 * 1024;

/// How much one read can bring after one that was full of control frames: what was read is handled in one go, and a frame
/// can be as short as six bytes.
const LITTLE: usize = 4 * 1024;

thread_local! {
    /// What all connections of a thread read into, so that none keeps a buffer while it waits. It is taken out
    /// while it is in use: whoever comes then, from within `receive`, gets a buffer of his own.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// One end of a WebSocket whose opening handshake is done.
pub(crate) struct WebSocket<S> {
    io: S,
    sender: Sender,
    /// What arrived together with the opening handshake.
    early: Bytes,
    reader: FrameReader,
    incoming: Incoming,
    /// How often the peer may send a frame that carries no data.
    control_rate: Option<Rate>,
    control: Option<Box<ControlFrames>>,
    batch: Batch,
    closing: Closing,
}

/// Which end this is, and what it does to the bytes that it sends.
#[derive(Clone, Copy)]
enum Sender {
    /// The queue holds whole frames.
    Server,
    /// The queue holds bare bytes: each batch becomes one masked message.
    Client(HubProtocol),
}

/// What may still come from the peer.
enum Incoming {
    Open,
    /// The peer's close frame has come.
    Closed(PeerClose),
    /// The peer broke the protocol: what it sends is not looked at any more.
    Broken(Violation),
    /// The stream is at its end, or failed.
    Lost(io::ErrorKind),
}

/// How far this end is with its own close.
#[derive(Clone, Copy)]
enum Closing {
    Open,
    /// The close frame is among what is written.
    Writing,
    /// The close frame has gone out.
    Waiting,
    /// Nothing more goes out: the peer is to see the end of the stream.
    ShuttingDown,
    /// To close a socket that holds unread bytes resets the connection, and the peer may then never see the
    /// close frame: whoever broke the protocol is read to his end.
    Draining,
    Done,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<S> {
    /// The server's end. `early` is what arrived behind the request, before the upgrade was done.
    pub(crate) fn server(io: S, early: &[u8]) -> Self {
        Self::new(io, early, Sender::Server)
    }

    /// The client's end. `early` is what arrived behind the response.
    pub(crate) fn client(io: S, early: &[u8], format: HubProtocol) -> Self {
        Self::new(io, early, Sender::Client(format))
    }

    /// Puts up with so many fragments of any size in one message, and with frames without data at this rate.
    pub(crate) fn limited(mut self, fragments: u64, control_frames: Option<Rate>) -> Self {
        self.reader = FrameReader::new(self.sender.role(), fragments);
        self.control_rate = control_frames;
        self
    }

    fn new(io: S, early: &[u8], sender: Sender) -> Self {
        Self {
            io,
            reader: FrameReader::new(sender.role(), FREE_FRAGMENTS),
            sender,
            // A copy: what hyper hands over, even when it is empty, holds on to the buffer it has read into.
            early: Bytes::copy_from_slice(early),
            incoming: Incoming::Open,
            control_rate: None,
            control: None,
            batch: Batch::default(),
            closing: Closing::Open,
        }
    }

    /// The peer's close frame, once it has come.
    pub(crate) fn peer_close(&self) -> Option<&PeerClose> {
        match &self.incoming {
            Incoming::Closed(close) => Some(close),
            _ => None,
        }
    }

    /// Reads once into the thread's buffer and lets `handle` have what came.
    fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        handle: impl FnOnce(&mut Self, &mut [u8]) -> T,
    ) -> Poll<io::Result<T>> {
        let mut buffer = BUFFER.take();
        if buffer.is_empty() {
            buffer = vec![0; READ];
        }
        let mut into = match &mut self.control {
            Some(control) if control.were_many() => ReadBuf::new(&mut buffer[..LITTLE]),
            _ => ReadBuf::new(&mut buffer),
        };
        let read = if self.early.is_empty() {
            Pin::new(&mut self.io).poll_read(cx, &mut into)
        } else {
            let part = self.early.split_to(self.early.len().min(into.capacity()));
            into.put_slice(&part);
            Poll::Ready(Ok(()))
        };
        let handled = read.map_ok(|()| handle(self, into.filled_mut()));
        BUFFER.set(buffer);
        handled
    }

    /// Hands the data in `chunk` to `receive`, and keeps in mind what the control frames in it ask for.
    fn take_in(&mut self, chunk: &mut [u8], receive: &mut dyn FnMut(&[u8])) -> io::Result<Received> {
        if let Some(control) = &mut self.control {
            control.begin_read();
        }
        let mut chunk = Chunk(chunk);
        loop {
            let taken = match self.reader.next(&mut chunk) {
                Ok(None) => return Ok(Received::Some),
                Ok(Some(Event::Data(data))) => {
                    receive(data);
                    Ok(())
                }
                Ok(Some(Event::Ping(payload))) => self.control().ping(payload),
                Ok(Some(Event::Pong | Event::Empty)) => self.control().count(),
                Ok(Some(Event::Close(close))) => {
                    // What a client says about it is as much its own as a value of a message.
                    let reason = matches!(self.sender, Sender::Client(_)).then(|| close.reason());
                    tracing::debug!(code = close.code(), reason, "the peer closed the WebSocket");
                    self.incoming = Incoming::Closed(close);
                    return Ok(Received::End);
                }
                Err(violation) => Err(violation),
            };
            if let Err(violation) = taken {
                return Err(self.broken(violation));
            }
        }
    }

    fn control(&mut self) -> &mut ControlFrames {
        self.control.get_or_insert_with(|| Box::new(ControlFrames::new(self.control_rate)))
    }

    /// The peer broke the protocol, or asks for too much.
    fn broken(&mut self, violation: Violation) -> io::Error {
        if matches!(self.sender, Sender::Server) {
            violation.limit().hit();
        }
        self.incoming = Incoming::Broken(violation.clone());
        io::Error::new(io::ErrorKind::InvalidData, violation)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = ready!(self.batch.poll_write(&mut self.io, cx));
        if written.is_err() {
            // What the peer has sent may still be read: its close frame tells why it does not listen.
            self.closing = Closing::Done;
        }
        Poll::Ready(written)
    }

    /// Reads on, only to learn how the connection ends. Ready after each read.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_read(cx, |this, chunk| {
            if chunk.is_empty() {
                this.incoming = Incoming::Lost(io::ErrorKind::UnexpectedEof);
            } else if matches!(this.incoming, Incoming::Open) {
                // A violation is kept in `incoming`; the close frame that would say so has gone out already.
                let _ = this.take_in(chunk, &mut |_| ());
            }
        })
    }

    /// Writes one batch after the other until the queue is empty.
    fn poll_send_batches(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        if !matches!(self.closing, Closing::Open) {
            return Poll::Ready(Ok(()));
        }
        // The queue's limit holds only if nothing is taken while a batch is stuck.
        ready!(self.poll_write(cx))?;
        let pieces = self.batch.pieces();
        queue.take(pieces);
        if let Sender::Client(format) = self.sender
            && !pieces.is_empty()
        {
            let message = write::masked_message(format, pieces);
            pieces.clear();
            self.batch.push(message);
        }
        if let Some(control) = &mut self.control
            && let Some(payload) = control.answer(cx)
        {
            self.batch.push_first(write::control(self.sender.role(), Control::Pong, &payload));
        }
        self.poll_write(cx)
    }

    fn close_frame(&self, end: End) -> Vec<u8> {
        let code = match (&self.incoming, end) {
            (Incoming::Broken(violation), _) => violation.close_code(),
            (_, End::Normal) => CloseCode::Normal,
            (_, End::Fault) => CloseCode::Error,
        };
        write::control(self.sender.role(), Control::Close, &u16::from(code).to_be_bytes())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for WebSocket<S> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        match &self.incoming {
            Incoming::Open => {}
            Incoming::Closed(_) => return Poll::Ready(Ok(Received::End)),
            Incoming::Broken(violation) => {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation.clone())));
            }
            Incoming::Lost(io::ErrorKind::UnexpectedEof) => return Poll::Ready(Err(no_close_frame())),
            Incoming::Lost(kind) => return Poll::Ready(Err((*kind).into())),
        }
        let received = ready!(self.poll_read(cx, |this, chunk| {
            if chunk.is_empty() { Err(no_close_frame()) } else { this.take_in(chunk, receive) }
        }));
        let received = received.and_then(|received| received);
        if let (Err(error), Incoming::Open) = (&received, &self.incoming) {
            self.incoming = Incoming::Lost(error.kind());
        }
        Poll::Ready(received)
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        let sent = self.poll_send_batches(cx, queue);
        if self.batch.has_moved() && sent.is_pending() {
            queue.wrote_part();
        }
        sent
    }

    fn answers_while_read(&self) -> bool {
        true
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, end: End) -> Poll<io::Result<()>> {
        loop {
            match self.closing {
                Closing::Open => {
                    if matches!(self.incoming, Incoming::Lost(_)) {
                        self.closing = Closing::Done;
                        continue;
                    }
                    self.batch.push(self.close_frame(end));
                    self.closing = Closing::Writing;
                }
                Closing::Writing => {
                    ready!(self.poll_write(cx))?;
                    self.closing = match self.incoming {
                        Incoming::Open => Closing::Waiting,
                        _ => Closing::ShuttingDown,
                    };
                }
                Closing::Waiting => {
                    ready!(self.poll_discard(cx))?;
                    match self.incoming {
                        Incoming::Open => {}
                        Incoming::Closed(_) | Incoming::Broken(_) => self.closing = Closing::ShuttingDown,
                        Incoming::Lost(_) => {
                            self.closing = Closing::Done;
                            return Poll::Ready(Err(no_close_frame()));
                        }
                    }
                }
                Closing::ShuttingDown => {
                    ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
                    self.closing = match self.incoming {
                        Incoming::Broken(_) => Closing::Draining,
                        _ => Closing::Done,
                    };
                }
                Closing::Draining => {
                    ready!(self.poll_discard(cx))?;
                    if matches!(self.incoming, Incoming::Lost(_)) {
                        self.closing = Closing::Done;
                    }
                }
                Closing::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl Sender {
    fn role(self) -> Role {
        match self {
            Self::Server => Role::Server,
            Self::Client(_) => Role::Client,
        }
    }
}

fn no_close_frame() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was lost: it ended without a close frame")
}

#[cfg(test)]
mod line;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wire;
