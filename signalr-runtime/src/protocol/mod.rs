//! The hub protocols, sans I/O: bytes in, messages out.
//!
//! Bytes arrive in [`framing`], which cuts them into records. The first record is the [`handshake`]; every
//! later one is a [`message`] in the [`HubProtocol`] that the handshake settled.

pub(crate) mod error;
pub(crate) mod framing;
#[cfg(feature = "__fuzzing")]
pub(crate) mod fuzzing;
pub(crate) mod handshake;
pub(crate) mod json;
pub(crate) mod message;
#[cfg(feature = "messagepack")]
mod messagepack;
#[cfg(feature = "messagepack")]
pub(crate) mod prefix;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use error::ProtocolError;

use crate::contract::value::HubProtocol;
use message::Message;

/// What a transport has to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferFormat {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

impl TransferFormat {
    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Binary => "Binary",
        }
    }
}

impl HubProtocol {
    /// Every hub protocol that this build can speak.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Json,
        #[cfg(feature = "messagepack")]
        Self::MessagePack,
    ];

    /// The name that the handshake asks for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            #[cfg(feature = "messagepack")]
            Self::MessagePack => "messagepack",
        }
    }

    /// The newest version of the protocol; all older ones are accepted too.
    pub(crate) fn version(self) -> i32 {
        match self {
            Self::Json => 2,
            #[cfg(feature = "messagepack")]
            Self::MessagePack => 2,
        }
    }

    pub(crate) fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
            #[cfg(feature = "messagepack")]
            Self::MessagePack => TransferFormat::Binary,
        }
    }
}

/// Reads one record (without its framing). `None` is a message of a type that is not known: it is skipped.
///
/// The values inside are left as they are. Whoever throws one away without decoding it, or finds that it
/// does not decode, calls [`validate`]: only then has every byte of the record been looked at.
pub(crate) fn read(format: HubProtocol, record: &[u8]) -> Result<Option<Message<'_>>, ProtocolError> {
    match format {
        HubProtocol::Json => json::read(record),
        #[cfg(feature = "messagepack")]
        HubProtocol::MessagePack => messagepack::read(record),
    }
}

/// Appends `message` to `out` as one whole frame.
pub(crate) fn write(format: HubProtocol, message: &Message<'_>, out: &mut Vec<u8>) {
    match format {
        HubProtocol::Json => json::write(message, out),
        #[cfg(feature = "messagepack")]
        HubProtocol::MessagePack => messagepack::write(message, out),
    }
}

/// Makes sure that a record which [`read`] accepted is sound inside its values too.
///
/// A value of the wrong type ends one call; a value that is broken ends the connection, because nothing
/// behind it can be trusted.
pub(crate) fn validate(format: HubProtocol, record: &[u8]) -> Result<(), ProtocolError> {
    match format {
        HubProtocol::Json => json::validate(record),
        #[cfg(feature = "messagepack")]
        HubProtocol::MessagePack => messagepack::validate(record),
    }
}
