//! The hub protocol `json`: one JSON object per record.

mod read;
pub(crate) mod scan;
mod write;

pub(crate) use read::{boolean, expect, integer, read, string};
use serde::Deserialize;
use serde::de::IgnoredAny;
pub(crate) use write::{write, write_string};

use super::ProtocolError;

/// Looks at every byte of a record that [`read()`] accepted.
pub(crate) fn validate(record: &[u8]) -> Result<(), ProtocolError> {
    // Not `from_slice`: something may follow the object.
    let mut record = serde_json::Deserializer::from_slice(record);
    IgnoredAny::deserialize(&mut record).map(drop).map_err(|_| ProtocolError::Malformed)
}
