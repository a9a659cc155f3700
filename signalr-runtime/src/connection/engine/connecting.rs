//! A connection whose hub is being made.
//!
//! Its transport is served all the while: pings are answered, and a close frame, whatever the user's code does
//! (`WebSocketsServerTransport`). Its messages are kept for later, as many as there is room for. Where this side ends the
//! connection meanwhile, it leaves at once, and the user's code comes to its end beside that.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
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
}

/// How far a connection has come whose hub is being made.
pub(crate) enum Begun<F: Future> {
    /// The hub was made, or could not be.
    Done(F::Output),
    /// This side ends the connection, or has given up the peer, before that.
    Over(Ended, Pin<Box<F>>),
}

impl<R: Role> Engine<R> {
    /// Runs the connection until `future` is done, and handles no message before that.
    ///
    /// Where the transport ends, `lost` is called at once, and the connection goes on without it: what the peer has sent
    /// before is handled in [`run`](Self::run), which then finds the same end. The peer is answered at once, for which it
    /// has `patience`. Any other end gives `future` back.
    pub(crate) async fn begin<F: Future>(
        &mut self,
        future: Pin<Box<F>>,
        patience: Duration,
        lost: impl Fn(),
    ) -> Begun<F> {
        let mut future = Some(future);
        let mut course = Course::Open;
        poll_fn(|cx| {
            let Some(running) = &mut future else { return Poll::Pending };
            let slice = slice::begin(self.core.owner());
            if let Poll::Ready(output) = running.as_mut().poll(cx) {
                return Poll::Ready(Begun::Done(output));
            }
            drop(slice);
            if matches!(course, Course::Open)
                && let Poll::Ready(ended) = self.poll(cx, Reading::Ahead)
            {
                if !ended.is_of_transport()
                    && let Some(running) = future.take()
                {
                    return Poll::Ready(Begun::Over(ended, running));
                }
                lost();
                course = self.go_on_without(ended, patience);
            }
            if let Course::Closing { ended, patience } = &mut course
                && self.poll_closing(patience, cx).is_ready()
            {
                self.part_with_transport(ended);
                course = Course::Closed;
            }
            Poll::Pending
        })
        .await
    }

    /// The transport has ended.
    fn go_on_without(&mut self, ended: Ended, patience: Duration) -> Course {
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
    pub(super) fn poll_ahead_of_hub(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(ended) = ready!(self.poll_keep(cx)) {
            self.core.end(ended);
        }
        Poll::Ready(())
    }

    /// Reads once, and keeps what came. Gives the end of the transport if it has come.
    pub(super) fn poll_keep(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended>> {
        let Self { transport, reader, left_over, core } = self;
        *left_over = true;
        match ready!(transport.poll_receive(cx, &mut |bytes| reader.keep(bytes))) {
            Ok(Received::Some) => core.clock.received(),
            Ok(Received::Interrupted) => reader.cut(),
            Ok(Received::End) => return Poll::Ready(Some(Ended::Left)),
            Err(error) => return Poll::Ready(Some(Ended::of_transport(error))),
        }
        Poll::Ready(None)
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
