//! A call to clients, as a typed proxy hands it on.

use super::arguments::EncodeArguments;
use super::error::{HubError, HubErrorKind, HubResult};
use super::per_protocol::{Formats, PerProtocol};
use super::value::{Encoded, HubProtocol, Payload};

/// A call to clients whose arguments are encoded, once for each hub protocol that the clients speak.
pub struct ClientCall {
    target: &'static str,
    arguments: PerProtocol<Option<Encoded>>,
}

impl ClientCall {
    /// Encodes the arguments. For no protocol, nothing is encoded and nothing can fail.
    pub(crate) fn encode(
        formats: Formats,
        target: &'static str,
        arguments: &dyn EncodeArguments,
    ) -> HubResult<Self> {
        let arguments = formats.try_map(|format, spoken| {
            let encoded = spoken.then(|| Encoded::arguments(format, arguments)).transpose();
            encoded.map_err(|error| HubError::with_kind(HubErrorKind::Codec, error.to_string()))
        })?;
        Ok(Self { target, arguments })
    }

    /// The wire name of the method.
    pub(crate) fn target(&self) -> &'static str {
        self.target
    }

    /// The argument list in one protocol. None if no receiver spoke it when the call was made.
    pub(crate) fn arguments(&self, format: HubProtocol) -> Option<Payload<'_>> {
        let encoded = self.arguments.get(format).as_ref()?;
        Some(Payload { format, bytes: encoded.bytes() })
    }
}
