//! The seam between the engine and a transport.

use std::io;
use std::task::{Context, Poll};

use super::engine::ROUNDS;
use super::outbound::Outbound;
use super::slice;

/// A transport as the engine drives it: bytes of the hub protocol in and out, and an end.
///
/// Incoming bytes are a stream; how the transport cut them has no meaning. Outgoing bytes are taken from the
/// connection's [`Outbound`] queue in whole hub frames.
pub(crate) trait Duplex: Send {
    /// Reads once and hands what arrived to `receive`. A transport keeps no buffer for the engine: `receive`
    /// copies what it cannot use yet. After the end, or an error, it tells so again whenever it is asked.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>>;

    /// Writes what `queue` holds, in as few writes as it can, and what the transport itself owes its peer.
    /// Ready when everything has been handed to the socket.
    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>>;

    /// Whether nobody is there to take what is sent, and that is no fault: the peer is expected to come for it.
    /// Sending is pending then, and no clock runs against it but the transport's own.
    fn is_away(&self) -> bool {
        false
    }

    /// Whether it has pings and an end of its own, which are answered only while it is read.
    fn answers_while_read(&self) -> bool {
        false
    }

    /// The peer was found not to take what it is sent. Drops what waits in the transport itself, where the transport can
    /// do without a good end.
    fn give_up(&mut self) {}

    /// Ready when the peer has closed the transport, or it is lost. What else the peer sends is of no interest any more: what
    /// has to be read to find out is dropped.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..ROUNDS {
            match self.poll_receive(cx, &mut |_| ()) {
                Poll::Ready(Ok(Received::Some | Received::Interrupted)) => {}
                Poll::Ready(Ok(Received::End) | Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        // Others have their turn.
        slice::defer(cx);
        Poll::Pending
    }

    /// Ends the transport after the last message: says so to the peer and waits for its answer.
    /// The caller bounds the wait.
    fn poll_close(&mut self, cx: &mut Context<'_>, end: End) -> Poll<io::Result<()>>;

    /// Writes what `queue` still holds, and then ends the transport. Whatever goes wrong now, it is over.
    fn poll_finish(&mut self, cx: &mut Context<'_>, queue: &Outbound, end: End) -> Poll<()> {
        match self.poll_send(cx, queue) {
            Poll::Ready(Ok(())) => self.poll_close(cx, end).map(drop),
            Poll::Ready(Err(_)) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// What one read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Bytes, or only control traffic of the transport.
    Some,
    /// The transport beneath was lost, and another one may take its place: the message that it was bringing will
    /// never be whole, and what comes from now on comes over another one.
    Interrupted,
    /// The peer has closed the transport in good order; nothing more comes.
    End,
}

/// Why this side ends a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection is over (WebSocket status 1000).
    Normal,
    /// Our own code failed (WebSocket status 1011).
    Fault,
}

/// What is left of a transport whose peer has gone.
pub(crate) struct Gone;

impl Duplex for Gone {
    fn poll_receive(&mut self, _: &mut Context<'_>, _: &mut dyn FnMut(&[u8])) -> Poll<io::Result<Received>> {
        Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
    }

    fn poll_send(&mut self, _: &mut Context<'_>, _: &Outbound) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: End) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
