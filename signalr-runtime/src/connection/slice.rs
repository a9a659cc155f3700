//! Giving way: nothing that could go on at once keeps others from being served.
//!
//! Code that is run by a connection's task gives way when the task's time slice is over; code that runs elsewhere, when
//! tokio's cooperative budget is used up.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

/// Ready unless it is time to let others run. The task is woken when its turn comes again.
///
/// An operation that never waits by itself asks after its work is done: what it has queued then leaves.
pub(crate) fn poll_give_way(cx: &mut Context<'_>) -> Poll<()> {
    let proceeding = ready!(coop::poll_proceed(cx));
    proceeding.made_progress();
    Poll::Ready(())
}

/// Lets others run if it is time to.
pub(crate) async fn give_way() {
    poll_fn(poll_give_way).await;
}
