//! A transport that outlives its socket: stateful reconnect, as the connection sees it.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::absentees::{Absence, AbsenceBudget};
use super::seat::Seat;
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::outbound::Outbound;

/// Reads after a write has failed, to learn whether the client had said goodbye.
const LAST_READS: usize = 16;

/// A socket, and after it is lost the one that the client brings in its place. Between the two the client is away,
/// and the connection goes on.
pub(crate) struct Resumable {
    line: Line,
    seat: Arc<Seat>,
    absentees: AbsenceBudget,
    /// How long the client may be away.
    patience: Duration,
    /// A socket was lost, and the engine was not told yet.
    interrupted: bool,
}

enum Line {
    Up(Box<dyn Duplex>),
    Away {
        until: Pin<Box<Sleep>>,
        absence: Absence,
    },
    /// The client has not come back.
    Lost,
}

impl Resumable {
    pub(crate) fn new(
        socket: Box<dyn Duplex>,
        seat: Arc<Seat>,
        absentees: AbsenceBudget,
        patience: Duration,
    ) -> Self {
        Self { line: Line::Up(socket), seat, absentees, patience, interrupted: false }
    }

    /// The socket has failed. If the client may come back, that is no failure of the connection.
    fn lose(&mut self, error: io::Error) -> io::Result<()> {
        // Who breaks the protocol has not lost anything; the socket tells him what was wrong.
        if error.kind() == ErrorKind::InvalidData || !self.seat.is_open() {
            self.seat.end();
            return Err(error);
        }
        tracing::debug!(%error, "a client was lost, and may come back");
        let absence = self.absentees.enter(&self.seat);
        self.line = Line::Away { until: Box::pin(sleep(self.patience)), absence };
        Ok(())
    }
}

impl Duplex for Resumable {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        receive: &mut dyn FnMut(&[u8]),
    ) -> Poll<io::Result<Received>> {
        if std::mem::take(&mut self.interrupted) {
            return Poll::Ready(Ok(Received::Interrupted));
        }
        let received = match &mut self.line {
            Line::Up(socket) => ready!(socket.poll_receive(cx, receive)),
            // Sending wakes the task when that changes.
            Line::Away { .. } => return Poll::Pending,
            Line::Lost => Err(not_come_back()),
        };
        match received {
            Ok(Received::End) => self.seat.end(),
            Err(error) if matches!(self.line, Line::Up(_)) => {
                self.lose(error)?;
                return Poll::Ready(Ok(Received::Interrupted));
            }
            Ok(_) | Err(_) => {}
        }
        Poll::Ready(received)
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, queue: &Outbound) -> Poll<io::Result<()>> {
        if queue.is_closed() {
            self.seat.end();
        }
        if let Some(socket) = self.seat.take(cx) {
            tracing::debug!("a client has come back");
            self.line = Line::Up(socket);
            queue.rewind();
            self.interrupted = true;
            // What the new socket brings has not been asked for yet.
            cx.waker().wake_by_ref();
        }
        if let Line::Up(socket) = &mut self.line {
            let Err(error) = ready!(socket.poll_send(cx, queue)) else {
                return Poll::Ready(Ok(()));
            };
            if said_goodbye(&mut **socket, cx) {
                self.seat.end();
            }
            self.lose(error)?;
            self.interrupted = true;
            cx.waker().wake_by_ref();
        }
        match &mut self.line {
            Line::Away { until, absence } => {
                queue.detach();
                absence.holds(queue.kept_bytes());
                let is_waited_for = self.seat.is_visited() || until.as_mut().poll(cx).is_pending();
                if is_waited_for && self.seat.is_open() {
                    return Poll::Pending;
                }
                self.seat.end();
                self.line = Line::Lost;
                Poll::Ready(Err(not_come_back()))
            }
            Line::Up(_) | Line::Lost => Poll::Ready(Err(not_come_back())),
        }
    }

    fn is_away(&self) -> bool {
        matches!(self.line, Line::Away { .. })
    }

    fn answers_while_read(&self) -> bool {
        matches!(&self.line, Line::Up(socket) if socket.answers_while_read())
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, end: End) -> Poll<io::Result<()>> {
        self.seat.end();
        match &mut self.line {
            Line::Up(socket) => socket.poll_close(cx, end),
            Line::Away { .. } | Line::Lost => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Resumable {
    fn drop(&mut self) {
        self.seat.end();
    }
}

/// Whether a client that takes nothing any more had closed its socket in good order. What else it has sent need not
/// be kept: if it comes back, it sends that again.
fn said_goodbye(socket: &mut dyn Duplex, cx: &mut Context<'_>) -> bool {
    for _ in 0..LAST_READS {
        match socket.poll_receive(cx, &mut |_| ()) {
            Poll::Ready(Ok(Received::End)) => return true,
            Poll::Ready(Ok(Received::Some | Received::Interrupted)) => {}
            Poll::Ready(Err(_)) | Poll::Pending => return false,
        }
    }
    false
}

fn not_come_back() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the connection was lost, and the client did not come back")
}
