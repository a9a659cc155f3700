//! The writing half: frames of this end, and how they go out.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use super::codec::Role;
use super::mask;
use crate::connection::frame::WebSocketHeader;
use crate::connection::pieces::Piece;
use crate::contract::value::HubProtocol;

/// At most so many pieces go into one write.
const PIECES_PER_WRITE: usize = 64;

/// A batch that took more pieces than this gives its memory back.
const KEPT_PIECES: usize = 64;

/// A control frame as `role` sends it.
pub(super) fn control(role: Role, control: Control, payload: &[u8]) -> Vec<u8> {
    let mut header = FrameHeader { opcode: OpCode::Control(control), ..FrameHeader::default() };
    if role == Role::Client {
        header.mask = Some(rand::random());
    }
    let mut frame = Vec::with_capacity(header.len(payload.len() as u64) + payload.len());
    header.format(payload.len() as u64, &mut frame).expect("writing to memory cannot fail");
    append_masked(&mut frame, header.mask, [payload]);
    frame
}

/// One message of a client that holds all `pieces`.
pub(super) fn masked_message(format: HubProtocol, pieces: &VecDeque<Piece>) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let payload = pieces.iter().map(|piece| piece.as_ref().len()).sum();
    let header = WebSocketHeader::new(format.transfer_format(), payload);
    let mask: [u8; 4] = rand::random();
    let mut message = Vec::with_capacity(header.as_ref().len() + mask.len() + payload);
    message.extend_from_slice(header.as_ref());
    if let Some(length) = message.get_mut(1) {
        *length |= MASKED;
    }
    message.extend_from_slice(&mask);
    append_masked(&mut message, Some(mask), pieces);
    message
}

fn append_masked(
    frame: &mut Vec<u8>,
    mask: Option<[u8; 4]>,
    payload: impl IntoIterator<Item = impl AsRef<[u8]>>,
) {
    let start = frame.len();
    for part in payload {
        frame.extend_from_slice(part.as_ref());
    }
    if let (Some(mut mask), Some(payload)) = (mask, frame.get_mut(start..)) {
        mask::apply(&mut mask, payload);
    }
}

/// Frames on their way into the stream. Each piece ends at the end of a frame.
#[derive(Default)]
pub(super) struct Batch {
    pieces: VecDeque<Piece>,
    /// How much of the first piece has gone out.
    sent: usize,
    /// Whether the stream may still hold what was written.
    unflushed: bool,
    /// Whether bytes have gone out since that was last asked.
    has_moved: bool,
}

impl Batch {
    /// Appends a whole frame.
    pub(super) fn push(&mut self, frame: Vec<u8>) {
        self.pieces.push_back(Piece::Gathered(frame));
    }

    /// Puts a whole frame before those of a batch that has not begun to go out.
    pub(super) fn push_first(&mut self, frame: Vec<u8>) {
        self.pieces.push_front(Piece::Gathered(frame));
    }

    /// What more is to be written.
    pub(super) fn pieces(&mut self) -> &mut VecDeque<Piece> {
        &mut self.pieces
    }

    /// Writes everything, as much as possible at once. Ready when nothing is left.
    pub(super) fn poll_write(
        &mut self,
        io: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(first) = self.pieces.front() {
            let first = first.as_ref().get(self.sent..).unwrap_or_default();
            let written = if first.is_empty() {
                0
            } else {
                let mut io = Pin::new(&mut *io);
                let written = if self.pieces.len() > 1 && io.is_write_vectored() {
                    let mut slices = [IoSlice::new(&[]); PIECES_PER_WRITE];
                    let rest = self.pieces.iter().skip(1).map(AsRef::as_ref);
                    for (slot, piece) in slices.iter_mut().zip(std::iter::once(first).chain(rest)) {
                        *slot = IoSlice::new(piece);
                    }
                    let used = self.pieces.len().min(PIECES_PER_WRITE);
                    ready!(io.as_mut().poll_write_vectored(cx, slices.get(..used).unwrap_or_default()))?
                } else {
                    ready!(io.as_mut().poll_write(cx, first))?
                };
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.unflushed = true;
                written
            };
            self.advance(written);
        }
        if self.pieces.capacity() > KEPT_PIECES {
            self.pieces = VecDeque::new();
        }
        if self.unflushed {
            ready!(Pin::new(io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether bytes have gone out since this was last asked.
    pub(super) fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.has_moved)
    }

    /// Drops what has gone out: `written` bytes more.
    fn advance(&mut self, written: usize) {
        self.has_moved |= written > 0;
        self.sent = self.sent.saturating_add(written);
        while let Some(first) = self.pieces.front()
            && let Some(rest) = self.sent.checked_sub(first.as_ref().len())
        {
            self.sent = rest;
            self.pieces.pop_front();
        }
    }
}
