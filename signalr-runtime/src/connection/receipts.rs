//! Which messages have arrived, of a peer that may send them again.

/// Counts the messages of a peer. Their numbers never travel: both sides count from 1.
#[derive(Debug)]
pub(super) struct Receipts {
    /// The number of the message that comes next.
    next: i64,
    /// The number of the newest message that has arrived.
    latest: i64,
    /// The newest number that the peer was told.
    acknowledged: i64,
}

/// How often a message has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    Once,
    /// It was handled before.
    Again,
}

/// The peer wants to go on behind messages that have never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap;

impl Receipts {
    pub(super) fn new() -> Self {
        Self { next: 1, latest: 0, acknowledged: 0 }
    }

    /// A numbered message came.
    pub(super) fn arrived(&mut self) -> Arrived {
        let number = self.next;
        self.next = number.saturating_add(1);
        if number <= self.latest {
            return Arrived::Again;
        }
        self.latest = number;
        Arrived::Once
    }

    /// The peer says which message comes next.
    ///
    /// It may go on behind everything that has ever arrived, even where its last transport was lost before it had sent
    /// all of that again. (ASP.NET Core compares with `next`, and then gives up a connection that has lost nothing.)
    pub(super) fn sequence(&mut self, sequence_id: i64) -> Result<(), Gap> {
        if sequence_id > self.latest.saturating_add(1) {
            return Err(Gap);
        }
        self.next = sequence_id;
        // What it sends again, it was not told of: the acknowledgement was lost.
        self.acknowledged = self.acknowledged.min(sequence_id.saturating_sub(1));
        Ok(())
    }

    /// Whether messages have arrived of which the peer was not told.
    pub(super) fn is_due(&self) -> bool {
        self.acknowledged < self.latest
    }

    /// What the peer is to be told now, if anything.
    pub(super) fn acknowledge(&mut self) -> Option<i64> {
        let due = self.is_due();
        self.acknowledged = self.latest;
        due.then_some(self.latest)
    }
}
