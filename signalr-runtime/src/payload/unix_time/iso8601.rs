//! Times as text, in the part of ISO 8601 that .NET and JavaScript write.

use std::fmt;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::offset::Offset;
use super::{OUT_OF_RANGE, UnixTime};

const DAY: i64 = 24 * 60 * 60;

/// Nanoseconds of the smallest step of .NET's times.
const TICK: u32 = 100;

/// What [`parse`](Iso8601::parse) reads, and what is written: a point in time, seen from some offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::payload) struct Iso8601 {
    time: UnixTime,
    /// `None` is written as `Z`.
    offset: Option<Offset>,
}

impl Iso8601 {
    pub(in crate::payload) fn new(time: UnixTime, offset: Option<Offset>) -> Self {
        Self { time, offset }
    }

    pub(in crate::payload) fn time(self) -> UnixTime {
        self.time
    }

    pub(in crate::payload) fn offset(self) -> Offset {
        self.offset.unwrap_or(Offset::UTC)
    }

    /// Reads `2017-04-11T08:30:00.25+02:00`: seconds, their fraction, the offset and the whole time of day may be
    /// missing. Without an offset it is UTC. The end of a day is `24:00:00`. As in System.Text.Json's
    /// `JsonHelpers.TryParseAsISO`, a fraction has up to 16 digits; those after the ninth are dropped.
    pub(in crate::payload) fn parse(text: &str) -> Option<Self> {
        let mut rest = Text(text.as_bytes());
        let year = rest.digits(4)?;
        let month = rest.after(b'-', 2)?;
        let day = rest.after(b'-', 2)?;
        let mut local = Civil { year, month, day }.to_days()? * DAY;
        let (mut nanoseconds, mut offset) = (0, None);
        if rest.accept(b'T') {
            let (hour, minute) = (rest.digits(2)?, rest.after(b':', 2)?);
            let mut second = 0;
            if rest.accept(b':') {
                second = rest.digits(2)?;
                if rest.accept(b'.') {
                    nanoseconds = rest.fraction()?;
                }
            }
            let ends_the_day = (hour, minute, second) == (24, 0, 0) && nanoseconds < TICK;
            if (hour > 23 && !ends_the_day) || minute > 59 || second > 59 {
                return None;
            }
            local += hour * 60 * 60 + minute * 60 + second;
            if !rest.0.is_empty() {
                offset = Some(rest.offset()?);
            }
        }
        let time = offset.unwrap_or(Offset::UTC).utc(UnixTime::new(local, nanoseconds)?)?;
        rest.0.is_empty().then_some(Self { time, offset })
    }
}

impl Serialize for Iso8601 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written::new(*self).ok_or_else(|| S::Error::custom(OUT_OF_RANGE))?;
        serializer.collect_str(&written)
    }
}

/// A time in the parts of its text.
struct Written {
    date: Civil,
    second_of_day: i64,
    nanoseconds: u32,
    offset: Option<Offset>,
}

impl Written {
    fn new(time: Iso8601) -> Option<Self> {
        let local = time.offset().local(time.time)?;
        let date = Civil::from_days(local.seconds().div_euclid(DAY))?;
        let second_of_day = local.seconds().rem_euclid(DAY);
        Some(Self { date, second_of_day, nanoseconds: local.nanoseconds(), offset: time.offset })
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day } = self.date;
        let (minutes, second) = (self.second_of_day / 60, self.second_of_day % 60);
        let (hour, minute) = (minutes / 60, minutes % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds > 0 {
            // Without the zeros at its end.
            let (mut fraction, mut digits) = (self.nanoseconds, 9);
            while fraction % 10 == 0 {
                fraction /= 10;
                digits -= 1;
            }
            write!(f, ".{fraction:0digits$}")?;
        }
        match self.offset {
            None => f.write_str("Z"),
            Some(offset) => {
                let minutes = offset.minutes();
                let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

/// A day of the Gregorian calendar, in the years 1 to 9999.
#[derive(Clone, Copy)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
}

/// Days of 400 years, after which the calendar repeats itself.
const ERA: i64 = 146_097;

/// Days from the first of March of the year 0 to the beginning of 1970.
const EPOCH: i64 = 719_468;

// Years are counted from March on, so that a leap day is the last of its year; in both directions.
impl Civil {
    /// Days since the beginning of 1970. `None` for a day that does not exist.
    fn to_days(self) -> Option<i64> {
        let Self { year, month, day } = self;
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year / 4 - year / 100 + year / 400;
        let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - EPOCH;
        // The 30th of February comes back as another day.
        Self::from_days(days).filter(|back| back.day == day).map(|_| days)
    }

    fn from_days(days: i64) -> Option<Self> {
        let days = days.checked_add(EPOCH)?;
        let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (ERA - 1)) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let year = era * 400 + year_of_era + i64::from(month > 9);
        let month = if month > 9 { month - 9 } else { month + 3 };
        (1..=9999).contains(&year).then_some(Self { year, month, day })
    }
}

/// What of a text has not been read.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    /// Passes `byte` if it comes next.
    fn accept(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((&first, rest)) if first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// A number of so many digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    fn after(&mut self, byte: u8, count: usize) -> Option<i64> {
        if self.accept(byte) { self.digits(count) } else { None }
    }

    /// A fraction of a second, in nanoseconds. Its digits may be missing if an offset follows.
    fn fraction(&mut self) -> Option<u32> {
        const LONGEST: usize = 16;
        let count = self.0.iter().take(LONGEST).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(count).filter(|_| !self.0.is_empty())?;
        self.0 = rest;
        let padded = digits.iter().map(|digit| u32::from(digit - b'0')).chain(std::iter::repeat(0));
        Some(padded.take(9).fold(0, |number, digit| number * 10 + digit))
    }

    fn offset(&mut self) -> Option<Offset> {
        if self.accept(b'Z') {
            return Some(Offset::UTC);
        }
        let sign = match (self.accept(b'+'), self.accept(b'-')) {
            (true, _) => 1,
            (false, true) => -1,
            (false, false) => return None,
        };
        let (hours, minutes) = (self.digits(2)?, if self.0.is_empty() { 0 } else { self.after(b':', 2)? });
        if minutes > 59 {
            return None;
        }
        Offset::from_minutes(i16::try_from(sign * (hours * 60 + minutes)).ok()?)
    }
}
