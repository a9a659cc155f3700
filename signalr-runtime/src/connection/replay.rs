//! What was sent and may have to be sent again, to a peer whose connection was lost and who comes back.

use std::collections::VecDeque;

use bytes::Bytes;

use super::pieces::{self, Piece};
use crate::contract::value::HubProtocol;
use crate::protocol;
use crate::protocol::message::Message;

/// The messages that the peer has not acknowledged yet. They are numbered from 1, and the numbers never travel:
/// both sides count.
pub(super) struct ReplayBuffer {
    format: HubProtocol,
    /// More bytes than this make senders wait.
    limit: usize,
    /// The number of the last message that was acknowledged.
    acknowledged: u64,
    /// The lengths of the frames after it, oldest first.
    lengths: VecDeque<usize>,
    /// These frames.
    frames: VecDeque<Piece>,
    /// How much of the first piece was acknowledged.
    released: usize,
    bytes: usize,
    /// How many of the bytes are charged elsewhere, because others have them too.
    shared: usize,
    /// One more message has room, whatever is kept: see [`rewound`](Self::rewound).
    spare: bool,
    /// How often the messages were sent again since one was last released.
    resends: u8,
    pub(super) peer: Peer,
}

/// A peer that never acknowledges is given room for so many messages by coming back again and again.
const RESENDS: u8 = 10;

/// Whether there is anybody to write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Here,
    /// The transport was lost, and may be replaced.
    Away,
}

impl ReplayBuffer {
    pub(super) fn new(format: HubProtocol, limit: usize) -> Self {
        Self {
            format,
            limit,
            acknowledged: 0,
            lengths: VecDeque::new(),
            frames: VecDeque::new(),
            released: 0,
            bytes: 0,
            shared: 0,
            spare: false,
            resends: 0,
            peer: Peer::Here,
        }
    }

    /// Keeps a frame that nobody else has, in two parts.
    pub(super) fn copy(&mut self, header: &[u8], record: &[u8]) {
        self.count(header.len() + record.len());
        pieces::copy(&mut self.frames, header, record);
    }

    /// Keeps a frame that others may have too.
    pub(super) fn share(&mut self, frame: Bytes) {
        self.count(frame.len());
        self.shared += pieces::charged_elsewhere(&frame);
        pieces::share(&mut self.frames, frame);
    }

    fn count(&mut self, len: usize) {
        self.lengths.push_back(len);
        self.bytes += len;
        self.spare = false;
    }

    /// The peer has everything up to this number. What cannot be (more than was sent, or less than it had
    /// acknowledged before) means nothing.
    pub(super) fn acknowledge(&mut self, sequence_id: i64) {
        let newly = u64::try_from(sequence_id).ok().and_then(|id| id.checked_sub(self.acknowledged));
        let Some(newly) = newly.and_then(|newly| usize::try_from(newly).ok()) else {
            return;
        };
        if newly > self.lengths.len() {
            return;
        }
        for len in self.lengths.drain(..newly) {
            self.bytes -= len;
            self.released += len;
            self.acknowledged += 1;
            self.resends = 0;
            // A piece ends where a frame ends.
            if self.frames.front().is_some_and(|piece| piece.as_ref().len() <= self.released) {
                self.released = 0;
                if let Some(Piece::Shared(frame)) = self.frames.pop_front() {
                    self.shared = self.shared.saturating_sub(pieces::charged_elsewhere(&frame));
                }
            }
        }
        if self.lengths.is_empty() {
            // An idle connection holds no memory for that.
            self.lengths = VecDeque::new();
            self.frames = VecDeque::new();
        }
    }

    /// What a peer that has come back is to read first: which message comes next.
    pub(super) fn sequence(&self) -> Vec<u8> {
        let sequence_id = i64::try_from(self.acknowledged).map_or(i64::MAX, |last| last.saturating_add(1));
        let mut sequence = Vec::new();
        protocol::write(self.format, &Message::Sequence { sequence_id }, &mut sequence);
        sequence
    }

    /// Appends every message that the peer has not acknowledged.
    pub(super) fn resend(&self, row: &mut VecDeque<Piece>) {
        let mut skip = self.released;
        for piece in &self.frames {
            match piece {
                Piece::Gathered(bytes) => {
                    row.push_back(Piece::Gathered(bytes.get(skip..).unwrap_or_default().to_vec()));
                }
                Piece::Shared(bytes) => row.push_back(Piece::Shared(bytes.clone())),
            }
            skip = 0;
        }
    }

    /// The peer is back, and gets every message again. If its last acknowledgement was lost with its transport, it
    /// acknowledges only what is newer than what it has: there must be room for that.
    pub(super) fn rewound(&mut self) {
        self.peer = Peer::Here;
        if self.resends < RESENDS {
            self.resends += 1;
            self.spare = true;
        }
    }

    /// The number of the last message that was acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The number of the last message.
    pub(super) fn last(&self) -> u64 {
        let kept = u64::try_from(self.lengths.len()).unwrap_or(u64::MAX);
        self.acknowledged.saturating_add(kept)
    }

    pub(super) fn format(&self) -> HubProtocol {
        self.format
    }

    /// How many bytes wait to be acknowledged.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many of these bytes are charged elsewhere.
    pub(super) fn shared(&self) -> usize {
        self.shared
    }

    /// How many messages wait to be acknowledged.
    pub(super) fn messages(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes > self.limit && !self.spare
    }

    /// Whether it is full for the streams of the connection's own: see [`Share`](super::outbound::Share).
    pub(super) fn is_full_for_streams(&self) -> bool {
        self.bytes > self.limit / 2 && !self.spare
    }
}
