//! Carries bytes between a transport and the handler of its connection.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use super::connection::{Line, Outgoing};
use crate::connection::clock::{Clock, Due, Timing};
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::ended::Ended;
use crate::connection::engine::ROUNDS;
use crate::connection::limit::Limit;
use crate::connection::scope::Owner;
use crate::connection::{slice, writer};

/// One connection between its opening and its end.
pub(super) struct Pump {
    transport: Box<dyn Duplex>,
    line: Line,
    clock: Clock,
}

impl Pump {
    /// `write` is how long one write may be stuck.
    pub(super) fn new(transport: Box<dyn Duplex>, line: Line, write: Duration) -> Self {
        let clock = Clock::new(Timing { ping: None, silence: None, write });
        Self { transport, line, clock }
    }

    /// Runs until the handler is through with the connection, the client has closed it, or the transport is lost. A client
    /// that has closed it does not wait for the handler (`WebSocketsServerTransport`).
    pub(super) async fn run(&mut self) -> Ended {
        poll_fn(|cx| self.poll(cx)).await.unwrap_or_else(Ended::of_transport)
    }

    /// Writes what is left, and closes the transport. The caller bounds the wait.
    pub(super) async fn close(&mut self, end: End) {
        poll_fn(|cx| self.transport.poll_finish(cx, &self.line.outgoing.queue, end)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Ended>> {
        let _slice = slice::begin(Owner::NOBODY);
        for _ in 0..ROUNDS {
            let Outgoing { queue, ending, .. } = &*self.line.outgoing;
            if let Some(request) = ending.asked() {
                if request.is_for_slowness() {
                    self.transport.give_up();
                }
                return Poll::Ready(Ok(Ended::Stopped(request)));
            }
            queue.awake();
            let received = self.poll_receive(cx)?;
            if received == Poll::Ready(Received::End) {
                return Poll::Ready(Ok(Ended::Left));
            }
            let writing =
                writer::poll_write(&mut *self.transport, &self.line.outgoing.queue, &mut self.clock, cx)?;
            if self.clock.poll(cx) == Poll::Ready(Due::Write) {
                self.transport.give_up();
                Limit::WriteTime.hit();
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, writer::LATE)));
            }
            let Outgoing { queue, ending, .. } = &*self.line.outgoing;
            if received.is_pending() && queue.sleep(writing, cx) && ending.asked().is_none() {
                return Poll::Pending;
            }
        }
        slice::defer(cx);
        Poll::Pending
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> io::Result<Poll<Received>> {
        let incoming = &self.line.incoming;
        if incoming.poll_room(cx).is_pending() {
            return Ok(Poll::Pending);
        }
        match self.transport.poll_receive(cx, &mut |bytes| incoming.push(bytes)) {
            Poll::Pending => Ok(Poll::Pending),
            Poll::Ready(received) => received.map(Poll::Ready),
        }
    }
}
