//! The hub protocol `json`: one JSON object per record.

mod read;
pub(crate) mod scan;
mod write;

pub(crate) use read::{integer, read, string};
use serde::de::IgnoredAny;
pub(crate) use write::{write, write_string};

use super::ProtocolError;

/// Looks at every byte of a record that [`read()`] accepted.
pub(crate) fn validate(record: &[u8]) -> Result<(), ProtocolError> {
    serde_json::from_slice::<IgnoredAny>(record).map(drop).map_err(|_| ProtocolError::Malformed)
}
