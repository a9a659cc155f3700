//! When a connection stops reading, and reads on.

use super::Core;
use crate::connection::duplex::Duplex;
use crate::connection::limit::Limit;
use crate::connection::outbound::QueueLimit;
use crate::connection::role::Role;
use crate::protocol::framing::RecordReader;

/// When a connection that holds as much as it should stops reading.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pause {
    /// Always: what a server does. A peer that sends without end, or takes no answers, waits for itself.
    WhenFull,
    /// Only while nobody here waits for something of the peer's, which would stand behind what is not read:
    /// what a client does, whose user may well make a call between two items of a stream. A full outbound queue
    /// is no reason either, or two sides that stream to each other would wait for each other; but no more than
    /// `answers` is answered to a peer that takes no answers.
    WhenNobodyWaits { answers: QueueLimit },
}

/// How a poll reads from the transport.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Yes,
    /// For later: the hub is being made.
    Ahead,
}

/// What is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    Everything,
    /// Everything is read, and kept; only acknowledgements are handled.
    Acknowledgements,
    /// Everything is read, and kept, as long as there is room: the hub is being made.
    Ahead,
    /// The same, while too many calls wait, where the transport answers its peer only while it is read: they count together
    /// with what is kept, as they are together in the pipe that `WebSocketsServerTransport` goes on to fill.
    BehindCalls,
    Nothing,
}

impl<R: Role> Core<R> {
    /// The one place that decides when a connection stops reading: while its answers are not taken, while too
    /// many calls, or calls that are too large, wait for their turn, while too much of what it streams to us is not read, and while it has sent
    /// more messages than it may. Everything that was read before is handled, whatever its kind.
    pub(super) fn is_paused(&self) -> bool {
        self.pause().is_some()
    }

    /// The limit that makes the connection pause, if it is to.
    #[inline]
    pub(super) fn pause(&self) -> Option<Limit> {
        if self.clock.is_held() {
            return Some(Limit::MessageRate);
        }
        let unread = if self.calls.waiting() >= self.limits.queued_calls
            || self.calls.waiting_bytes() >= self.limits.queued_call_bytes
        {
            Some(Limit::QueuedCalls)
        } else if self.backlog.excess() >= self.limits.backlog {
            Some(Limit::UnreadItems)
        } else {
            None
        };
        let unread = match self.limits.pause {
            Pause::WhenFull => unread,
            Pause::WhenNobodyWaits { .. } => unread.filter(|_| !self.backlog.is_awaited()),
        };
        unread.or_else(|| self.is_behind().then_some(Limit::UnsentAnswers))
    }

    /// Whether the peer does not take its answers: no call starts then.
    #[inline]
    pub(super) fn is_behind(&self) -> bool {
        match self.limits.pause {
            Pause::WhenFull => self.shared.outbound.is_full(),
            Pause::WhenNobodyWaits { answers } => self.shared.outbound.holds(answers),
        }
    }

    pub(super) fn reads(&self, reading: Reading, transport: &dyn Duplex, reader: &RecordReader) -> Reads {
        // While a call waits that could start, nothing comes behind it.
        if reading == Reading::Yes && (!self.is_paused() || self.has_gone) && !self.can_start() {
            Reads::Everything
        } else if self.shared.outbound.awaits_acknowledgement() {
            Reads::Acknowledgements
        } else if reading == Reading::Ahead && reader.kept() < self.limits.backlog {
            Reads::Ahead
        } else if !self.has_gone
            && self.pause() == Some(Limit::QueuedCalls)
            && reader.kept().saturating_add(self.calls.waiting_bytes()) < self.limits.backlog
            && transport.answers_while_read()
        {
            Reads::BehindCalls
        } else {
            Reads::Nothing
        }
    }

    /// Settles what one read has brought: the messages of a read are few enough to be lent.
    pub(super) fn count_messages(&mut self) {
        let messages = std::mem::take(&mut self.messages);
        if messages > 0
            && let Some(allowance) = &mut self.allowance
            && let Some(wait) = allowance.borrow(messages)
        {
            self.count_pause(Limit::MessageRate);
            self.clock.hold(wait);
        }
    }

    /// The connection makes a pause: counted once for each read, however often it goes on with what is left of it.
    pub(super) fn count_pause(&mut self, limit: Limit) {
        if !std::mem::replace(&mut self.has_paused, true) {
            self.role.limit_hit(limit);
        }
    }
}
