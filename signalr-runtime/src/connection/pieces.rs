//! Ready frames in a row: small ones copied together, large ones shared.

use std::collections::VecDeque;

use bytes::Bytes;

/// A frame up to this size is copied into the connection's buffer; a larger one is shared.
const COPY_UP_TO: usize = 1024;

/// Copied frames gather in pieces of about this size.
const PIECE: usize = 16 * 1024;

/// A part of a row of frames that is written as it is. No frame is cut.
pub(crate) enum Piece {
    /// Frames copied together.
    Gathered(Vec<u8>),
    /// One large frame, shared with other connections.
    Shared(Bytes),
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Gathered(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// Appends a piece.
#[inline]
pub(super) fn append(row: &mut VecDeque<Piece>, piece: Piece) {
    if row.capacity() == 0 {
        make_room_for_one(row);
    }
    row.push_back(piece);
}

/// Most connections never have two pieces at once, so the first makes no room for others.
#[cold]
fn make_room_for_one(row: &mut VecDeque<Piece>) {
    row.reserve_exact(1);
}

/// Appends one frame that nobody else has, in two parts.
pub(super) fn copy(row: &mut VecDeque<Piece>, header: &[u8], record: &[u8]) {
    let more = header.len() + record.len();
    let fits = matches!(row.back(), Some(Piece::Gathered(piece)) if piece.len() + more <= PIECE);
    if !fits {
        append(row, Piece::Gathered(Vec::with_capacity(more)));
    }
    if let Some(Piece::Gathered(piece)) = row.back_mut() {
        piece.extend_from_slice(header);
        piece.extend_from_slice(record);
    }
}

/// Takes the oldest of the shared frames out of the row.
pub(super) fn drop_oldest_shared(row: &mut VecDeque<Piece>) -> Option<Piece> {
    let at = row.iter().position(|piece| matches!(piece, Piece::Shared(_)))?;
    row.remove(at)
}

/// Whether a frame is shared, and not copied for each who gets it.
pub(super) fn is_shared(frame: &[u8]) -> bool {
    frame.len() > COPY_UP_TO
}

/// The bytes of a frame in a row that are charged with the frame, and not with the row. A row pays for the place.
pub(super) fn charged_elsewhere(frame: &[u8]) -> usize {
    if is_shared(frame) { frame.len().saturating_sub(size_of::<Piece>()) } else { 0 }
}

/// Appends one frame that others may have too.
pub(super) fn share(row: &mut VecDeque<Piece>, frame: Bytes) {
    if is_shared(&frame) {
        append(row, Piece::Shared(frame));
    } else {
        copy(row, &[], &frame);
    }
}
