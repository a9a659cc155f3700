//! The reading half of RFC 6455, without I/O.
//!
//! Message boundaries carry no meaning to a hub connection, so no message and no frame is ever assembled: data
//! is unmasked where it was read and handed on at once.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::close::PeerClose;
use super::mask;
use super::utf8::{NotUtf8, Utf8};
use super::violation::{MAX_CONTROL, Violation};

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

/// The longest header: length in 8 bytes, and a mask.
const MAX_HEADER: usize = 14;

/// The longest payload of a data frame: the highest bit of its length is zero (RFC 6455 §5.2).
const MAX_LENGTH: u64 = u64::MAX >> 1;

/// In how many fragments of any size a message may come, unless something else was said.
pub(super) const FREE_FRAGMENTS: u64 = 64;

/// A message may come in one fragment more for each so many bytes of it: the .NET client sends a large message in
/// one fragment per buffer it filled, and only tiny fragments are a nuisance.
const BYTES_PER_FRAGMENT: u64 = 256;

/// Bytes as they were read, from which the reader takes its part.
pub(super) struct Chunk<'a>(pub(super) &'a mut [u8]);

impl<'a> Chunk<'a> {
    /// Takes the first `most` bytes, or all if there are fewer.
    fn take(&mut self, most: usize) -> &'a mut [u8] {
        self.0.split_off_mut(..most.min(self.0.len())).unwrap_or_default()
    }
}

/// What the peer sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// The next bytes of the connection's byte stream.
    Data(&'a [u8]),
    /// A ping, to be answered with the same payload.
    Ping(Vec<u8>),
    Pong,
    /// A message without a single byte.
    Empty,
    /// The peer sends nothing more.
    Close(PeerClose),
}

/// Reads the frames of the peer from chunks of any size.
#[derive(Debug)]
pub(super) struct FrameReader {
    role: Role,
    /// In how many fragments of any size a message may come.
    free_fragments: u64,
    position: Position,
    /// The data message whose last frame has not ended.
    message: Option<Message>,
}

#[derive(Debug)]
enum Position {
    /// In a header, with what has come of it.
    Header { bytes: [u8; MAX_HEADER], len: usize },
    /// In the payload of a data frame.
    Data { payload: Payload, last: bool },
    /// In the payload of a control frame, with what has come of it.
    Control { payload: Payload, control: Control, come: Vec<u8> },
    /// At a place where text stops being text: what came before it has been handed on.
    NotUtf8,
    /// Behind a close frame or a violation: nothing is read any more.
    End,
}

impl Position {
    const START: Self = Self::Header { bytes: [0; MAX_HEADER], len: 0 };
}

/// What is still to come of a frame.
#[derive(Debug)]
struct Payload {
    left: u64,
    mask: Option<[u8; 4]>,
}

#[derive(Debug)]
struct Message {
    text: Option<Utf8>,
    fragments: u64,
    bytes: u64,
}

impl FrameReader {
    /// A reader for the frames that the other end sends to `role`, each message in `free_fragments` of any size.
    pub(super) fn new(role: Role, free_fragments: u64) -> Self {
        Self { role, free_fragments, position: Position::START, message: None }
    }

    /// Takes the next event from `input`; `None` when `input` is used up.
    ///
    /// After [`Event::Close`] or a violation everything that follows is thrown away.
    pub(super) fn next<'a>(&mut self, input: &mut Chunk<'a>) -> Result<Option<Event<'a>>, Violation> {
        let next = self.read(input);
        if matches!(next, Ok(Some(Event::Close(_))) | Err(_)) {
            self.position = Position::End;
            self.message = None;
        }
        next
    }

    fn read<'a>(&mut self, input: &mut Chunk<'a>) -> Result<Option<Event<'a>>, Violation> {
        loop {
            match &mut self.position {
                Position::Header { bytes, len } => {
                    let Some((header, payload)) = read_header(bytes, len, input)? else { return Ok(None) };
                    self.position = self.begin(&header, payload)?;
                }
                Position::Data { payload, last } => {
                    let part = payload.take(input);
                    let (mut good, mut whole, mut empty) = (part.len(), true, false);
                    if let Some(message) = &mut self.message {
                        (good, whole) = message.check(part);
                    }
                    if good < part.len() {
                        self.position = Position::NotUtf8;
                    } else if payload.left == 0 {
                        self.position = match *last {
                            true if !whole => Position::NotUtf8,
                            true => {
                                empty = self.message.take().is_some_and(|message| message.bytes == 0);
                                Position::START
                            }
                            false => Position::START,
                        };
                    } else if part.is_empty() {
                        return Ok(None);
                    }
                    if let Some(part @ [_, ..]) = part.get(..good) {
                        return Ok(Some(Event::Data(part)));
                    }
                    if empty {
                        return Ok(Some(Event::Empty));
                    }
                }
                Position::NotUtf8 => return Err(Violation::NotUtf8),
                Position::Control { payload, control, come } => {
                    come.extend_from_slice(payload.take(input));
                    if payload.left > 0 {
                        return Ok(None);
                    }
                    let event = match control {
                        Control::Ping => Event::Ping(std::mem::take(come)),
                        Control::Close => Event::Close(PeerClose::parse(come)?),
                        Control::Pong | Control::Reserved(_) => Event::Pong,
                    };
                    self.position = Position::START;
                    return Ok(Some(event));
                }
                Position::End => {
                    input.take(usize::MAX);
                    return Ok(None);
                }
            }
        }
    }

    /// Where the reader stands behind `header`.
    fn begin(&mut self, header: &FrameHeader, payload: Payload) -> Result<Position, Violation> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Violation::ReservedBit);
        }
        match (self.role, payload.mask) {
            (Role::Server, None) => return Err(Violation::NotMasked),
            (Role::Client, Some(_)) => return Err(Violation::Masked),
            (Role::Server, Some(_)) | (Role::Client, None) => {}
        }
        match header.opcode {
            OpCode::Control(control) => {
                if !header.is_final || payload.left > MAX_CONTROL as u64 {
                    return Err(Violation::ControlFrame);
                }
                Ok(Position::Control { payload, control, come: Vec::new() })
            }
            OpCode::Data(data) => {
                match (data, &mut self.message) {
                    (Data::Continue, Some(message)) => message.next_fragment(self.free_fragments)?,
                    (Data::Continue, None) => return Err(Violation::NothingToContinue),
                    (_, Some(_)) => return Err(Violation::MessageNotFinished),
                    (_, none) => {
                        let text = (data == Data::Text).then(Utf8::default);
                        *none = Some(Message { text, fragments: 1, bytes: 0 });
                    }
                }
                Ok(Position::Data { payload, last: header.is_final })
            }
        }
    }
}

/// Completes the header whose first `len` bytes are in `bytes`.
fn read_header(
    bytes: &mut [u8; MAX_HEADER],
    len: &mut usize,
    input: &mut Chunk<'_>,
) -> Result<Option<(FrameHeader, Payload)>, Violation> {
    let before = *len;
    for (slot, byte) in bytes.iter_mut().skip(before).zip(input.0.iter()) {
        *slot = *byte;
        *len += 1;
    }
    let mut cursor = Cursor::new(bytes.get(..*len).unwrap_or_default());
    // Reading from memory cannot fail: the one error left is an opcode that does not exist.
    let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Violation::Opcode)?;
    let Some((header, length)) = parsed else {
        input.take(usize::MAX);
        return Ok(None);
    };
    if length > MAX_LENGTH {
        return Err(Violation::Length);
    }
    let end = usize::try_from(cursor.position()).unwrap_or(MAX_HEADER);
    input.take(end.saturating_sub(before));
    let payload = Payload { left: length, mask: header.mask };
    Ok(Some((header, payload)))
}

impl Payload {
    /// Takes what has come of the payload, without its mask.
    fn take<'a>(&mut self, input: &mut Chunk<'a>) -> &'a [u8] {
        let part = input.take(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left = self.left.saturating_sub(part.len() as u64);
        if let Some(mask) = &mut self.mask {
            mask::apply(mask, part);
        }
        part
    }
}

impl Message {
    fn next_fragment(&mut self, free: u64) -> Result<(), Violation> {
        self.fragments += 1;
        if self.fragments > free.saturating_add(self.bytes / BYTES_PER_FRAGMENT) {
            return Err(Violation::TooManyFragments);
        }
        Ok(())
    }

    /// How many bytes of `part` are good, and whether the message may end behind them.
    fn check(&mut self, part: &[u8]) -> (usize, bool) {
        self.bytes = self.bytes.saturating_add(part.len() as u64);
        let Some(text) = &mut self.text else { return (part.len(), true) };
        match text.check(part) {
            Ok(()) => (part.len(), text.is_whole()),
            Err(NotUtf8 { good }) => (good, false),
        }
    }
}

#[cfg(test)]
mod tests;
