//! Writing what waits for a peer, against the clock.

use std::io;
use std::task::{Context, Poll};

use super::clock::Clock;
use super::duplex::Duplex;
use super::outbound::Outbound;

/// What a peer has done for which a write was stuck for too long.
pub(crate) const LATE: &str = "A write took longer than it may.";

/// How writing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// The transport takes what there is.
    Free,
    /// It is stuck, and wakes the task when it can go on.
    Stuck,
}

/// Writes what `queue` holds, and lets `clock` know how that goes.
pub(crate) fn poll_write(
    transport: &mut dyn Duplex,
    queue: &Outbound,
    clock: &mut Clock,
    cx: &mut Context<'_>,
) -> io::Result<Writing> {
    let before = queue.progress();
    let sent = transport.poll_send(cx, queue);
    if queue.progress() != before {
        clock.sent();
    }
    match sent {
        Poll::Ready(sent) => {
            sent?;
            clock.idle();
            queue.written();
            Ok(Writing::Free)
        }
        Poll::Pending => {
            if transport.is_away() {
                clock.idle();
            } else {
                clock.blocked();
            }
            Ok(Writing::Stuck)
        }
    }
}
