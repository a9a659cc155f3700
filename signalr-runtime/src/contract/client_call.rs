//! A call to clients, as a typed proxy hands it on.

use super::arguments::EncodeArguments;
use super::error::{HubError, HubErrorKind, HubResult};
use super::per_protocol::{Formats, PerProtocol};
use super::value::{Encoded, HubProtocol, Payload, ValueError};

/// A call to clients whose arguments are encoded, once for each hub protocol that may be needed.
pub struct ClientCall {
    target: &'static str,
    /// What fails in one protocol may well be sent to those who speak another.
    arguments: PerProtocol<Option<HubResult<Encoded>>>,
}

impl ClientCall {
    /// Encodes the arguments. For no protocol, nothing is encoded.
    pub(crate) fn encode(formats: Formats, target: &'static str, arguments: &dyn EncodeArguments) -> Self {
        let arguments = formats.map(|format, needed| {
            let failed = |error: ValueError| HubError::with_kind(HubErrorKind::Codec, error.to_string());
            needed.then(|| Encoded::arguments(format, arguments).map_err(failed))
        });
        Self { target, arguments }
    }

    /// The wire name of the method.
    pub(crate) fn target(&self) -> &'static str {
        self.target
    }

    /// The argument list in one protocol. None if it was not encoded in it, or could not be.
    pub(crate) fn arguments(&self, format: HubProtocol) -> Option<Payload<'_>> {
        let encoded = self.arguments.get(format).as_ref()?.as_ref().ok()?;
        Some(Payload { format, bytes: encoded.bytes() })
    }

    /// Whether it could not be encoded in a protocol that may be needed.
    pub(crate) fn has_failed(&self) -> bool {
        self.arguments.find(|_, arguments| matches!(arguments, Some(Err(_))).then_some(())).is_some()
    }

    /// Why it could not be encoded in one of these protocols.
    pub(crate) fn failure(&self, formats: Formats) -> Option<HubError> {
        formats.find(|format, needed| {
            let arguments = self.arguments.get(format).as_ref().filter(|_| *needed)?;
            arguments.as_ref().err().map(HubError::again)
        })
    }

    /// Why there are no arguments in one protocol.
    pub(crate) fn missing(&self, format: HubProtocol) -> HubError {
        self.failure(Formats::only(format)).unwrap_or_else(|| not_encoded(format))
    }
}

/// A receiver speaks a protocol that no client of the hub spoke when the call was made.
pub(crate) fn not_encoded(format: HubProtocol) -> HubError {
    let text = format!("A client that speaks {format:?} has come after the call was encoded.");
    HubError::with_kind(HubErrorKind::Internal, text)
}
