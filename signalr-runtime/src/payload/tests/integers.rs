//! Integers as .NET reads them.

use serde::{Deserialize, Serialize};

use super::read;
use crate::contract::arguments::Arguments;
use crate::contract::value::HubProtocol::Json;
use crate::contract::value::Payload;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Point {
    x: i32,
    y: Option<i64>,
    heights: Vec<i16>,
    name: String,
}

#[test]
fn a_zero_with_a_sign_is_a_zero() {
    assert_eq!(read(Json, b"-0"), Ok(0_i8));
    assert_eq!(read(Json, b"-0"), Ok(0_i64));
    assert_eq!(read(Json, b" -0 "), Ok(0_i128));
    assert_eq!(read(Json, b"[-0,1,-0]"), Ok((0_i32, 1_u8, 0_i16)));
    let point = Point { x: 0, y: Some(0), heights: vec![0, -1, 0], name: "-0,\"-0".to_owned() };
    assert_eq!(read(Json, br#"{"x":-0,"y":-0,"heights":[-0,-1,-0],"name":"-0,\"-0"}"#), Ok(point));
    let bytes = br#"[-0,"-0",-0]"#;
    let mut arguments = Arguments::new(Payload { format: Json, bytes }, 3);
    assert_eq!(arguments.next(), Ok(0_i32));
    assert_eq!(arguments.next(), Ok("-0".to_owned()));
    assert_eq!(arguments.next(), Ok(0_i64));
    assert!(arguments.finish().is_ok());
}

#[test]
fn a_float_keeps_the_sign_of_its_zero() {
    for (json, sign) in [(&b"-0"[..], true), (b"-0.0", true), (b"0", false)] {
        assert_eq!(read::<f64>(Json, json).map(f64::is_sign_negative), Ok(sign));
        assert_eq!(read::<f32>(Json, json).map(f32::is_sign_negative), Ok(sign));
    }
    assert_eq!(read::<(f64, u8)>(Json, b"[-0,1]").map(|(float, _)| float.is_sign_negative()), Ok(true));
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "$type")]
enum Shape {
    Circle { radius: i32 },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Either {
    Shape(Shape),
    Text(String),
}

#[test]
fn a_zero_with_a_sign_may_be_put_aside() {
    let json = br#"{"radius":-0,"$type":"Circle"}"#;
    assert_eq!(read(Json, json), Ok(Shape::Circle { radius: 0 }));
    assert_eq!(read(Json, json), Ok(Either::Shape(Shape::Circle { radius: 0 })));
}

#[test]
fn what_has_no_sign_takes_none() {
    for error in [
        read::<u8>(Json, b"-0").map(drop),
        read::<u16>(Json, b"-0").map(drop),
        read::<u32>(Json, b"-0").map(drop),
        read::<u64>(Json, b"-0").map(drop),
        read::<usize>(Json, b"-0").map(drop),
    ] {
        assert!(error.is_err());
    }
    assert_eq!(read::<(u8, i32)>(Json, b"[-0,-0]"), Err("expected u8 at line 1 column 3".to_owned()));
}

#[test]
fn nothing_else_becomes_an_integer() {
    for json in ["-0.0", "0.0", "-0e0", "1e0", "1.0", "-00", "\"-0\"", "\"0\"", "-", "null"] {
        assert!(read::<i32>(Json, json.as_bytes()).is_err(), "{json}");
    }
    assert_eq!(read::<(i32, u8)>(Json, b"[-0,256]"), Err("expected u8 at line 1 column 7".to_owned()));
    assert_eq!(read::<(i32, u8)>(Json, b"[-0,").map_err(|error| error.starts_with("EOF")), Err(true));
}
