//! Times in both protocols.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{PROTOCOLS, json, read, refusal, write};
use crate::contract::value::{Encoded, HubProtocol};
use crate::payload::{DateTime, DateTimeOffset, Timestamp, UnixTime, timestamp};

fn time(seconds: i64, nanoseconds: u32) -> UnixTime {
    UnixTime::new(seconds, nanoseconds).expect("less than a second")
}

#[test]
fn a_time_is_a_text_in_json_and_an_extension_in_messagepack() {
    for (time, text, bytes) in [
        (time(0, 0), "1970-01-01T00:00:00Z", &[0xD6, 0xFF, 0, 0, 0, 0][..]),
        (time(1_491_868_800, 0), "2017-04-11T00:00:00Z", &[0xD6, 0xFF, 0x58, 0xEC, 0x1C, 0x80]),
        (time(0xFFFF_FFFF, 0), "2106-02-07T06:28:15Z", &[0xD6, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        (time(0x1_0000_0000, 0), "2106-02-07T06:28:16Z", &[0xD7, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0]),
        (time(1, 500_000_000), "1970-01-01T00:00:01.5Z", &[0xD7, 0xFF, 0x77, 0x35, 0x94, 0, 0, 0, 0, 1]),
        (
            time(0x3_FFFF_FFFF, 999_999_999),
            "2514-05-30T01:53:03.999999999Z",
            &[0xD7, 0xFF, 0xEE, 0x6B, 0x27, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ),
        (
            time(0x4_0000_0000, 0),
            "2514-05-30T01:53:04Z",
            &[0xC7, 12, 0xFF, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0],
        ),
        (
            time(-1, 1),
            "1969-12-31T23:59:59.000000001Z",
            &[0xC7, 12, 0xFF, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ),
        (
            time(-62_135_596_800, 0),
            "0001-01-01T00:00:00Z",
            &[0xC7, 12, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xF1, 0x88, 0x6E, 0x09, 0],
        ),
        (
            time(253_402_300_799, 0),
            "9999-12-31T23:59:59Z",
            &[0xC7, 12, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0x3A, 0xFF, 0xF4, 0x41, 0x7F],
        ),
    ] {
        assert_eq!(json(&time), format!("\"{text}\""));
        assert_eq!(read(HubProtocol::Json, format!("\"{text}\"").as_bytes()), Ok(time));
        assert_eq!(write(HubProtocol::MessagePack, &time), bytes, "{text}");
        assert_eq!(read(HubProtocol::MessagePack, bytes), Ok(time), "{text}");
    }
}

#[test]
fn longer_forms_than_needed_are_read() {
    for bytes in [
        &[0xC7, 4, 0xFF, 0, 0, 0, 7][..],
        &[0xD7, 0xFF, 0, 0, 0, 0, 0, 0, 0, 7],
        &[0xC9, 0, 0, 0, 12, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
    ] {
        assert_eq!(read(HubProtocol::MessagePack, bytes), Ok(time(7, 0)));
    }
}

#[test]
fn what_is_no_time_is_refused_without_being_told() {
    for bytes in [
        // Another extension, another length, a second and more of nanoseconds.
        &[0xD6, 5, 0, 0, 0, 0][..],
        &[0xD5, 0xFF, 0, 0],
        &[0xD7, 0xFF, 0xEE, 0x6B, 0x28, 0, 0, 0, 0, 0],
        &[0xC7, 12, 0xFF, 0x3B, 0x9A, 0xCA, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0xCE, 0x58, 0xEC, 0x1C, 0x80],
        &[0xC0],
    ] {
        let error = read::<UnixTime>(HubProtocol::MessagePack, bytes).expect_err("no time");
        assert!(error.starts_with("expected a timestamp") || error == "it does not fit", "{error}");
    }
    for text in [
        "",
        "2017",
        "2017-04",
        "2017-4-11",
        "2017-04-11 00:00:00Z",
        "2017-04-11T",
        "2017-04-11T00",
        "2017-04-11T24:00:01Z",
        "2017-04-11T24:01:00Z",
        "2017-04-11T24:00:00.0000001Z",
        "2017-04-11T25:00:00Z",
        "9999-12-31T24:00:00Z",
        "2017-04-11T00:60:00Z",
        "2017-04-11T00:00:60Z",
        "2017-04-11T00:00:00.",
        "2017-04-11T00:00:00.x",
        "2017-04-11T00:00:00.12345678901234567Z",
        "2017-04-11T00:00:00z",
        "2017-04-11T00:00:00Z ",
        "2017-04-11T00:00:00+2:00",
        "2017-04-11T00:00:00+14:01",
        "2017-04-11T00:00:00-15:00",
        "2017-04-11T00:00:00+02:60",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2017-02-29",
        "1900-02-29",
        "2017-04-31",
        "2017-00-01",
        "2017-13-01",
        "2017-01-00",
        "0000-01-01",
        "+017-01-01",
        "2017-01-٠١",
    ] {
        let error = read::<UnixTime>(HubProtocol::Json, json(&text.to_owned()).as_bytes()).expect_err(text);
        assert!(error.starts_with("expected a timestamp in the years 1 to 9999 at line 1"), "{error}");
    }
}

#[test]
fn texts_may_have_an_offset_and_leave_out_what_is_zero() {
    for (text, seconds, nanoseconds) in [
        ("2017-04-11", 1_491_868_800, 0),
        ("2017-04-11T00:00", 1_491_868_800, 0),
        ("2017-04-11T00:00Z", 1_491_868_800, 0),
        ("2017-04-11T02:00:00+02:00", 1_491_868_800, 0),
        ("2017-04-11T02:00:00+02", 1_491_868_800, 0),
        ("2017-04-10T20:30:00.125-03:30", 1_491_868_800, 125_000_000),
        ("2017-04-11T00:00:00.1234567", 1_491_868_800, 123_456_700),
        ("2017-04-11T00:00:00.1234567891234Z", 1_491_868_800, 123_456_789),
        ("2017-04-11T00:00:00.1234567891234567Z", 1_491_868_800, 123_456_789),
        ("2017-04-11T00:00:00.Z", 1_491_868_800, 0),
        ("2017-04-11T02:00:00.+02:00", 1_491_868_800, 0),
        ("2017-04-10T24:00:00Z", 1_491_868_800, 0),
        ("2017-04-10T24:00", 1_491_868_800, 0),
        ("2017-04-10T24:00:00.00000009Z", 1_491_868_800, 90),
        ("2017-04-11T02:00:00.5+02", 1_491_868_800, 500_000_000),
        ("2017-04-11T14:00:00+14:00", 1_491_868_800, 0),
        ("2000-02-29T00:00:00Z", 951_782_400, 0),
        ("2016-12-31T23:59:59Z", 1_483_228_799, 0),
    ] {
        assert_eq!(
            read(HubProtocol::Json, format!("\"{text}\"").as_bytes()),
            Ok(time(seconds, nanoseconds)),
            "{text}"
        );
    }
}

#[test]
fn a_time_with_an_offset_is_told_as_its_clock_shows_it() {
    let time = DateTimeOffset { time: time(1_491_868_800, 0), offset_minutes: 90 };
    assert_eq!(json(&time), r#""2017-04-11T01:30:00+01:30""#);
    assert_eq!(read(HubProtocol::Json, br#""2017-04-11T01:30:00+01:30""#), Ok(time));
    assert_eq!(
        read(HubProtocol::Json, br#""2017-04-11T00:00:00Z""#),
        Ok(DateTimeOffset { offset_minutes: 0, ..time })
    );
    // 5400 seconds more than the instant.
    let bytes = [0x92, 0xD6, 0xFF, 0x58, 0xEC, 0x31, 0x98, 90];
    assert_eq!(write(HubProtocol::MessagePack, &time), bytes);
    assert_eq!(read(HubProtocol::MessagePack, &bytes), Ok(time));
    let west = DateTimeOffset { offset_minutes: -210, ..time };
    assert_eq!(json(&west), r#""2017-04-10T20:30:00-03:30""#);
    assert_eq!(read(HubProtocol::MessagePack, &write(HubProtocol::MessagePack, &west)), Ok(west));
    assert!(read::<DateTimeOffset>(HubProtocol::MessagePack, &[0x91, 0xD6, 0xFF, 0, 0, 0, 0]).is_err());
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Message {
    #[serde(with = "timestamp")]
    sent: SystemTime,
    #[serde(with = "timestamp::option", default)]
    edited: Option<SystemTime>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Envelope {
    number: u8,
    #[serde(flatten)]
    message: Message,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Either {
    Offset(DateTimeOffset),
    Time(DateTime),
    Text(String),
}

#[test]
fn attributes_and_wrappers_lead_to_the_same() {
    let sent = SystemTime::UNIX_EPOCH + Duration::from_secs(1_491_868_800);
    let message = Message { sent, edited: None };
    assert_eq!(json(&message), r#"{"sent":"2017-04-11T00:00:00Z","edited":null}"#);
    let mut edited = b"\x82\xA4sent".to_vec();
    edited.extend_from_slice(&[0xD6, 0xFF, 0x58, 0xEC, 0x1C, 0x80]);
    edited.extend_from_slice(b"\xA6edited\xC0");
    assert_eq!(write(HubProtocol::MessagePack, &message), edited);
    for edited in [None, Some(sent)] {
        for format in PROTOCOLS {
            // Serde puts the members of a flattened type aside before it reads them.
            let envelope = Envelope { number: 1, message: Message { sent, edited } };
            assert_eq!(read(format, &write(format, &envelope)), Ok(envelope), "{format:?}");
        }
    }
    // In JSON both are a text with an offset.
    let time = Either::Time(DateTime(sent));
    assert_eq!(read(HubProtocol::MessagePack, &write(HubProtocol::MessagePack, &time)), Ok(time));
    let offset = Either::Offset(DateTimeOffset { time: sent, offset_minutes: 60 });
    for format in [HubProtocol::Json, HubProtocol::MessagePack] {
        assert_eq!(read(format, &write(format, &offset)).as_ref(), Ok(&offset));
    }
}

/// The first and the last second of .NET's `DateTime`.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

#[test]
fn years_beyond_those_of_dotnet_are_neither_written_nor_read() {
    for seconds in [FIRST - 1, LAST + 1, i64::MIN, i64::MAX] {
        for format in PROTOCOLS {
            let error = refusal(format, &time(seconds, 0));
            assert_eq!(error.as_deref(), Some("a time outside the years 1 to 9999"), "{format:?} {seconds}");
        }
        let mut bytes = vec![0xC7, 12, 0xFF, 0, 0, 0, 0];
        bytes.extend(seconds.to_be_bytes());
        let error = read::<UnixTime>(HubProtocol::MessagePack, &bytes).expect_err("no time of .NET");
        assert_eq!(error, "expected a timestamp of 4, 8 or 12 bytes, in the years 1 to 9999");
    }
    for edge in [time(FIRST, 0), time(LAST, 999_999_999)] {
        for format in PROTOCOLS {
            assert_eq!(read(format, &write(format, &edge)), Ok(edge), "{format:?}");
        }
    }
}

#[test]
fn offsets_and_clocks_beyond_those_of_dotnet_are_neither_written_nor_read() {
    let in_messagepack = |clock: i64, minutes: i16| {
        [
            &[0x92][..],
            &write(HubProtocol::MessagePack, &time(clock, 0)),
            &write(HubProtocol::MessagePack, &minutes),
        ]
        .concat()
    };
    let read = |bytes: &[u8]| read::<DateTimeOffset<UnixTime>>(HubProtocol::MessagePack, bytes);
    for (clock, offset_minutes) in
        [(0, 840), (0, -840), (FIRST, -840), (LAST, 840), (FIRST + 60, 1), (LAST - 60, -1)]
    {
        let value = DateTimeOffset { time: time(clock - i64::from(offset_minutes) * 60, 0), offset_minutes };
        assert_eq!(read(&in_messagepack(clock, offset_minutes)), Ok(value));
        for format in PROTOCOLS {
            assert_eq!(super::read(format, &write(format, &value)), Ok(value), "{format:?}");
        }
    }
    for (clock, offset_minutes, reason) in [
        (0, 841, "an offset of more than 14 hours"),
        (0, -841, "an offset of more than 14 hours"),
        (0, i16::MAX, "an offset of more than 14 hours"),
        (0, i16::MIN, "an offset of more than 14 hours"),
        (FIRST, 1, "a time outside the years 1 to 9999"),
        (LAST, -1, "a time outside the years 1 to 9999"),
    ] {
        let error = read(&in_messagepack(clock, offset_minutes)).expect_err("nothing of .NET");
        assert_eq!(error, "expected a timestamp in the years 1 to 9999, with an offset of up to 14 hours");
        let value = DateTimeOffset { time: time(clock - i64::from(offset_minutes) * 60, 0), offset_minutes };
        for format in PROTOCOLS {
            assert_eq!(refusal(format, &value).as_deref(), Some(reason), "{format:?}");
        }
    }
    // The time has a year, and the clock has none.
    for (seconds, offset_minutes) in [(FIRST, -1), (LAST, 1)] {
        let value = DateTimeOffset { time: time(seconds, 0), offset_minutes };
        for format in PROTOCOLS {
            assert_eq!(
                refusal(format, &value).as_deref(),
                Some("a time outside the years 1 to 9999"),
                "{format:?}"
            );
        }
    }
}

#[test]
fn a_text_is_no_time_in_messagepack() {
    let text = write(HubProtocol::MessagePack, &"2024-02-29".to_owned());
    assert!(read::<UnixTime>(HubProtocol::MessagePack, &text).is_err());
    assert!(read::<DateTimeOffset>(HubProtocol::MessagePack, &text).is_err());
    let three = [0x93, 0xD6, 0xFF, 0, 0, 0, 0, 0, 0];
    assert!(read::<DateTimeOffset>(HubProtocol::MessagePack, &three).is_err());
}

/// Each type keeps what it was given, or says that it cannot.
fn survives<T: Timestamp>(time: UnixTime) -> bool {
    T::from_unix_time(time).is_none_or(|converted| converted.to_unix_time() == time)
}

fn is_reached<T: Timestamp + Debug>() -> bool {
    [(0, 0), (1_491_868_800, 123_456_789), (-1, 999_999_999), (-62_135_596_800, 0)]
        .map(|(seconds, nanoseconds)| T::from_unix_time(time(seconds, nanoseconds)))
        .iter()
        .all(Option::is_some)
}

/// `DateTime.MaxValue`, which programs take for "never".
#[test]
fn the_last_time_of_dotnet_is_held_by_all_but_jiff() {
    let last = br#""9999-12-31T23:59:59.9999999Z""#;
    assert!(read::<DateTime<SystemTime>>(HubProtocol::Json, last).is_ok());
    #[cfg(feature = "chrono")]
    assert!(read::<DateTime<chrono::DateTime<chrono::Utc>>>(HubProtocol::Json, last).is_ok());
    #[cfg(feature = "time")]
    assert!(read::<DateTime<time::OffsetDateTime>>(HubProtocol::Json, last).is_ok());
    #[cfg(feature = "jiff")]
    {
        let read = |text: &[u8]| read::<DateTime<jiff::Timestamp>>(HubProtocol::Json, text);
        assert_eq!(read(last), Err("expected a time in the range of its type".to_owned()));
        assert!(read(br#""9999-12-30T22:00:00.9999999Z""#).is_ok());
        assert!(read(br#""9999-12-30T22:00:01Z""#).is_err());
    }
}

#[test]
fn the_times_of_other_crates_are_known() {
    assert!(is_reached::<SystemTime>());
    #[cfg(feature = "chrono")]
    assert!(is_reached::<chrono::DateTime<chrono::Utc>>());
    #[cfg(feature = "time")]
    assert!(is_reached::<time::OffsetDateTime>());
    #[cfg(feature = "jiff")]
    assert!(is_reached::<jiff::Timestamp>());
}

proptest! {
    #[test]
    fn times_survive_both_protocols(
        seconds in -62_135_596_800..253_402_300_800_i64,
        nanoseconds in 0..1_000_000_000_u32,
        offset_minutes in -840..=840_i16,
    ) {
        let time = time(seconds, nanoseconds);
        for format in PROTOCOLS {
            prop_assert_eq!(read(format, &write(format, &time)), Ok(time));
        }
        let offset = DateTimeOffset { time, offset_minutes };
        for format in PROTOCOLS {
            match Encoded::value(format, &offset) {
                Ok(bytes) => prop_assert_eq!(read(format, bytes.bytes()), Ok(offset)),
                // Its clock shows a year that .NET has not.
                Err(_) => prop_assert!((time.seconds() - FIRST).min(LAST - time.seconds()) < 14 * 60 * 60),
            }
        }
    }

    #[test]
    fn conversions_lose_nothing(seconds in any::<i64>(), shift in 0..63_u32, nanoseconds in 0..1_000_000_000_u32) {
        let time = time(seconds >> shift, nanoseconds);
        prop_assert!(survives::<SystemTime>(time));
        #[cfg(feature = "chrono")]
        prop_assert!(survives::<chrono::DateTime<chrono::Utc>>(time));
        #[cfg(feature = "time")]
        prop_assert!(survives::<time::OffsetDateTime>(time));
        #[cfg(feature = "jiff")]
        prop_assert!(survives::<jiff::Timestamp>(time));
    }

    #[test]
    fn no_text_does_harm(text in "[0-9TZ:.+-]{0,40}|\\PC{0,20}") {
        let _ = crate::payload::unix_time::iso8601::Iso8601::parse(&text);
    }
}
