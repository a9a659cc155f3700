//! Frames of a WebSocket.

use bytes::{Bytes, BytesMut};

use super::Outcome;

/// The headers that ask for one.
pub const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                                  Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The opcode of a text message.
pub const TEXT: u8 = 1;
/// The opcode of a binary message.
pub const BINARY: u8 = 2;
/// The opcode of a close frame.
pub const CLOSE: u8 = 8;
/// The opcode of a ping.
pub const PING: u8 = 9;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Stands for a length that follows in two bytes.
const LONG: u8 = 0x7e;

/// A frame of the server.
#[derive(Debug)]
pub struct Frame {
    /// The kind of the frame.
    pub opcode: u8,
    /// The payload.
    pub payload: Bytes,
}

/// A frame of a client, with a mask that changes nothing.
pub fn frame(opcode: u8, payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = vec![FINAL | opcode];
    match payload.len() {
        short @ ..126 => frame.push(MASKED | u8::try_from(short)?),
        long => {
            frame.push(MASKED | LONG);
            frame.extend_from_slice(&u16::try_from(long)?.to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    Ok(frame)
}

/// Takes the next frame.
pub fn split_frame(received: &mut BytesMut) -> Outcome<Option<Frame>> {
    let (head, length) = match received[..] {
        [_, 127, ..] => return Err("a frame that is longer than anything that is sent".into()),
        [_, LONG, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        [_, length, ..] if length != LONG => (2, usize::from(length)),
        _ => return Ok(None),
    };
    if received.len() < head + length {
        return Ok(None);
    }
    let mut frame = received.split_to(head + length);
    Ok(Some(Frame { opcode: frame[0] & 0x0f, payload: frame.split_off(head).freeze() }))
}
