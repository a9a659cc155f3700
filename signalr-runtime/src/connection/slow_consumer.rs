//! What becomes of calls to a peer that reads too slowly, and how long they wait before.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::scope;
use super::shared::Shared;

/// Decides about a call to a client whose outbound queue is full, once the client has used up the
/// [`send_patience`](crate::server::Limits::send_patience) of those who send to it.
///
/// This is about calls without a result that come from outside the connection of that client: from the method of
/// another connection, or from a task of the application. Results, stream items and client results are never dropped,
/// and neither is what a method sends to its own caller: whoever produces them waits, as long as the client reads at
/// all (see [`transport_send_timeout`](crate::server::HttpOptions::transport_send_timeout)).
///
/// A client that may resume its connection counts its messages, so that none may be missing: such a client is always
/// disconnected.
///
/// # The default
///
/// ASP.NET Core lets the sender wait, for as long as one write may take, and again with the next message. One member of a
/// group that reads a little at a time then sets the pace for all. Dropping calls keeps the pace, but the client does not
/// learn that something is missing: that is right for positions and prices, where the next call replaces the last one, and
/// wrong for everything else. A client that is disconnected knows it: it connects again and fetches what it has missed.
/// So that is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowConsumer {
    /// The client is disconnected, and may connect again.
    #[default]
    Disconnect,
    /// The call is dropped.
    DropNewest,
    /// The oldest calls that wait are dropped, as many as it takes.
    DropOldest,
}

/// Who sends to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The connection itself: what its methods send to their caller, and what is asked of the peer. It waits as long as
    /// the peer makes progress.
    Own,
    /// Anybody else who sends to several peers, and waits no longer than the peer's [`Patience`].
    Outside,
    /// Anybody else who sends to this peer only, and holds nobody else up: it may wait anew for each call.
    Alone,
}

impl Sender {
    /// The one whose code runs now, to a connection among several.
    pub(crate) fn to(receiver: &Arc<Shared>) -> Self {
        if scope::is_own(receiver) { Self::Own } else { Self::Outside }
    }

    /// The one whose code runs now, to this connection only.
    pub(crate) fn to_one(receiver: &Arc<Shared>) -> Self {
        if scope::is_own(receiver) { Self::Own } else { Self::Alone }
    }
}

/// How long senders to several peers wait for one of them: from when the first of them waits until the peer has caught up, however many come
/// meanwhile. A peer that reads a little at a time has only one patience to use up.
pub(super) struct Patience {
    limit: Duration,
    /// Since when senders have been waiting for the peer to catch up.
    since: Option<Instant>,
    /// The last message that had a number then: a peer that may come back has to acknowledge it.
    last: u64,
    /// Whether a sender has waited in vain.
    used_up: bool,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: None, last: 0, used_up: false }
    }

    /// A sender is to wait, after message `last`: until when, or that the patience is used up. `Ok(None)` is for ever.
    pub(super) fn wait(&mut self, last: u64) -> Result<Option<Instant>, UsedUp> {
        let now = Instant::now();
        let since = *self.since.get_or_insert_with(|| {
            self.last = last;
            now
        });
        match since.checked_add(self.limit) {
            _ if self.used_up => Err(UsedUp),
            Some(until) if until <= now => Err(UsedUp),
            until => Ok(until),
        }
    }

    /// How long a sender waits that begins to wait now, whatever others have waited. `None` is for ever.
    pub(super) fn until_from_now(&self) -> Option<Instant> {
        Instant::now().checked_add(self.limit)
    }

    /// Whether nobody waits any more.
    pub(super) fn is_used_up(&self) -> bool {
        self.used_up || self.limit.is_zero()
    }

    /// A sender has waited in vain, after message `last`.
    pub(super) fn use_up(&mut self, last: u64) {
        self.since.get_or_insert_with(Instant::now);
        self.last = last;
        self.used_up = true;
    }

    /// Everything that was queued has been written, and `acknowledged` is the last message that the peer has acknowledged.
    /// Whether it has caught up.
    pub(super) fn written(&mut self, acknowledged: Option<u64>) -> bool {
        if acknowledged.is_none_or(|acknowledged| acknowledged >= self.last) {
            self.since = None;
            self.used_up = false;
        }
        self.since.is_none()
    }
}

/// Nobody waits for the peer any more: [`SlowConsumer`] decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsedUp;
