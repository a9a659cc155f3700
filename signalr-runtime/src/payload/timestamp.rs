//! Times as .NET and JavaScript write them, for `#[serde(with = "…")]`.
//!
//! In JSON a string of ISO 8601 in UTC, e.g. `"2017-04-11T00:00:00Z"`; one with another offset, or with none, which
//! stands for UTC, is read too. In MessagePack a timestamp extension. As in .NET, years are from 1 to 9999, and offsets up to
//! 14 hours: a time outside is an error when it is written, and when it is read. For every [`Timestamp`]:
//! [`SystemTime`](std::time::SystemTime) and, by the features of these names, `chrono::DateTime<Utc>`,
//! `time::OffsetDateTime` and `jiff::Timestamp`.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use serde::{Deserialize, Serialize};
//! use signalr_runtime::payload::timestamp;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Message {
//!     text: String,
//!     #[serde(with = "timestamp")]
//!     sent: SystemTime,
//!     #[serde(with = "timestamp::option", default)]
//!     edited: Option<SystemTime>,
//! }
//! ```

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::times::Timestamp;
use super::unix_time::UnixTime;

/// Writes a time.
pub fn serialize<T, S>(time: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Timestamp,
    S: Serializer,
{
    time.to_unix_time().serialize(serializer)
}

/// Reads a time.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Timestamp,
    D: Deserializer<'de>,
{
    let time = UnixTime::deserialize(deserializer)?;
    T::from_unix_time(time).ok_or_else(out_of_range)
}

/// A time that is one of .NET's, and none of the type's.
pub(super) fn out_of_range<E: Error>() -> E {
    E::invalid_value(Unexpected::Other("another time"), &"a time in the range of its type")
}

/// The same for a time that may be missing: null and nil are `None`.
pub mod option {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp, UnixTime, out_of_range};

    /// Writes a time, or nothing.
    #[allow(clippy::ref_option, reason = "serde calls it so")]
    pub fn serialize<T, S>(time: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: Timestamp,
        S: Serializer,
    {
        time.as_ref().map(T::to_unix_time).serialize(serializer)
    }

    /// Reads a time, or nothing.
    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: Timestamp,
        D: Deserializer<'de>,
    {
        let time = Option::<UnixTime>::deserialize(deserializer)?;
        time.map(|time| T::from_unix_time(time).ok_or_else(out_of_range)).transpose()
    }
}
