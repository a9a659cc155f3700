//! A connection that is over, and what it has started.
//!
//! Its calls go on for a while and then are dropped, whatever else the end waits for. They are dropped one by one,
//! with others served between them: dropping a call runs the user's code.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::{Core, Engine};
use crate::connection::calls::Abandoned;
use crate::connection::duplex::{End, Gone};
use crate::connection::limit::Limit;
use crate::connection::role::Role;
use crate::connection::slice;
use crate::protocol::framing::RecordReader;
use crate::protocol::message::Message;

/// The calls of a connection that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linger {
    /// Whether calls that wait for their turn still get it.
    pub(crate) start_queued: bool,
    /// Time that calls have from now on. None for all the time they want.
    pub(crate) longest: Option<Duration>,
}

/// An engine after the end of its connection.
pub(crate) struct Leaving<'a, R> {
    engine: &'a mut Engine<R>,
    left: LeftCalls,
}

impl<R: Role> Engine<R> {
    /// Queues the last message, if there is one; from now on nothing is sent, and nothing that comes is handled. Streams of
    /// results end.
    pub(crate) fn leave(&mut self, last: Option<Message<'_>>, linger: Linger) -> Leaving<'_, R> {
        self.core.shared.send_last(last);
        self.reader = RecordReader::new(None);
        self.core.received.set(self.core.held());
        self.core.calls.cancel_streams();
        let mut abandoned = Abandoned::default();
        if !linger.start_queued {
            self.core.calls.abandon_waiting(&mut abandoned);
        }
        let linger = linger.longest.map(|longest| Box::pin(sleep(longest)));
        Leaving { engine: self, left: LeftCalls { linger, abandoned } }
    }
}

impl<R: Role> Leaving<'_, R> {
    /// Runs `disconnected` beside what is still running. The transport is held on to for `patience` meanwhile, and no
    /// longer: the callback may take any time, a socket must not. A peer that `has_closed` is answered at once, also one that
    /// does so now: it may have read the last message.
    pub(crate) async fn finish<F: Future>(
        &mut self,
        patience: Duration,
        mut has_closed: bool,
        disconnected: F,
    ) -> F::Output {
        let mut disconnected = pin!(disconnected);
        let owner = self.engine.core.owner();
        let mut poll_disconnected = |cx: &mut Context<'_>| {
            let _slice = slice::begin(owner);
            disconnected.as_mut().poll(cx)
        };
        let mut has_begun = false;
        let mut closing = Some(Box::pin(sleep(patience)));
        poll_fn(|cx| {
            // It begins after the calls have been told, and then has its turn before them: they may use up all the time
            // there is.
            if has_begun && let Poll::Ready(output) = poll_disconnected(cx) {
                return Poll::Ready(output);
            }
            let slice = slice::begin(owner);
            let Engine { transport, core, .. } = &mut *self.engine;
            let _ = self.left.poll(core, cx);
            let outbound = &core.shared.outbound;
            let is_through = closing.is_some()
                && slice::poll_unconstrained(cx, |cx| {
                    has_closed = has_closed || transport.poll_left(cx).is_ready();
                    if has_closed {
                        return transport.poll_finish(cx, outbound, End::Normal);
                    }
                    match transport.poll_send(cx, outbound) {
                        Poll::Ready(Err(_)) => Poll::Ready(()),
                        Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
                    }
                })
                .is_ready();
            if closing.as_mut().is_some_and(|closing| is_through || is_over(closing, cx)) {
                // A client that is still there is told so, and not waited for any more.
                let _ = transport.poll_close(cx, End::Normal);
                *transport = Box::new(Gone);
                core.shared.outbound.discard();
                closing = None;
            }
            // Calls that waited for room may start now.
            core.rest(cx);
            drop(slice);
            if std::mem::replace(&mut has_begun, true) { Poll::Pending } else { poll_disconnected(cx) }
        })
        .await
    }

    /// Closes the transport, after what is queued has been written. The caller bounds the wait.
    pub(crate) async fn close(&mut self, end: End) {
        poll_fn(|cx| {
            let _slice = slice::begin(self.engine.core.owner());
            let Engine { transport, core, .. } = &mut *self.engine;
            let _ = self.left.poll(core, cx);
            let outbound = &core.shared.outbound;
            let closed = slice::poll_unconstrained(cx, |cx| transport.poll_finish(cx, outbound, end));
            core.rest(cx);
            closed
        })
        .await;
    }

    /// Lets the calls that are still running come to their end, without a transport.
    pub(crate) async fn run_out(self) {
        let Self { engine: Engine { transport, core, .. }, mut left } = self;
        *transport = Box::new(Gone);
        core.shared.outbound.discard();
        poll_fn(|cx| {
            let _slice = slice::begin(core.owner());
            let over = left.poll(core, cx);
            core.received.set(core.held());
            over
        })
        .await;
    }
}

/// Whether a time is over, also where the calls have used up tokio's budget.
fn is_over(time: &mut Pin<Box<Sleep>>, cx: &mut Context<'_>) -> bool {
    slice::poll_unconstrained(cx, |cx| time.as_mut().poll(cx)).is_ready()
}

/// The calls that a connection has left.
struct LeftCalls {
    /// The end of all of them, if there is to be one and it has not come.
    linger: Option<Pin<Box<Sleep>>>,
    abandoned: Abandoned,
}

impl LeftCalls {
    /// Runs the calls, or drops them when their time is over. Ready when none is left.
    fn poll<R: Role>(&mut self, core: &mut Core<R>, cx: &mut Context<'_>) -> Poll<()> {
        core.take_permits_back();
        core.poll_calls(cx);
        if !core.calls.is_empty() && self.linger.as_mut().is_some_and(|linger| is_over(linger, cx)) {
            self.linger = None;
            core.role.limit_hit(Limit::CallLinger);
            core.calls.abandon(&mut self.abandoned);
        }
        while self.abandoned.drop_next(&mut core.calls) {
            ready!(slice::poll_give_way(cx));
        }
        if core.calls.is_empty() {
            return Poll::Ready(());
        }
        core.rest(cx);
        Poll::Pending
    }
}
