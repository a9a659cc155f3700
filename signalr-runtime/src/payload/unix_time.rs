//! A point in time on the wire.

pub(super) mod iso8601;
pub(super) mod offset;

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{self, SeqAccess, Unexpected, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::iso8601::Iso8601;

/// A point in time as seconds since the beginning of 1970 in UTC, and nanoseconds after that second.
///
/// Written and read as [`timestamp`](super::timestamp) says: in the years 1 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime {
    seconds: i64,
    nanoseconds: u32,
}

impl UnixTime {
    pub(super) const LAST_NANOSECOND: u32 = 999_999_999;

    /// The seconds of the years 1 to 9999: those of .NET's `DateTime`.
    const SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

    /// A point in time; `None` for a second or more of nanoseconds.
    pub fn new(seconds: i64, nanoseconds: u32) -> Option<Self> {
        (nanoseconds <= Self::LAST_NANOSECOND).then_some(Self { seconds, nanoseconds })
    }

    /// Seconds since the beginning of 1970; negative before that.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after the second, less than a second.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    pub(super) fn from_nanoseconds(nanoseconds: Option<i128>) -> Option<Self> {
        const SECOND: i128 = 1_000_000_000;
        let seconds = nanoseconds?.div_euclid(SECOND);
        let rest = nanoseconds?.rem_euclid(SECOND);
        Some(Self { seconds: i64::try_from(seconds).ok()?, nanoseconds: u32::try_from(rest).ok()? })
    }

    /// This time, if .NET has it.
    pub(super) fn in_range(self) -> Option<Self> {
        Self::SECONDS.contains(&self.seconds).then_some(self)
    }

    /// So many minutes later.
    pub(super) fn later(self, minutes: i16) -> Option<Self> {
        Some(Self { seconds: self.seconds.checked_add(i64::from(minutes) * 60)?, ..self })
    }
}

/// The error of a time that is not written.
pub(super) const OUT_OF_RANGE: &str = "a time outside the years 1 to 9999";

/// The extension of MessagePack that is a timestamp.
mod extension {
    /// How rmp-serde knows an extension.
    pub(super) const NAME: &str = "_ExtStruct";
    pub(super) const TIMESTAMP: i8 = -1;
    /// Bits of the seconds where they share 64 bits with the nanoseconds.
    pub(super) const SECONDS_BITS: u32 = 34;
}

impl Serialize for UnixTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return Iso8601::new(*self, None).serialize(serializer);
        }
        let Self { seconds, nanoseconds } = self.in_range().ok_or_else(|| S::Error::custom(OUT_OF_RANGE))?;
        // The smallest of three forms.
        match (u32::try_from(seconds), u64::try_from(seconds)) {
            (Ok(seconds), _) if nanoseconds == 0 => write(&seconds.to_be_bytes(), serializer),
            (_, Ok(seconds)) if seconds >> extension::SECONDS_BITS == 0 => {
                let both = (u64::from(nanoseconds) << extension::SECONDS_BITS) | seconds;
                write(&both.to_be_bytes(), serializer)
            }
            _ => {
                let mut both = [0; 12];
                both[..4].copy_from_slice(&nanoseconds.to_be_bytes());
                both[4..].copy_from_slice(&seconds.to_be_bytes());
                write(&both, serializer)
            }
        }
    }
}

fn write<S: Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    struct Data<'a>(&'a [u8]);
    impl Serialize for Data<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    serializer.serialize_newtype_struct(extension::NAME, &(extension::TIMESTAMP, Data(data)))
}

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            // Not only text: what serde has put aside for an untagged or flattened type says so of itself, whatever
            // it came from.
            deserializer.deserialize_any(AnyForm)
        } else {
            deserializer.deserialize_newtype_struct(extension::NAME, AnyForm)
        }
    }
}

/// Reads a text or an extension.
struct AnyForm;

impl<'de> Visitor<'de> for AnyForm {
    type Value = UnixTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp in the years 1 to 9999")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<UnixTime, E> {
        let time = Iso8601::parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))?;
        Ok(time.time())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, extension: D) -> Result<UnixTime, D::Error> {
        extension.deserialize_tuple(2, self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut extension: A) -> Result<UnixTime, A::Error> {
        let kind: i8 = extension.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
        if kind != extension::TIMESTAMP {
            return Err(de::Error::invalid_value(Unexpected::Signed(kind.into()), &self));
        }
        let Data(time) = extension.next_element()?.ok_or_else(|| de::Error::invalid_length(1, &self))?;
        Ok(time)
    }
}

/// The bytes of the extension.
struct Data(UnixTime);

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Data;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a timestamp of 4, 8 or 12 bytes, in the years 1 to 9999")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Data, E> {
                read(bytes)
                    .and_then(UnixTime::in_range)
                    .map(Data)
                    .ok_or_else(|| E::invalid_value(Unexpected::Bytes(bytes), &self))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Reads the three forms. More nanoseconds than a second has are refused, as MessagePack's specification wants it;
/// MessagePack-CSharp adds them to the seconds.
fn read(bytes: &[u8]) -> Option<UnixTime> {
    if let Ok(seconds) = bytes.try_into() {
        return UnixTime::new(u32::from_be_bytes(seconds).into(), 0);
    }
    if let Ok(both) = bytes.try_into() {
        let both = u64::from_be_bytes(both);
        let seconds = both & ((1 << extension::SECONDS_BITS) - 1);
        let nanoseconds = both >> extension::SECONDS_BITS;
        return UnixTime::new(seconds.try_into().ok()?, nanoseconds.try_into().ok()?);
    }
    let (nanoseconds, seconds) = bytes.split_first_chunk()?;
    UnixTime::new(i64::from_be_bytes(seconds.try_into().ok()?), u32::from_be_bytes(*nanoseconds))
}
