//! What ends a connection because of the bytes that arrived on it.

use std::fmt;

use crate::contract::error::{HubError, HubErrorKind};

/// Why the bytes of a peer cannot be read on. Always fatal for the connection.
///
/// The texts are those of ASP.NET Core, letter for letter: with detailed errors they are what the peer reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProtocolError {
    /// Not JSON.
    Malformed,
    /// A string that is read as text is none.
    NotText(NotText),
    /// The record is JSON, but something else than an object.
    NotAnObject(Token),
    MissingProperty(&'static str),
    WrongType {
        property: &'static str,
        expected: Expected,
    },
    NotABoolean(&'static str),
    /// A number, but none of the expected width: a fraction, or too large.
    NotAnInteger(IntegerWidth),
    HeaderNotAString(String),
    NullStreamId,
    StreamIdNotAString(Token),
    ErrorAndResult,
    /// An element of a MessagePack message is none of what it has to be.
    #[cfg(feature = "messagepack")]
    Unreadable {
        place: Place,
        expected: Expected,
    },
    #[cfg(feature = "messagepack")]
    NoMap(&'static str),
    #[cfg(feature = "messagepack")]
    NoArray(&'static str),
    /// Something must have at least one character.
    #[cfg(feature = "messagepack")]
    NullOrEmpty(&'static str),
    #[cfg(feature = "messagepack")]
    RepeatedHeader(String),
    #[cfg(feature = "messagepack")]
    UnknownResultKind,
    /// The length before a message has more than 31 bits.
    #[cfg(feature = "messagepack")]
    LengthOverflow,
    /// The handshake request lacks a property; holds the whole request.
    IncompleteHandshake {
        property: &'static str,
        content: String,
    },
    /// A hub message came where the handshake response belongs.
    NotAHandshakeResponse,
    /// No message of at most `limit` bytes, framing included.
    TooLarge {
        limit: usize,
    },
    /// The transport ended inside a message.
    Truncated,
}

impl ProtocolError {
    /// What stands before the text in a detailed error: the name of ASP.NET Core's exception.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NotAnInteger(_) => "FormatException",
            #[cfg(feature = "messagepack")]
            Self::LengthOverflow => "FormatException",
            #[cfg(feature = "messagepack")]
            Self::RepeatedHeader(_) => "ArgumentException",
            Self::NotText(_) | Self::StreamIdNotAString(_) => "InvalidOperationException",
            _ => "InvalidDataException",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("Error reading JSON."),
            Self::NotText(NotText::NotUtf8) => {
                f.write_str("Cannot transcode invalid UTF-8 JSON text to UTF-16 string.")
            }
            Self::NotText(NotText::NoLowSurrogate) => {
                f.write_str("Cannot read incomplete UTF-16 JSON text as string with missing low surrogate.")
            }
            Self::NotText(NotText::Surrogate(unit)) => write!(
                f,
                "Cannot read invalid UTF-16 JSON text as string. Invalid surrogate value: '0x{unit:X}'."
            ),
            Self::NotAnObject(token) => {
                // This text alone names what the token starts, not the token.
                let token = match token {
                    Token::Array => "Array",
                    Token::Object => "Object",
                    other => other.name(),
                };
                write!(f, "Unexpected JSON Token Type '{token}'. Expected a JSON Object.")
            }
            Self::MissingProperty(property) => write!(f, "Missing required property '{property}'."),
            Self::WrongType { property, expected } => {
                write!(f, "Expected '{property}' to be of type {}.", expected.name())
            }
            Self::NotABoolean(property) => write!(f, "Expected '{property}' to be true or false."),
            Self::NotAnInteger(width) => write!(
                f,
                "Either the JSON value is not in a supported format, or is out of bounds for an {}.",
                width.name()
            ),
            Self::HeaderNotAString(header) => {
                write!(f, "Expected header '{header}' to be of type String.")
            }
            Self::NullStreamId => f.write_str("Null value for 'streamIds' is not valid."),
            Self::StreamIdNotAString(token) => {
                write!(f, "Cannot get the value of a token type '{}' as a string.", token.name())
            }
            Self::ErrorAndResult => {
                f.write_str("The 'error' and 'result' properties are mutually exclusive.")
            }
            #[cfg(feature = "messagepack")]
            Self::Unreadable { place, expected } => {
                write!(f, "Reading '{place}' as {} failed.", expected.name())
            }
            #[cfg(feature = "messagepack")]
            Self::NoMap(field) => write!(f, "Reading map length for '{field}' failed."),
            #[cfg(feature = "messagepack")]
            Self::NoArray(field) => write!(f, "Reading array length for '{field}' failed."),
            #[cfg(feature = "messagepack")]
            Self::NullOrEmpty(what) => write!(f, "Null or empty {what}."),
            #[cfg(feature = "messagepack")]
            Self::RepeatedHeader(header) => {
                write!(f, "An item with the same key has already been added. Key: {header}")
            }
            #[cfg(feature = "messagepack")]
            Self::UnknownResultKind => f.write_str("Invalid invocation result kind."),
            #[cfg(feature = "messagepack")]
            Self::LengthOverflow => f.write_str("Messages over 2GB in size are not supported."),
            Self::IncompleteHandshake { property, content } => {
                write!(f, "Missing required property '{property}'. Message content: {content}")
            }
            Self::NotAHandshakeResponse => f.write_str("Expected a handshake response from the server."),
            Self::TooLarge { limit } => write!(
                f,
                "The maximum message size of {limit}B was exceeded. The message size can be configured in \
                 AddHubOptions."
            ),
            Self::Truncated => f.write_str("Connection terminated while reading a message."),
        }
    }
}

impl std::error::Error for ProtocolError {}

impl ProtocolError {
    /// What a hub, or somebody who waits for an answer, is told. No `From`: the compiler would suggest it to those whose
    /// own error does not convert.
    pub(crate) fn to_hub_error(&self) -> HubError {
        HubError::named(HubErrorKind::Codec, self.name(), self.to_string())
    }
}

/// Why a JSON string is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotText {
    NotUtf8,
    /// An escape is the first half of a surrogate pair, and no other escape follows.
    NoLowSurrogate,
    /// This stands where the second half of a pair should, or it is such a half by itself.
    Surrogate(u16),
}

impl From<NotText> for ProtocolError {
    fn from(fault: NotText) -> Self {
        Self::NotText(fault)
    }
}

/// What a JSON value starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

impl Token {
    fn name(self) -> &'static str {
        match self {
            Self::Object => "StartObject",
            Self::Array => "StartArray",
            Self::String => "String",
            Self::Number => "Number",
            Self::True => "True",
            Self::False => "False",
            Self::Null => "Null",
        }
    }
}

/// What a property or element should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    String,
    Number,
    Array,
    Object,
    #[cfg(feature = "messagepack")]
    Int32,
    #[cfg(feature = "messagepack")]
    Int64,
    #[cfg(feature = "messagepack")]
    Boolean,
}

impl Expected {
    fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Array => "Array",
            Self::Object => "StartObject",
            #[cfg(feature = "messagepack")]
            Self::Int32 => "Int32",
            #[cfg(feature = "messagepack")]
            Self::Int64 => "Int64",
            #[cfg(feature = "messagepack")]
            Self::Boolean => "Boolean",
        }
    }
}

/// Where in a MessagePack message something stands.
#[cfg(feature = "messagepack")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Field(&'static str),
    HeaderName(usize),
    HeaderValue(usize),
}

#[cfg(feature = "messagepack")]
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(field),
            Self::HeaderName(place) => write!(f, "headers[{place}].Key"),
            Self::HeaderValue(place) => write!(f, "headers[{place}].Value"),
        }
    }
}

/// The integers of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntegerWidth {
    Int32,
    Int64,
}

impl IntegerWidth {
    fn name(self) -> &'static str {
        match self {
            Self::Int32 => "Int32",
            Self::Int64 => "Int64",
        }
    }
}
