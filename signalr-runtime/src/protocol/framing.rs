//! The inbound side: bytes as they come, whole records out.

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
#[cfg(feature = "messagepack")]
use std::ops::Range;

use memchr::memchr;

use super::ProtocolError;
#[cfg(feature = "messagepack")]
use super::prefix::Prefix;
use crate::contract::value::HubProtocol;

/// Ends every record of the text framing. It cannot occur inside valid JSON.
pub(crate) const RECORD_SEPARATOR: u8 = 0x1E;

/// How records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Each record is followed by [`RECORD_SEPARATOR`]. The handshake always is.
    Text,
    /// Each record comes after its length, a [`Prefix`].
    #[cfg(feature = "messagepack")]
    Binary,
}

impl Framing {
    /// The framing of a hub protocol.
    pub(crate) fn of(format: HubProtocol) -> Self {
        match format {
            HubProtocol::Json => Self::Text,
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => Self::Binary,
        }
    }

    /// The first record of `bytes` and the length of its frame, if that is within the limit. The first `scanned`
    /// bytes are known not to end a frame.
    fn first(
        self,
        limit: Option<usize>,
        bytes: &[u8],
        scanned: usize,
    ) -> Result<Option<(&[u8], usize)>, ProtocolError> {
        match self {
            Self::Text => {
                let window = window(limit, bytes);
                let end = memchr(RECORD_SEPARATOR, window.get(scanned..).unwrap_or_default());
                match end.and_then(|found| scanned.checked_add(found)) {
                    Some(end) => Ok(bytes.get(..end).zip(end.checked_add(1))),
                    None if window.len() < bytes.len() => Err(too_large(limit)),
                    None => Ok(None),
                }
            }
            #[cfg(feature = "messagepack")]
            Self::Binary => {
                let Some(frame) = frame(limit, bytes)? else { return Ok(None) };
                Ok(bytes.get(frame.clone()).map(|record| (record, frame.end)))
            }
        }
    }

    /// How much of `more` finishes the frame that `tail` begins: all of it if that is not enough.
    fn missing(self, limit: Option<usize>, tail: &[u8], more: &[u8]) -> Result<usize, ProtocolError> {
        match self {
            Self::Text => {
                let room = limit.map(|limit| limit.saturating_sub(tail.len()));
                let window = window(room, more);
                match memchr(RECORD_SEPARATOR, window) {
                    Some(end) => Ok(end.saturating_add(1)),
                    None if window.len() < more.len() => Err(too_large(limit)),
                    None => Ok(more.len()),
                }
            }
            #[cfg(feature = "messagepack")]
            Self::Binary => {
                let frame = frame(limit, tail.iter().chain(more))?;
                Ok(frame.map_or(more.len(), |frame| frame.end.saturating_sub(tail.len()).min(more.len())))
            }
        }
    }
}

/// Where the record of the frame stands that `bytes` begin with, as soon as its length has come: a message that is
/// too large is refused before any of it has.
#[cfg(feature = "messagepack")]
fn frame<'a>(
    limit: Option<usize>,
    bytes: impl IntoIterator<Item = &'a u8>,
) -> Result<Option<Range<usize>>, ProtocolError> {
    let Some(Prefix { len, record }) = Prefix::read(bytes)? else { return Ok(None) };
    let end = len.checked_add(record).ok_or(ProtocolError::LengthOverflow)?;
    if limit.is_some_and(|limit| end > limit) { Err(too_large(limit)) } else { Ok(Some(len..end)) }
}

/// Cuts the byte stream of one peer into records.
///
/// A record that arrives whole is handed on where it stands. Only what cannot be handed on yet is kept, in a
/// buffer that goes back to the allocator as soon as it is empty: an idle connection holds none.
///
/// ```text
/// let flow = reader.push(chunk, |record| match handle(record) {
///     Handled => ControlFlow::Continue(()),
///     Busy => ControlFlow::Break(()), // the rest is kept for `resume`
/// })?;
/// ```
#[derive(Debug)]
pub(crate) struct RecordReader {
    framing: Framing,
    limit: Option<usize>,
    /// What was received and not yet handed on stands here, from `start` on.
    held: Vec<u8>,
    start: usize,
    /// How many bytes from `start` on are known not to end a frame.
    scanned: usize,
    /// Where the first record begins in `held` that was not looked at ahead, and how many bytes from there on are
    /// known not to end a frame.
    ahead: usize,
    ahead_scanned: usize,
}

impl RecordReader {
    /// A reader for a new connection, whose first record is the handshake. `limit` is the largest message
    /// that is accepted, in bytes with its framing.
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self {
            framing: Framing::Text,
            limit,
            held: Vec::new(),
            start: 0,
            scanned: 0,
            ahead: 0,
            ahead_scanned: 0,
        }
    }

    /// What holds from the next record on. To switch between two records of one chunk, the consumer breaks
    /// after the first, switches, and resumes.
    pub(crate) fn switch(&mut self, framing: Framing, limit: Option<usize>) {
        self.framing = framing;
        self.limit = limit;
        self.scanned = 0;
    }

    /// Takes what was received and hands each whole record to `consume`, until that breaks. The rest is
    /// then kept, and handed on by the next `push` or [`resume`](Self::resume).
    ///
    /// Fails as soon as a message is larger than the limit; the reader is of no use after that.
    pub(crate) fn push<B>(
        &mut self,
        chunk: &[u8],
        mut consume: impl FnMut(&[u8]) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ProtocolError> {
        let mut rest = chunk;
        let flow = self.hand_on(&mut rest, &mut consume);
        match &flow {
            Ok(ControlFlow::Continue(())) => {
                self.hold(rest);
                self.scanned = self.unread().len();
            }
            Ok(ControlFlow::Break(_)) => self.hold(rest),
            Err(_) => self.release(),
        }
        flow
    }

    /// Takes what was received after `consume` broke, and hands nothing on yet.
    pub(crate) fn keep(&mut self, chunk: &[u8]) {
        self.hold(chunk);
    }

    /// Shows each whole record that is kept to `look`, once, and goes on keeping it.
    pub(crate) fn look_ahead(&mut self, mut look: impl FnMut(&[u8])) -> Result<(), ProtocolError> {
        if self.ahead < self.start {
            self.ahead = self.start;
            self.ahead_scanned = 0;
        }
        loop {
            let unseen = self.held.get(self.ahead..).unwrap_or_default();
            let Some((record, len)) = self.framing.first(self.limit, unseen, self.ahead_scanned)? else {
                self.ahead_scanned = unseen.len();
                return Ok(());
            };
            look(record);
            self.ahead = self.ahead.saturating_add(len);
            self.ahead_scanned = 0;
        }
    }

    /// How many bytes are kept.
    pub(crate) fn kept(&self) -> usize {
        self.unread().len()
    }

    /// Forgets the message that has begun and will never end. Whole ones that are kept stay.
    pub(crate) fn cut(&mut self) {
        // A beginning that is too large is forgotten with the rest of it.
        let _ = self.look_ahead(|_| ());
        self.held.truncate(self.ahead);
        self.scanned = 0;
        if self.held.len() <= self.start {
            self.release();
        }
    }

    /// Goes on after `consume` broke.
    pub(crate) fn resume<B>(
        &mut self,
        consume: impl FnMut(&[u8]) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ProtocolError> {
        self.push(&[], consume)
    }

    /// The transport has ended: fails if it did so inside a message.
    pub(crate) fn end(&self) -> Result<(), ProtocolError> {
        if self.held.is_empty() { Ok(()) } else { Err(ProtocolError::Truncated) }
    }

    /// Hands on all that is whole: what is held, then `chunk`, which is moved past what was handed on or held.
    fn hand_on<B>(
        &mut self,
        chunk: &mut &[u8],
        consume: &mut impl FnMut(&[u8]) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ProtocolError> {
        let mut flow = self.hand_on_held(consume)?;
        if flow.is_continue() && !self.held.is_empty() {
            self.finish_held(chunk)?;
            flow = self.hand_on_held(consume)?;
        }
        while flow.is_continue()
            && let Some((record, len)) = self.framing.first(self.limit, chunk, 0)?
        {
            *chunk = chunk.get(len..).unwrap_or_default();
            flow = consume(record);
        }
        Ok(flow)
    }

    fn hand_on_held<B>(
        &mut self,
        consume: &mut impl FnMut(&[u8]) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ProtocolError> {
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() && !self.held.is_empty() {
            let unread = self.held.get(self.start..).unwrap_or_default();
            let Some((record, len)) = self.framing.first(self.limit, unread, self.scanned)? else {
                self.scanned = unread.len();
                break;
            };
            self.start = self.start.saturating_add(len);
            self.scanned = 0;
            flow = consume(record);
            if self.start >= self.held.len() {
                self.release();
            }
        }
        Ok(flow)
    }

    /// Moves from `chunk` to what is held as much as finishes the frame that begins there: all of it if that
    /// is not enough.
    fn finish_held(&mut self, chunk: &mut &[u8]) -> Result<(), ProtocolError> {
        let more = self.framing.missing(self.limit, self.unread(), chunk)?;
        let (more, rest) = chunk.split_at_checked(more).unwrap_or((chunk, &[]));
        *chunk = rest;
        self.hold(more);
        Ok(())
    }

    fn unread(&self) -> &[u8] {
        self.held.get(self.start..).unwrap_or_default()
    }

    fn hold(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            // Not each time: a lot may be kept, and come in small parts.
            if self.start > self.held.len() / 2 {
                self.held.drain(..self.start);
                self.ahead = self.ahead.saturating_sub(self.start);
                self.start = 0;
            }
            self.held.extend_from_slice(bytes);
        }
    }

    fn release(&mut self) {
        self.held = Vec::new();
        self.start = 0;
        self.scanned = 0;
        self.ahead = 0;
        self.ahead_scanned = 0;
    }
}

/// What of `bytes` the first frame may take.
fn window(limit: Option<usize>, bytes: &[u8]) -> &[u8] {
    limit.and_then(|limit| bytes.get(..limit)).unwrap_or(bytes)
}

fn too_large(limit: Option<usize>) -> ProtocolError {
    ProtocolError::TooLarge { limit: limit.unwrap_or(usize::MAX) }
}
