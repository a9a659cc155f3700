//! What the fuzz targets do with bytes of the hub protocols.

mod cuts;
mod frames;
mod handshake;
mod varint;

pub use frames::{json_frames, messagepack_frames};
pub use handshake::handshake;
pub use varint::varint;

use super::ProtocolError;

/// Makes sure that an error says what is wrong without growing: at most what was received, once, with the replacement
/// character in place of each byte that is no text.
fn check(error: &ProtocolError, record: &[u8]) {
    const WORDS: usize = 256;
    let text = error.to_hub_error().message().len();
    let most = record.len() * char::REPLACEMENT_CHARACTER.len_utf8() + WORDS;
    assert!(text <= most, "{text} bytes are said of {} that are wrong", record.len());
}
