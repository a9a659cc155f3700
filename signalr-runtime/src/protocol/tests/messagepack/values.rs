//! The values of the user, from Rust types to bytes and back, and what is said of those that do not fit.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::MESSAGEPACK;
use crate::contract::arguments::{Arguments, BindError};
use crate::contract::value::{Encoded, Payload, WireValue};
use crate::payload::timestamp;
use crate::protocol::message::{Invocation, Message};
use crate::protocol::read;
use crate::protocol::tests::model::records_in;
use crate::protocol::tests::recorded::vectors;

fn payload(bytes: &[u8]) -> Payload<'_> {
    Payload { format: MESSAGEPACK, bytes }
}

#[track_caller]
fn is_written_as<T: WireValue + Debug + PartialEq>(value: &T, bytes: &[u8]) {
    let written = Encoded::value(MESSAGEPACK, value).expect("it can be written");
    assert_eq!(written.bytes(), bytes, "{value:?}");
    is_read_from(value, bytes);
}

#[track_caller]
fn is_read_from<T: WireValue + Debug + PartialEq>(value: &T, bytes: &[u8]) {
    assert_eq!(payload(bytes).decode::<T>().expect("it can be read"), *value);
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "ASP.NET Core's tests call them so")]
struct CustomObject {
    string_prop: String,
    double_prop: f64,
    int_prop: i32,
    #[serde(with = "timestamp")]
    date_time_prop: SystemTime,
    null_prop: Option<String>,
    byte_arr_prop: ByteBuf,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Shape {
    Point,
    Circle(u8),
    Line(u8, u8),
    Box { wide: u8, high: u8 },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Id(u16);

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Marker;

#[test]
#[expect(clippy::approx_constant, reason = "it was recorded with no more digits")]
fn an_object_is_what_dotnet_writes() {
    let vectors = vectors("messagepack");
    let recorded = vectors.iter().find(|vector| vector.name == "mp_invocation_object_arg").expect("recorded");
    let record = records_in(MESSAGEPACK, &recorded.bytes()).remove(0);
    let Ok(Some(Message::Invocation(Invocation { arguments, .. }))) = read(MESSAGEPACK, &record) else {
        panic!("an invocation");
    };
    let object = CustomObject {
        string_prop: "SignalR!".to_owned(),
        double_prop: 6.283_185_307_1,
        int_prop: 42,
        date_time_prop: SystemTime::UNIX_EPOCH + Duration::from_secs(1_491_868_800),
        null_prop: None,
        byte_arr_prop: ByteBuf::from([1, 2, 3]),
    };
    let mut list = Arguments::new(arguments, 1);
    assert_eq!(list.next().as_ref(), Ok(&object));
    assert_eq!(list.finish(), Ok(()));
    assert_eq!(Encoded::arguments(MESSAGEPACK, &(object,)).unwrap().bytes(), arguments.bytes);
}

#[test]
fn each_kind_of_value_has_its_form() {
    is_written_as(&(), &[0xC0]);
    is_written_as(&true, &[0xC3]);
    is_written_as(&Some(5_u8), &[5]);
    is_written_as(&None::<u8>, &[0xC0]);
    is_written_as(&"é".to_owned(), &[0xA2, 0xC3, 0xA9]);
    is_written_as(&'é', &[0xA2, 0xC3, 0xA9]);
    is_written_as(&ByteBuf::from([1, 2]), &[0xC4, 2, 1, 2]);
    is_written_as(&vec![1_u8, 200], &[0x92, 1, 0xCC, 200]);
    is_read_from(&vec![1_u8, 200], &[0xC4, 2, 1, 200]);
    is_written_as(&1.5_f32, &[0xCA, 0x3F, 0xC0, 0, 0]);
    is_written_as(&1.5_f64, &[0xCB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]);
    is_read_from(&2.0_f64, &[2]);
    is_written_as(&Id(7), &[7]);
    is_written_as(&(1_u8, false), &[0x92, 1, 0xC2]);
    is_written_as(&BTreeMap::from([(1_u8, 2_u8)]), &[0x81, 1, 2]);
    is_written_as(&Marker, &[0x90]);
    is_written_as(&(1_u8, Id(7)), &[0x92, 1, 7]);
    is_written_as(&std::net::IpAddr::from([127, 0, 0, 1]), b"\x81\xA2V4\x94\x7F\x00\x00\x01");
    is_written_as(&Shape::Point, b"\xA5Point");
    // By position, as other resolvers of .NET write the values of enums.
    is_read_from(&Shape::Point, &[0]);
    is_written_as(&Shape::Circle(3), b"\x81\xA6Circle\x03");
    is_written_as(&Shape::Line(3, 4), b"\x81\xA4Line\x92\x03\x04");
    is_written_as(&Shape::Box { wide: 1, high: 2 }, b"\x81\xA3Box\x82\xA4wide\x01\xA4high\x02");
}

#[test]
fn integers_are_as_short_as_they_can_be_and_read_from_every_form() {
    for (number, bytes) in [
        (0_i64, &[0][..]),
        (127, &[0x7F]),
        (128, &[0xCC, 0x80]),
        (256, &[0xCD, 1, 0]),
        (65_536, &[0xCE, 0, 1, 0, 0]),
        (4_294_967_296, &[0xCF, 0, 0, 0, 1, 0, 0, 0, 0]),
        (-1, &[0xFF]),
        (-32, &[0xE0]),
        (-33, &[0xD0, 0xDF]),
        (-129, &[0xD1, 0xFF, 0x7F]),
        (-32_769, &[0xD2, 0xFF, 0xFF, 0x7F, 0xFF]),
        (-2_147_483_649, &[0xD3, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]),
    ] {
        is_written_as(&number, bytes);
    }
    for bytes in [
        &[0x2A][..],
        &[0xCC, 0x2A],
        &[0xCD, 0, 0x2A],
        &[0xCE, 0, 0, 0, 0x2A],
        &[0xCF, 0, 0, 0, 0, 0, 0, 0, 0x2A],
        &[0xD0, 0x2A],
        &[0xD1, 0, 0x2A],
        &[0xD2, 0, 0, 0, 0x2A],
        &[0xD3, 0, 0, 0, 0, 0, 0, 0, 0x2A],
    ] {
        is_read_from(&42_u8, bytes);
        is_read_from(&42_i64, bytes);
    }
}

#[test]
fn members_are_matched_with_their_case_and_others_ignored() {
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Small {
        #[serde(default)]
        number: u8,
    }
    is_read_from(&Small { number: 5 }, b"\x82\xA1x\x93\x01\x80\xD6\x05\x00\x00\x00\x00\xA6number\x05");
    is_read_from(&Small { number: 0 }, b"\x81\xA6Number\x05");
    // Types with positions for keys are arrays.
    is_read_from(&Small { number: 5 }, &[0x91, 5]);
}

#[test]
fn what_is_wrong_is_said_without_the_value() {
    fn fault<T: WireValue>(bytes: &[u8]) -> String {
        payload(bytes).decode::<T>().err().map(|fault| fault.to_string()).unwrap_or_default()
    }
    assert_eq!(fault::<u8>(b"\xA6secret"), "it does not fit");
    assert_eq!(fault::<String>(&[0x2A]), "expected a string");
    assert_eq!(fault::<u8>(&[0xCD, 0x12, 0x34]), "expected u8");
    assert_eq!(fault::<i8>(&[0x91, 1]), "it does not fit");
    assert_eq!(fault::<String>(&[0xA1, 0xFF]), "a string is not UTF-8");
    assert_eq!(fault::<Shape>(b"\xA6secret"), "expected one of `Point`, `Circle`, `Line`, `Box`");
    assert_eq!(fault::<Shape>(b"\x81\xA6secret\x01"), "expected one of `Point`, `Circle`, `Line`, `Box`");
    assert_eq!(fault::<Shape>(&[0x82, 1, 1, 2, 2]), "it does not fit");
    assert_eq!(fault::<(u8, u8)>(&[0x91, 1]), "expected a tuple of size 2");
    assert_eq!(fault::<(u8, u8)>(&[0x93, 1, 1, 1]), "it does not fit");
    assert_eq!(fault::<CustomObject>(&[0x80]), "missing field `StringProp`");
    assert_eq!(fault::<u8>(&[1, 1]), "more than one value");
    assert_eq!(fault::<u8>(&[]), "the value is not complete");
    assert_eq!(fault::<ByteBuf>(&[0xC6, 0xFF, 0xFF, 0xFF, 0xFF, 1]), "the value is not complete");
    assert_eq!(fault::<u8>(&[0xC1]), "the value is not MessagePack");
    assert_eq!(fault::<Vec<u8>>(&[0x91; 63]), "the value is nested too deep");
}

/// rmp-serde does not count enums in its own depth.
#[test]
fn types_that_contain_themselves_are_bounded() {
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    enum Nested {
        N(Box<Nested>),
        End,
    }
    let nested = |depth: usize| [b"\x81\xA1N".repeat(depth), b"\xA3End".to_vec()].concat();
    assert!(payload(&nested(62)).decode::<Nested>().is_ok());
    let error = payload(&nested(1_000_000)).decode::<Nested>().expect_err("too deep");
    assert_eq!(error.to_string(), "the value is nested too deep");
}

fn is_misfit<T>(bound: &Result<T, BindError>, at: usize) -> bool {
    matches!(bound, Err(BindError::Argument { place, .. }) if *place == at)
}

#[test]
fn arguments_are_counted_before_they_are_read() {
    let bind = |list: &[u8]| -> Result<(i32, String), BindError> {
        let mut arguments = Arguments::new(payload(list), 2);
        let two = (arguments.next()?, arguments.next()?);
        arguments.finish()?;
        Ok(two)
    };
    assert_eq!(bind(b"\x92\x01\xA1a"), Ok((1, "a".to_owned())));
    for (list, provided) in [(&b"\x90"[..], 0), (b"\x91\x01", 1), (b"\x93\xA1a\xA1b\xA1c", 3)] {
        assert_eq!(bind(list), Err(BindError::Count { provided, expected: 2 }), "{list:?}");
    }
    for (list, place) in
        [(&b"\x92\xA1a\x01"[..], 1), (b"\x92\x01\x01", 2), (b"\x92\x01\xA2a", 2), (b"\x92\xC1\xC1", 1)]
    {
        assert!(is_misfit(&bind(list), place), "{list:?}");
    }
    for list in [&b""[..], b"\x80", b"\xC0", b"\xA1a", b"\x93\x01\x01", b"\xDD\xFF\xFF\xFF\xFF\x01\x01"] {
        assert_eq!(bind(list), Err(BindError::NoList), "{list:?}");
    }
    assert_eq!(
        BindError::Argument { place: 2, expected: "a string".into() }.to_string(),
        "Error binding arguments. Make sure that the types of the provided values match the types of the hub method \
         being invoked."
    );
    assert_eq!(BindError::NoList.to_string(), "Reading array length for 'arguments' failed.");
    let none = |list: &[u8]| Arguments::new(payload(list), 0).finish();
    assert_eq!(none(b"\x90"), Ok(()));
    assert_eq!(none(b"\x91\x01"), Err(BindError::Count { provided: 1, expected: 0 }));
    assert_eq!(none(b"\x91"), Err(BindError::NoList));
}

#[test]
fn one_argument_can_be_read_alone() {
    let list = payload(b"\x93\x01\x92\x02\x03\xA1a");
    assert_eq!(Arguments::nth(list, 0), Ok(1));
    assert_eq!(Arguments::nth(list, 1), Ok((2, 3)));
    assert_eq!(Arguments::nth(list, 2), Ok("a".to_owned()));
    assert!(is_misfit(&Arguments::nth::<u8>(list, 2), 3));
    assert_eq!(Arguments::nth::<u8>(list, 4), Err(BindError::Count { provided: 3, expected: 5 }));
}

#[test]
fn argument_lists_say_how_many_they_hold() {
    let list = |arguments: &dyn crate::contract::arguments::EncodeArguments| {
        Encoded::arguments(MESSAGEPACK, arguments).expect("written").bytes().to_vec()
    };
    assert_eq!(list(&()), [0x90]);
    assert_eq!(list(&(1, "a", Shape::Point)), b"\x93\x01\xA1a\xA5Point");
    assert_eq!(Encoded::null(MESSAGEPACK).bytes(), [0xC0]);
}
