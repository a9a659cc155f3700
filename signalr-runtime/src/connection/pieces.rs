//! Ready frames in a row: small ones copied together, large ones shared, and one that goes out alone.

use std::collections::VecDeque;

use bytes::Bytes;

/// A frame up to this size is copied behind others that wait; a larger one is shared.
const COPY_UP_TO: usize = 1024;

/// Copied frames gather in pieces of about this size.
const PIECE: usize = 16 * 1024;

/// A part of a row of frames that is written as it is. No frame is cut.
pub(crate) enum Piece {
    /// Frames copied together.
    Gathered(Vec<u8>),
    /// One frame, shared with other connections.
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
    if row.len() == row.capacity() {
        grow(row);
    }
    row.push_back(piece);
}

/// Makes room for one piece, then for two, then for four: most connections never have two at once.
#[cold]
fn grow(row: &mut VecDeque<Piece>) {
    row.reserve_exact(row.len().max(1));
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

/// Whether a frame is too large to be copied for each who gets it.
pub(super) fn is_large(frame: &[u8]) -> bool {
    frame.len() > COPY_UP_TO
}

/// The bytes of a frame in a row that are charged with the frame, and not with the row. A row pays for the place.
pub(super) fn charged_elsewhere(frame: &[u8]) -> usize {
    if is_large(frame) { frame.len().saturating_sub(size_of::<Piece>()) } else { 0 }
}

/// Appends one frame that others may have too. One that finds the row empty is shared whatever its size: most go out alone.
pub(super) fn share(row: &mut VecDeque<Piece>, frame: Bytes) {
    if row.is_empty() || is_large(&frame) {
        append(row, Piece::Shared(frame));
    } else {
        copy(row, &[], &frame);
    }
}
