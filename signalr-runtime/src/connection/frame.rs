//! Hub frames that are ready to be sent.

use std::ops::Range;

use bytes::Bytes;

use super::budget::{Charge, ChargeKind, MemoryBudget};
use super::pieces;
use crate::contract::value::HubProtocol;
use crate::protocol::TransferFormat;

/// What stands before a hub frame on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameHeader {
    /// That of an unmasked WebSocket frame: what a server sends.
    WebSocket,
    /// Nothing: the transport wraps what it takes.
    None,
}

/// An encoded hub message, framed once for all its receivers.
#[derive(Clone)]
pub(crate) struct Frame {
    /// The header of an unmasked WebSocket frame, then the hub frame.
    bytes: Bytes,
    header: usize,
}

impl Frame {
    /// Frames what `write` appends: one whole hub frame.
    pub(crate) fn new(format: HubProtocol, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        // The header stands before a length that is known only afterwards: leave it the room it may need.
        let mut bytes = vec![0; MAX_HEADER];
        write(&mut bytes);
        let header = WebSocketHeader::new(format.transfer_format(), bytes.len() - MAX_HEADER);
        let start = MAX_HEADER - header.as_ref().len();
        if let Some(room) = bytes.get_mut(start..MAX_HEADER) {
            room.copy_from_slice(header.as_ref());
        }
        Self { bytes: Bytes::from(bytes).slice(start..), header: header.as_ref().len() }
    }

    /// Charges the frame to `budget` for as long as somebody holds it: once, however many queues it stands in. One that
    /// every queue copies is left to them.
    pub(crate) fn charged_to(self, budget: Option<&MemoryBudget>) -> Self {
        let Some(budget) = budget.filter(|_| pieces::is_large(&self.bytes)) else { return self };
        let mut charge = Charge::new(Some(budget.clone()), ChargeKind::Unsent);
        charge.set(self.bytes.len());
        Self { bytes: Bytes::from_owner(Charged { bytes: self.bytes, _charge: charge }), ..self }
    }

    /// The bytes of a frame that are not charged with it: those of one that every queue copies.
    pub(crate) fn uncharged(&self) -> usize {
        if pieces::is_large(&self.bytes) { 0 } else { self.bytes.len() }
    }

    /// The frame with its WebSocket header.
    pub(crate) fn websocket(&self) -> &Bytes {
        &self.bytes
    }

    /// Where the hub frame stands in [`websocket`](Self::websocket).
    pub(crate) fn bare(&self) -> Range<usize> {
        self.header..self.bytes.len()
    }
}

/// Bytes that are paid for.
struct Charged {
    bytes: Bytes,
    _charge: Charge,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

const MAX_HEADER: usize = 10;

/// The header of an unmasked, final WebSocket data frame.
pub(crate) struct WebSocketHeader {
    bytes: [u8; MAX_HEADER],
    len: usize,
}

impl WebSocketHeader {
    pub(crate) fn new(format: TransferFormat, payload: usize) -> Self {
        const FINAL: u8 = 0x80;
        let opcode = match format {
            TransferFormat::Text => 1,
            TransferFormat::Binary => 2,
        };
        let mut header = Self { bytes: [0; MAX_HEADER], len: 2 };
        header.bytes[0] = FINAL | opcode;
        if let Ok(short) = u8::try_from(payload)
            && short < 126
        {
            header.bytes[1] = short;
        } else if let Ok(medium) = u16::try_from(payload) {
            header.bytes[1] = 126;
            header.bytes[2..4].copy_from_slice(&medium.to_be_bytes());
            header.len = 4;
        } else {
            header.bytes[1] = 127;
            header.bytes[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            header.len = 10;
        }
        header
    }
}

impl AsRef<[u8]> for WebSocketHeader {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
