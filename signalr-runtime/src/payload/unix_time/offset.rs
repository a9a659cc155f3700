//! Offsets from UTC, in the range of .NET.

use super::UnixTime;

/// How far a clock is from UTC: up to 14 hours, as in .NET's `DateTimeOffset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::payload) struct Offset {
    minutes: i16,
}

impl Offset {
    const LARGEST: i16 = 14 * 60;

    pub(in crate::payload) const UTC: Self = Self { minutes: 0 };

    /// An offset; positive to the east.
    pub(in crate::payload) fn from_minutes(minutes: i16) -> Option<Self> {
        (-Self::LARGEST..=Self::LARGEST).contains(&minutes).then_some(Self { minutes })
    }

    pub(in crate::payload) fn minutes(self) -> i16 {
        self.minutes
    }

    /// What the clock shows at a point in time, as if it were UTC. In .NET both are in range.
    pub(in crate::payload) fn local(self, utc: UnixTime) -> Option<UnixTime> {
        utc.in_range()?.later(self.minutes)?.in_range()
    }

    /// The point in time at which the clock shows this.
    pub(in crate::payload) fn utc(self, local: UnixTime) -> Option<UnixTime> {
        local.in_range()?.later(self.minutes.checked_neg()?)?.in_range()
    }
}
