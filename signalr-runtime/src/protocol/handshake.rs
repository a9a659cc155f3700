//! The handshake: which hub protocol the two sides speak. Always JSON in text framing.

use std::borrow::Cow;
use std::fmt;

use super::error::{IntegerWidth, ProtocolError};
use super::framing::RECORD_SEPARATOR;
use super::json::scan::Scanner;
use super::json::{integer, string, write_string};
use super::{HubProtocol, TransferFormat};

/// The first message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandshakeRequest<'a> {
    /// The name of a hub protocol, as the client spells it.
    pub(crate) protocol: Cow<'a, str>,
    pub(crate) version: i32,
}

impl<'a> HandshakeRequest<'a> {
    /// Reads a record (without its separator).
    pub(crate) fn read(record: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut scanner = Scanner::new(record);
        let mut members = scanner.record()?;
        let (mut protocol, mut version) = (None, None);
        while members.next(&mut scanner)? {
            match &*scanner.name()?.name() {
                b"protocol" => protocol = Some(string(&mut scanner, "protocol")?.decode()),
                b"version" => version = integer(&mut scanner, "version", IntegerWidth::Int32)?,
                _ => scanner.skip()?,
            }
        }
        // What follows the object is not looked at, as in `HandshakeProtocol.TryParseRequestMessage`.
        let missing = |property| ProtocolError::IncompleteHandshake {
            property,
            content: String::from_utf8_lossy(record).into_owned(),
        };
        Ok(Self {
            protocol: protocol.ok_or_else(|| missing("protocol"))?,
            version: version.ok_or_else(|| missing("version"))?,
        })
    }

    /// Appends the request as a whole frame.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"protocol":"#);
        write_string(out, &self.protocol);
        out.extend_from_slice(br#","version":"#);
        out.extend_from_slice(self.version.to_string().as_bytes());
        out.extend_from_slice(&[b'}', RECORD_SEPARATOR]);
    }

    /// Whether the client speaks a version that has acknowledgements and sequences.
    pub(crate) fn knows_stateful_reconnect(&self) -> bool {
        self.version >= 2
    }

    /// The hub protocol that is asked for, if the server has it and the transport can carry it.
    pub(crate) fn accept(
        &self,
        supported: &[HubProtocol],
        transport: &[TransferFormat],
    ) -> Result<HubProtocol, HandshakeRefusal> {
        let protocol = || self.protocol.to_string();
        let Some(&format) =
            supported.iter().find(|format| format.name().eq_ignore_ascii_case(&self.protocol))
        else {
            return Err(HandshakeRefusal::UnknownProtocol { protocol: protocol() });
        };
        if self.version > format.version() {
            return Err(HandshakeRefusal::UnknownVersion { protocol: protocol(), version: self.version });
        }
        let transfer_format = format.transfer_format();
        if !transport.contains(&transfer_format) {
            return Err(HandshakeRefusal::TransferFormat { protocol: protocol(), transfer_format });
        }
        Ok(format)
    }
}

/// The server's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandshakeResponse<'a> {
    /// Why the connection ends; `None` is success.
    pub(crate) error: Option<Cow<'a, str>>,
}

impl<'a> HandshakeResponse<'a> {
    pub(crate) const SUCCESS: Self = Self { error: None };

    /// Reads a record (without its separator).
    pub(crate) fn read(record: &'a [u8]) -> Result<Self, ProtocolError> {
        let mut scanner = Scanner::new(record);
        let mut members = scanner.record()?;
        let mut error = None;
        while members.next(&mut scanner)? {
            match &*scanner.name()?.name() {
                b"type" => return Err(ProtocolError::NotAHandshakeResponse),
                b"error" => error = Some(string(&mut scanner, "error")?.decode()),
                _ => scanner.skip()?,
            }
        }
        Ok(Self { error: error.filter(|error| !error.is_empty()) })
    }

    /// Appends the response as a whole frame.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(error) = self.error.as_deref().filter(|error| !error.is_empty()) {
            out.extend_from_slice(br#""error":"#);
            write_string(out, error);
        }
        out.extend_from_slice(&[b'}', RECORD_SEPARATOR]);
    }
}

/// Why a server refuses a handshake. The text is the `error` of its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeRefusal {
    UnknownProtocol {
        protocol: String,
    },
    UnknownVersion {
        protocol: String,
        version: i32,
    },
    TransferFormat {
        protocol: String,
        transfer_format: TransferFormat,
    },
    /// Not complete in time, or within the maximum message size, or the connection was aborted.
    Canceled,
    /// Not a handshake request. The cause is for detailed errors only.
    Unreadable(ProtocolError),
}

impl From<ProtocolError> for HandshakeRefusal {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::TooLarge { .. } => Self::Canceled,
            error => Self::Unreadable(error),
        }
    }
}

impl fmt::Display for HandshakeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProtocol { protocol } => write!(f, "The protocol '{protocol}' is not supported."),
            Self::UnknownVersion { protocol, version } => {
                write!(f, "The server does not support version {version} of the '{protocol}' protocol.")
            }
            Self::TransferFormat { protocol, transfer_format } => write!(
                f,
                "Cannot use the '{protocol}' protocol on the current transport. The transport does not support \
                 '{}' transfer format.",
                transfer_format.name()
            ),
            Self::Canceled => f.write_str("Handshake was canceled."),
            Self::Unreadable(_) => f.write_str("An unexpected error occurred during connection handshake."),
        }
    }
}

impl std::error::Error for HandshakeRefusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(cause) => Some(cause),
            _ => None,
        }
    }
}
