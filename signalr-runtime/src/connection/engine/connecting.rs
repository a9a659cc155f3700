//! A connection whose hub is being made.
//!
//! Its transport is served all the while: pings are answered, and a close frame, whatever the user's code does
//! (`WebSocketsServerTransport`). Its messages are kept for later, as many as there is room for.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::Engine;
use super::pause::Reading;
use crate::connection::duplex::{Duplex, End, Received};
use crate::connection::ended::Ended;
use crate::connection::kept_error::KeptError;
use crate::connection::outbound::Outbound;
use crate::connection::role::Role;
use crate::connection::slice;

/// The state of a connection whose hub is being made.
enum Course {
    Open,
    /// Its transport has ended, and the peer is answered.
    Closing {
        ended: Ended,
        patience: Pin<Box<Sleep>>,
    },
    /// Its transport is closed.
    Closed,
    /// This side ends the connection, or has given up the peer.
    Over(Ended),
}

impl<R: Role> Engine<R> {
    /// Runs the connection until `future` is done, and handles no message before that. `tell` is called at once when the
    /// connection ends.
    ///
    /// Where the transport has ended, the connection goes on without it: what the peer has sent before is handled in
    /// [`run`](Self::run), which then finds the same end. The peer is answered at once, for which it has `patience`.
    pub(crate) async fn run_while<F: Future>(
        &mut self,
        future: F,
        patience: Duration,
        tell: impl Fn(&Ended),
    ) -> (F::Output, Option<Ended>) {
        let mut future = pin!(future);
        let mut course = Course::Open;
        let output = poll_fn(|cx| {
            let slice = slice::begin(self.core.owner());
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            drop(slice);
            if matches!(course, Course::Open)
                && let Poll::Ready(ended) = self.poll(cx, Reading::Ahead)
            {
                tell(&ended);
                course = self.leave_open(ended, patience);
            }
            if let Course::Closing { ended, patience } = &mut course
                && self.poll_closing(patience, cx).is_ready()
            {
                self.part_with_transport(ended);
                course = Course::Closed;
            }
            Poll::Pending
        })
        .await;
        let ended = match course {
            Course::Over(ended) => Some(ended),
            // A transport that has ended tells so again.
            Course::Open | Course::Closing { .. } | Course::Closed => None,
        };
        (output, ended)
    }

    /// The connection cannot go on as it did.
    fn leave_open(&mut self, ended: Ended, patience: Duration) -> Course {
        if !ended.is_of_transport() {
            return Course::Over(ended);
        }
        self.core.shared.outbound.refuse();
        if matches!(ended, Ended::Lost(_)) {
            self.part_with_transport(&ended);
            return Course::Closed;
        }
        Course::Closing { ended, patience: Box::pin(sleep(patience)) }
    }

    /// Ready when the peer has its answer, or has not taken it in time.
    fn poll_closing(&mut self, patience: &mut Pin<Box<Sleep>>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { transport, core, .. } = self;
        let _slice = slice::begin(core.owner());
        let outbound = &core.shared.outbound;
        slice::poll_unconstrained(cx, |cx| {
            if transport.poll_finish(cx, outbound, End::Normal).is_pending() {
                ready!(patience.as_mut().poll(cx));
            }
            Poll::Ready(())
        })
    }

    /// Lets go of a transport that has ended: the user's code may take any time, a socket must not be held as long.
    fn part_with_transport(&mut self, ended: &Ended) {
        self.transport = Box::new(Spent::after(ended));
        self.core.shared.outbound.discard();
    }

    /// Reads once, and keeps what came.
    pub(super) fn poll_keep(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { transport, reader, left_over, core } = self;
        *left_over = true;
        match ready!(transport.poll_receive(cx, &mut |bytes| reader.keep(bytes))) {
            Ok(Received::Some) => core.clock.received(),
            Ok(Received::Interrupted) => reader.cut(),
            Ok(Received::End) => core.end(Ended::Left),
            Err(error) => core.end(Ended::of_transport(error)),
        }
        Poll::Ready(())
    }
}

/// What is left of a transport that has ended: its end.
struct Spent(Option<KeptError>);

impl Spent {
    fn after(ended: &Ended) -> Self {
        Self(match ended {
            Ended::Lost(error) | Ended::Violated(error) => Some(KeptError::new(error.kind(), error)),
            _ => None,
        })
    }
}

impl Duplex for Spent {
    fn poll_receive(&mut self, _: &mut Context<'_>, _: &mut dyn FnMut(&[u8])) -> Poll<io::Result<Received>> {
        Poll::Ready(match &self.0 {
            None => Ok(Received::End),
            Some(error) => Err(error.again()),
        })
    }

    /// Nothing waits: nothing more was accepted before the transport was closed.
    fn poll_send(&mut self, _: &mut Context<'_>, _: &Outbound) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: End) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
