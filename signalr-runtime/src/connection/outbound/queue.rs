//! The frames of one connection that wait: to be written, and to be acknowledged.

use std::collections::VecDeque;

use super::QueueLimit;
use crate::connection::frame::{Frame, FrameHeader, WebSocketHeader};
use crate::connection::pieces::{self, Piece};
use crate::connection::replay::{Peer, ReplayBuffer};
use crate::connection::slow_consumer::{Sender, SlowConsumer};
use crate::protocol::TransferFormat;

pub(super) struct Queue {
    frame_header: FrameHeader,
    pub(super) limit: QueueLimit,
    pub(super) slow_consumer: SlowConsumer,
    /// What waits to be written.
    pieces: VecDeque<Piece>,
    /// How much that is.
    bytes: usize,
    frames: usize,
    /// How many of the bytes are charged elsewhere, because others have them too.
    shared: usize,
    /// How many bytes the transport has taken, and may not have written yet.
    writing: usize,
    /// How many of these are charged elsewhere.
    writing_shared: usize,
    /// What the peer has not acknowledged, where it may come back after its connection was lost.
    pub(super) replay: Option<Box<ReplayBuffer>>,
}

/// Whether a record has a number, and is sent again to a peer that has missed it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbered {
    Yes,
    No,
}

/// Whether a frame may be dropped for a peer that is too slow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Droppable {
    Yes,
    No,
}

/// Only calls from outside the connection are dropped.
impl From<Sender> for Droppable {
    fn from(sender: Sender) -> Self {
        match sender {
            Sender::Own => Self::No,
            Sender::Outside | Sender::Alone => Self::Yes,
        }
    }
}

impl Queue {
    pub(super) fn new(frame_header: FrameHeader, limit: QueueLimit) -> Self {
        Self {
            frame_header,
            limit,
            slow_consumer: SlowConsumer::Disconnect,
            pieces: VecDeque::new(),
            bytes: 0,
            frames: 0,
            shared: 0,
            writing: 0,
            writing_shared: 0,
            replay: None,
        }
    }

    /// Appends a record that nobody else gets.
    pub(super) fn push_record(&mut self, format: TransferFormat, record: &[u8], numbered: Numbered) {
        let header = match self.frame_header {
            FrameHeader::WebSocket => Some(WebSocketHeader::new(format, record.len())),
            FrameHeader::None => None,
        };
        let header = header.as_ref().map_or(&[][..], AsRef::as_ref);
        if let Some(replay) = &mut self.replay {
            if numbered == Numbered::Yes {
                replay.copy(header, record);
            }
            if replay.peer == Peer::Away {
                return;
            }
        }
        self.bytes += header.len() + record.len();
        self.frames += 1;
        pieces::copy(&mut self.pieces, header, record);
    }

    /// Appends a frame that others may get too.
    pub(super) fn push_frame(&mut self, frame: &Frame, droppable: Droppable) {
        let shared = match self.frame_header {
            FrameHeader::WebSocket => frame.websocket().clone(),
            FrameHeader::None => frame.websocket().slice(frame.bare()),
        };
        if let Some(replay) = &mut self.replay {
            replay.share(shared.clone());
            if replay.peer == Peer::Away {
                return;
            }
        }
        self.bytes += shared.len();
        self.frames += 1;
        self.shared += pieces::charged_elsewhere(&shared);
        match (self.slow_consumer, droppable) {
            // What may be dropped stands alone, and nothing else is shared.
            (SlowConsumer::DropOldest, Droppable::Yes) => {
                pieces::append(&mut self.pieces, Piece::Shared(shared));
            }
            (SlowConsumer::DropOldest, Droppable::No) => {
                self.shared -= pieces::charged_elsewhere(&shared);
                pieces::copy(&mut self.pieces, &[], &shared);
            }
            _ => pieces::share(&mut self.pieces, shared),
        }
    }

    /// Drops the oldest frames that may be dropped until there is room. Whether there is.
    pub(super) fn drop_oldest(&mut self) -> bool {
        while self.holds(self.limit) {
            let Some(dropped) = pieces::drop_oldest_shared(&mut self.pieces) else { return false };
            self.bytes = self.bytes.saturating_sub(dropped.as_ref().len());
            self.shared = self.shared.saturating_sub(pieces::charged_elsewhere(dropped.as_ref()));
            self.frames = self.frames.saturating_sub(1);
        }
        true
    }

    /// Moves what waits to be written to the end of `batch`.
    pub(super) fn take(&mut self, batch: &mut VecDeque<Piece>) {
        if batch.is_empty() {
            std::mem::swap(batch, &mut self.pieces);
            self.written();
        } else {
            batch.append(&mut self.pieces);
        }
        self.writing = self.writing.saturating_add(self.bytes);
        self.writing_shared = self.writing_shared.saturating_add(self.shared);
        self.bytes = 0;
        self.frames = 0;
        self.shared = 0;
    }

    /// Everything that was taken has been written.
    pub(super) fn written(&mut self) {
        self.writing = 0;
        self.writing_shared = 0;
    }

    /// Forgets what waits to be written, and what the transport has of it: that goes as well.
    pub(super) fn clear(&mut self) {
        self.pieces = VecDeque::new();
        self.written();
        self.bytes = 0;
        self.frames = 0;
        self.shared = 0;
    }

    /// There is nobody to write to, for now. Whether that is news.
    pub(super) fn detach(&mut self) -> bool {
        match &mut self.replay {
            Some(replay) if replay.peer == Peer::Here => replay.peer = Peer::Away,
            _ => return false,
        }
        self.clear();
        true
    }

    /// The peer is back: it is to be told which message comes next, and gets again what it has not acknowledged.
    pub(super) fn rewind(&mut self) {
        let Some(mut replay) = self.replay.take() else { return };
        self.clear();
        replay.rewound();
        self.push_record(replay.format().transfer_format(), &replay.sequence(), Numbered::No);
        replay.resend(&mut self.pieces);
        self.bytes += replay.bytes();
        self.frames += replay.messages();
        self.shared += replay.shared();
        self.replay = Some(replay);
    }

    /// Whether nothing waits to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether those who send have to wait.
    pub(super) fn is_full(&self) -> bool {
        self.holds(self.limit) || self.replay.as_ref().is_some_and(|replay| replay.is_full())
    }

    /// Whether the streams of the connection's own have to wait: see [`Share`](super::Share).
    pub(super) fn is_full_for_streams(&self) -> bool {
        let QueueLimit { bytes, frames } = self.limit;
        self.holds(QueueLimit { bytes: bytes.div_ceil(2), frames: frames.div_ceil(2) })
            || self.replay.as_ref().is_some_and(|replay| replay.is_full_for_streams())
    }

    /// Whether as much as `limit` waits to be written.
    pub(super) fn holds(&self, limit: QueueLimit) -> bool {
        self.bytes >= limit.bytes || self.frames >= limit.frames
    }

    /// The number of the last message, where messages have numbers.
    pub(super) fn last_number(&self) -> u64 {
        self.replay.as_ref().map_or(0, |replay| replay.last())
    }

    /// How many bytes wait to be acknowledged.
    pub(super) fn unacknowledged(&self) -> usize {
        self.replay.as_ref().map_or(0, |replay| replay.bytes())
    }

    /// How many bytes wait, to be written or to be acknowledged, or are being written.
    pub(super) fn unsent(&self) -> usize {
        self.bytes.saturating_add(self.writing).saturating_add(self.unacknowledged())
    }

    /// How many bytes of that are this queue's own.
    pub(super) fn held(&self) -> usize {
        let (lengths, kept) = self
            .replay
            .as_ref()
            .map_or((0, 0), |replay| (replay.messages().saturating_mul(size_of::<usize>()), replay.shared()));
        let shared = self.shared.saturating_add(self.writing_shared).saturating_add(kept);
        self.unsent().saturating_add(lengths).saturating_sub(shared)
    }
}
