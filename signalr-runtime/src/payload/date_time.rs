//! Times that can be an argument or a result as they are.

use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use serde::de::{self, SeqAccess, Unexpected, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::times::Timestamp;
use super::timestamp;
use super::unix_time::iso8601::Iso8601;
use super::unix_time::offset::Offset;
use super::unix_time::{OUT_OF_RANGE, UnixTime};

/// .NET's `DateTime`, in UTC: a point in time, written as [`timestamp`] says, where no attribute can say so.
///
/// ```
/// use signalr_runtime::payload::DateTime;
/// use signalr_runtime::{HubResult, hub};
///
/// #[hub]
/// pub trait Diary {
///     async fn remind(&self, text: String, at: DateTime) -> HubResult;
/// }
///
/// async fn tomorrow(diary: &impl Diary) -> HubResult {
///     let day = std::time::Duration::from_secs(24 * 60 * 60);
///     diary.remind("water the flowers".to_owned(), DateTime(std::time::SystemTime::now() + day)).await
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime<T = SystemTime>(pub T);

impl<T: Timestamp> Serialize for DateTime<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        timestamp::serialize(&self.0, serializer)
    }
}

impl<'de, T: Timestamp> Deserialize<'de> for DateTime<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        timestamp::deserialize(deserializer).map(Self)
    }
}

/// .NET's `DateTimeOffset`: a point in time, and how far the clock that told it is from UTC.
///
/// In JSON a string of ISO 8601 with the offset, e.g. `"2017-04-11T08:30:00+02:00"`. In MessagePack an array of two: a
/// timestamp of what that clock shows, as if it were UTC, and the offset in minutes. As in .NET, the offset is at most
/// 14 hours, and both the time and what the clock shows are in the years 1 to 9999: anything else is neither written nor
/// read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTimeOffset<T = SystemTime> {
    /// The point in time.
    pub time: T,
    /// The offset from UTC in minutes; positive to the east.
    pub offset_minutes: i16,
}

impl<T: Timestamp> Serialize for DateTimeOffset<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = self.time.to_unix_time();
        let offset = Offset::from_minutes(self.offset_minutes)
            .ok_or_else(|| S::Error::custom("an offset of more than 14 hours"))?;
        if serializer.is_human_readable() {
            return Iso8601::new(time, Some(offset)).serialize(serializer);
        }
        let local = offset.local(time).ok_or_else(|| S::Error::custom(OUT_OF_RANGE))?;
        (local, offset.minutes()).serialize(serializer)
    }
}

impl<'de, T: Timestamp> Deserialize<'de> for DateTimeOffset<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            // As for any timestamp: it may be an array that was put aside.
            deserializer.deserialize_any(AnyForm(PhantomData))
        } else {
            deserializer.deserialize_tuple(2, Pair(PhantomData))
        }
    }
}

/// Reads a text or an array.
struct AnyForm<T>(PhantomData<T>);

impl<'de, T: Timestamp> Visitor<'de> for AnyForm<T> {
    type Value = DateTimeOffset<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let time = Iso8601::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))?;
        value(time.time(), time.offset())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Self::Value, A::Error> {
        Pair(PhantomData).visit_seq(parts)
    }
}

/// Reads an array.
struct Pair<T>(PhantomData<T>);

impl<'de, T: Timestamp> Visitor<'de> for Pair<T> {
    type Value = DateTimeOffset<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let local: UnixTime = parts.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
        let minutes: i16 = parts.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
        let offset = Offset::from_minutes(minutes)
            .ok_or_else(|| de::Error::invalid_value(Unexpected::Signed(minutes.into()), &self))?;
        let time = offset.utc(local).ok_or_else(|| de::Error::invalid_value(Unexpected::Seq, &self))?;
        value(time, offset)
    }
}

const EXPECTED: &str = "a timestamp in the years 1 to 9999, with an offset of up to 14 hours";

fn value<T: Timestamp, E: de::Error>(time: UnixTime, offset: Offset) -> Result<DateTimeOffset<T>, E> {
    let time = T::from_unix_time(time).ok_or_else(timestamp::out_of_range)?;
    Ok(DateTimeOffset { time, offset_minutes: offset.minutes() })
}
