//! The types of other crates that stand for a point in time.

use std::time::{Duration, SystemTime};

use super::unix_time::UnixTime;

/// A point in time, which [`timestamp`](super::timestamp) can write and read. See [`payload`](super#with-other-crates) for
/// the range of each type.
pub trait Timestamp: Sized {
    /// The time since the beginning of 1970.
    fn to_unix_time(&self) -> UnixTime;

    /// The point in time; `None` for one that this type does not reach.
    fn from_unix_time(time: UnixTime) -> Option<Self>;
}

impl Timestamp for UnixTime {
    fn to_unix_time(&self) -> UnixTime {
        *self
    }

    fn from_unix_time(time: UnixTime) -> Option<Self> {
        Some(time)
    }
}

impl Timestamp for SystemTime {
    fn to_unix_time(&self) -> UnixTime {
        let time = match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => UnixTime::from_nanoseconds(i128::try_from(after.as_nanos()).ok()),
            Err(before) => {
                let before = i128::try_from(before.duration().as_nanos()).ok();
                UnixTime::from_nanoseconds(before.and_then(i128::checked_neg))
            }
        };
        // No operating system's clock goes beyond 64 bits of seconds.
        time.unwrap_or_default()
    }

    fn from_unix_time(time: UnixTime) -> Option<Self> {
        let seconds = Duration::from_secs(time.seconds().unsigned_abs());
        let whole = if time.seconds() < 0 {
            Self::UNIX_EPOCH.checked_sub(seconds)
        } else {
            Self::UNIX_EPOCH.checked_add(seconds)
        };
        whole?.checked_add(Duration::from_nanos(time.nanoseconds().into()))
    }
}

#[cfg(feature = "chrono")]
impl Timestamp for chrono::DateTime<chrono::Utc> {
    fn to_unix_time(&self) -> UnixTime {
        // A leap second is the end of the second before it.
        let nanoseconds = self.timestamp_subsec_nanos().min(UnixTime::LAST_NANOSECOND);
        UnixTime::new(self.timestamp(), nanoseconds).unwrap_or_default()
    }

    fn from_unix_time(time: UnixTime) -> Option<Self> {
        Self::from_timestamp(time.seconds(), time.nanoseconds())
    }
}

#[cfg(feature = "time")]
impl Timestamp for time::OffsetDateTime {
    fn to_unix_time(&self) -> UnixTime {
        UnixTime::new(self.unix_timestamp(), self.nanosecond()).unwrap_or_default()
    }

    fn from_unix_time(time: UnixTime) -> Option<Self> {
        Self::from_unix_timestamp(time.seconds()).ok()?.replace_nanosecond(time.nanoseconds()).ok()
    }
}

#[cfg(feature = "jiff")]
impl Timestamp for jiff::Timestamp {
    fn to_unix_time(&self) -> UnixTime {
        UnixTime::from_nanoseconds(Some(self.as_nanosecond())).unwrap_or_default()
    }

    fn from_unix_time(time: UnixTime) -> Option<Self> {
        Self::new(time.seconds(), i32::try_from(time.nanoseconds()).ok()?).ok()
    }
}
