//! A connection, as a handler of bytes has it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use http::request::Parts;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection::budget::relief::Holder;
use crate::connection::ending::{EndRequest, Ending};
use crate::connection::kept_error::KeptError;
use crate::connection::outbound::Outbound;
use crate::connection::slice;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::http::inbox::Inbox;
use crate::protocol::TransferFormat;

/// A connection of bytes over negotiation and any of the three transports, without a hub (`ConnectionContext`).
///
/// Reading and writing is that of a socket. The bytes of a client are a stream: how they were cut on the way has no
/// meaning. What one `write` takes goes out in one piece (one WebSocket message, unless it is empty); it is on its way
/// when `write` returns, and `flush` waits until the transport has taken everything. The reader is at its end when the
/// client has closed the connection in good order, and fails when the connection was lost, with
/// [`InvalidData`](io::ErrorKind::InvalidData) where the client broke the rules of the transport, with
/// [`TimedOut`](io::ErrorKind::TimedOut) where it did not do in time what it had to, and else with
/// [`ConnectionReset`](io::ErrorKind::ConnectionReset).
///
/// A client that closes the connection is answered at once, after what was written before; writing fails from then on.
/// Dropping it, or shutting down the writing half, closes the connection.
pub struct RawConnection {
    pub(super) id: ConnectionId,
    pub(super) user_id: Option<Arc<str>>,
    pub(super) request: Arc<Parts>,
    pub(super) line: Line,
    pub(super) format: TransferFormat,
}

/// What lies between a handler and the transport of its connection.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) incoming: Arc<Inbox>,
    pub(super) outgoing: Arc<Outgoing>,
}

impl Line {
    /// The transport is lost.
    pub(super) fn lose(&self, error: &io::Error) {
        self.outgoing.fail(error);
        self.incoming.lose();
    }
}

/// The way out, the request to end, and what has gone wrong.
pub(super) struct Outgoing {
    pub(super) queue: Outbound,
    pub(super) ending: Ending,
    /// Why nothing more comes, where that is no good end.
    fault: OnceLock<KeptError>,
}

impl Outgoing {
    pub(super) fn new(queue: Outbound) -> Self {
        Self { queue, ending: Ending::default(), fault: OnceLock::new() }
    }

    /// Keeps what has gone wrong. The first error counts.
    fn fail(&self, error: &io::Error) {
        let kind = match error.kind() {
            kind @ (io::ErrorKind::InvalidData | io::ErrorKind::TimedOut) => kind,
            _ => io::ErrorKind::ConnectionReset,
        };
        let _ = self.fault.set(KeptError::new(kind, error));
    }

    fn fault(&self) -> io::Error {
        let lost = || io::Error::new(io::ErrorKind::ConnectionReset, "the connection was lost");
        self.fault.get().map_or_else(lost, KeptError::again)
    }

    /// Ends the connection after what is queued. The first who asks counts.
    pub(super) fn end(&self, request: EndRequest) {
        self.queue.refuse();
        self.ending.ask(request, &self.queue);
    }
}

impl Holder for Outgoing {
    fn unsent(&self) -> usize {
        self.queue.unsent()
    }

    fn progress(&self) -> usize {
        self.queue.progress()
    }

    fn give_up(&self) {
        self.ending.relieve(&self.queue);
    }
}

impl RawConnection {
    /// The public id of this connection.
    pub fn connection_id(&self) -> &ConnectionId {
        &self.id
    }

    /// Who the client is, as [`RawService::user_id`](super::RawService::user_id) found when it connected.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The request that opened the connection, with what the layers of the application put into its extensions.
    pub fn request(&self) -> &Parts {
        &self.request
    }

    /// What is written from now on (`ITransferFormatFeature.ActiveFormat`). Default: [`TransferFormat::Text`], which
    /// must be UTF-8 over WebSockets.
    pub fn set_transfer_format(&mut self, format: TransferFormat) {
        self.format = format;
    }
}

impl AsyncRead for RawConnection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(slice::poll_give_way(cx));
        self.line.incoming.poll_fill(cx, into).map(|lost| lost.map_err(|_| self.line.outgoing.fault()))
    }
}

impl AsyncWrite for RawConnection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(slice::poll_give_way(cx));
        ready!(self.line.outgoing.queue.poll_room(cx)).map_err(|_| closed())?;
        if !bytes.is_empty() {
            self.line.outgoing.queue.push_bytes(self.format, bytes);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.outgoing.queue.poll_empty(cx).map(|open| open.map_err(|_| closed()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.outgoing.end(EndRequest::Abort);
        Poll::Ready(Ok(()))
    }
}

impl Drop for RawConnection {
    fn drop(&mut self) {
        self.line.outgoing.end(EndRequest::Abort);
    }
}

impl fmt::Debug for RawConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawConnection").field("id", &self.id).finish_non_exhaustive()
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed")
}
