//! .NET's `byte[]`.

use std::sync::Arc;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{PROTOCOLS, json, read, write};
use crate::contract::value::HubProtocol::{self, Json, MessagePack};
use crate::payload::{ByteArray, byte_array};

fn bytes(bytes: &[u8]) -> ByteArray {
    ByteArray(bytes.to_vec())
}

#[test]
fn bytes_are_base64_in_json_and_binary_in_messagepack() {
    for (value, text, binary) in [
        (&[][..], "", &[0xC4, 0][..]),
        (&[0xFF], "/w==", &[0xC4, 1, 0xFF]),
        (&[0xFB, 0xFF], "+/8=", &[0xC4, 2, 0xFB, 0xFF]),
        (&[0, 1, 2], "AAEC", &[0xC4, 3, 0, 1, 2]),
    ] {
        assert_eq!(json(&bytes(value)), format!("\"{text}\""));
        assert_eq!(write(MessagePack, &bytes(value)), binary);
        assert_eq!(read(Json, format!("\"{text}\"").as_bytes()), Ok(bytes(value)));
        assert_eq!(read(MessagePack, binary), Ok(bytes(value)));
    }
    // Longer than the pieces in which the text is written.
    let long: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for format in PROTOCOLS {
        assert_eq!(read(format, &write(format, &bytes(&long))), Ok(bytes(&long)), "{format:?}");
    }
}

#[test]
fn base64_is_read_as_system_text_json_reads_it() {
    let read = |text: &str| read::<ByteArray>(Json, format!("\"{text}\"").as_bytes());
    for text in ["AAE=", "AAE= ", " AAE=", r"AA\nE=", r"A\tA\rE\n =", r"\u0041AE="] {
        assert_eq!(read(text), Ok(bytes(&[0, 1])), "{text}");
    }
    assert_eq!(read("  "), Ok(bytes(&[])));
    assert_eq!(read("AA= ="), Ok(bytes(&[0])));
    for text in [
        "AAE",
        "A",
        "====",
        "=",
        "AAF=",
        "AB==",
        "AA==AAAA",
        "AAE==",
        "AAE=AAE=",
        "-_8=",
        "ä",
        r"AA\fE=",
        r"AA\u0000E=",
        "AA\u{a0}E=",
    ] {
        let error = read(text).expect_err(text);
        assert!(error.starts_with("expected bytes in base64 at line 1"), "{error}");
    }
}

#[test]
fn nothing_else_is_bytes() {
    for json in ["null", "5", "true", "[1,2]", "{}"] {
        assert!(read::<ByteArray>(Json, json.as_bytes()).is_err(), "{json}");
    }
    for value in [&[0xC0][..], &[5], &[0xC3], &[0x80], &[0xD4, 5, 1]] {
        assert!(read::<ByteArray>(MessagePack, value).is_err(), "{value:02x?}");
    }
}

#[test]
fn an_array_of_messagepack_may_hold_the_bytes() {
    assert_eq!(read(MessagePack, &[0x90]), Ok(bytes(&[])));
    assert_eq!(read(MessagePack, &[0x93, 1, 0xCC, 0xFF, 0xCD, 0, 2]), Ok(bytes(&[1, 255, 2])));
    for array in [&[0x91, 0xCD, 1, 0][..], &[0x91, 0xFF], &[0x91, 0xC0], &[0x91, 0xCA, 0x3F, 0x80, 0, 0]] {
        assert!(read::<ByteArray>(MessagePack, array).is_err(), "{array:02x?}");
    }
}

#[test]
fn a_string_of_messagepack_is_the_bytes_that_it_has() {
    for string in [&b"\xA4AAE="[..], b"\xDA\0\x04AAE=", b"\xDB\0\0\0\x04AAE="] {
        assert_eq!(read(MessagePack, string), Ok(bytes(b"AAE=")), "{string:02x?}");
    }
    // It need not be UTF-8.
    assert_eq!(read(MessagePack, &[0xA2, 1, 0xFF]), Ok(bytes(&[1, 0xFF])));
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Picture {
    #[serde(with = "byte_array")]
    pixels: Vec<u8>,
    #[serde(with = "byte_array::option", default)]
    thumbnail: Option<Box<[u8]>>,
    versions: Vec<ByteArray<Arc<[u8]>>>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    picture: Picture,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Either {
    Number(u8),
    Bytes(ByteArray),
}

#[test]
fn bytes_may_be_members_of_any_kind() {
    let picture = |thumbnail: Option<&[u8]>| Picture {
        pixels: vec![0, 1],
        thumbnail: thumbnail.map(Into::into),
        versions: vec![ByteArray([2].into()), ByteArray([].into())],
    };
    assert_eq!(json(&picture(None)), r#"{"pixels":"AAE=","thumbnail":null,"versions":["Ag==",""]}"#);
    assert_eq!(
        json(&picture(Some(&[255]))),
        r#"{"pixels":"AAE=","thumbnail":"/w==","versions":["Ag==",""]}"#
    );
    assert_eq!(read(Json, br#"{"pixels":"AAE=","versions":["Ag==",""]}"#), Ok(picture(None)));
    for format in PROTOCOLS {
        // Serde puts the members of a flattened type, and untagged values, aside before it reads them.
        for thumbnail in [None, Some(&[3, 4][..])] {
            let named = Named { name: "Ada".to_owned(), picture: picture(thumbnail) };
            assert_eq!(read(format, &write(format, &named)), Ok(named), "{format:?}");
        }
        for either in [Either::Number(7), Either::Bytes(bytes(&[0, 1]))] {
            assert_eq!(read(format, &write(format, &either)), Ok(either), "{format:?}");
        }
        for option in [None, Some(bytes(&[])), Some(bytes(&[9]))] {
            assert_eq!(read(format, &write(format, &option)), Ok(option), "{format:?}");
        }
    }
}

#[test]
fn an_array_takes_its_own_number_of_bytes() {
    for format in PROTOCOLS {
        let hash = ByteArray([1, 2, 3, 4]);
        assert_eq!(read(format, &write(format, &hash)), Ok(hash), "{format:?}");
        let error =
            read::<ByteArray<[u8; 3]>>(format, &write(format, &hash)).expect_err("four are not three");
        assert!(error.starts_with("expected another number of bytes"), "{error}");
    }
}

/// Why a [`ByteArray`] is needed.
#[test]
fn serde_bytes_takes_the_text_of_json_for_bytes() {
    use serde_bytes::ByteBuf;

    assert_eq!(json(&ByteBuf::from([0, 1])), "[0,1]");
    assert_eq!(read(Json, br#""AAE=""#), Ok(ByteBuf::from(*b"AAE=")));
    assert_eq!(json(&vec![0_u8, 1]), "[0,1]");
    assert!(read::<Vec<u8>>(Json, br#""AAE=""#).is_err());
}

proptest! {
    #[test]
    fn bytes_survive_both_protocols(value in any::<Vec<u8>>()) {
        for format in [Json, MessagePack] {
            prop_assert_eq!(read::<ByteArray>(format, &write(format, &ByteArray(value.clone()))), Ok(ByteArray(value.clone())));
        }
    }

    #[test]
    fn no_text_does_harm(text in "[A-Za-z0-9+/= \n]{0,40}|\\PC{0,20}") {
        let _ = read::<ByteArray>(HubProtocol::Json, json(&text).as_bytes());
    }
}
