//! MessagePack read the slow way, into a tree: what the fast reader is held against.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::contract::value::{Encoded, HubProtocol, Payload};
use crate::payload::UnixTime;

/// Any value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Nil,
    Bool(bool),
    Int(i128),
    F32(f32),
    F64(f64),
    Str(Vec<u8>),
    Bin(Vec<u8>),
    Array(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Ext(u8, Vec<u8>),
}

impl Tree {
    /// The value that all of the bytes are.
    pub(super) fn whole(mut bytes: &[u8]) -> Option<Self> {
        let tree = Self::front(&mut bytes)?;
        bytes.is_empty().then_some(tree)
    }

    /// The value that the bytes begin with.
    pub(super) fn front(rest: &mut &[u8]) -> Option<Self> {
        let first = number::<1>(rest)?;
        let tree = match first {
            0..0x80 => Self::Int(first.into()),
            0x80..0x90 => Self::map(first - 0x80, rest)?,
            0x90..0xA0 => Self::array(first - 0x90, rest)?,
            0xA0..0xC0 => Self::Str(bytes(first - 0xA0, rest)?),
            0xC0 => Self::Nil,
            0xC2 | 0xC3 => Self::Bool(first == 0xC3),
            0xC4 => Self::Bin(bytes(number::<1>(rest)?, rest)?),
            0xC5 => Self::Bin(bytes(number::<2>(rest)?, rest)?),
            0xC6 => Self::Bin(bytes(number::<4>(rest)?, rest)?),
            0xC7 => Self::ext(number::<1>(rest)?, rest)?,
            0xC8 => Self::ext(number::<2>(rest)?, rest)?,
            0xC9 => Self::ext(number::<4>(rest)?, rest)?,
            0xCA => Self::F32(f32::from_bits(number::<4>(rest)?.try_into().ok()?)),
            0xCB => Self::F64(f64::from_bits(number::<8>(rest)?)),
            0xCC => Self::Int(number::<1>(rest)?.into()),
            0xCD => Self::Int(number::<2>(rest)?.into()),
            0xCE => Self::Int(number::<4>(rest)?.into()),
            0xCF => Self::Int(number::<8>(rest)?.into()),
            0xD0 => Self::signed::<1>(rest)?,
            0xD1 => Self::signed::<2>(rest)?,
            0xD2 => Self::signed::<4>(rest)?,
            0xD3 => Self::signed::<8>(rest)?,
            0xD4..0xD9 => Self::ext(1 << (first - 0xD4), rest)?,
            0xD9 => Self::Str(bytes(number::<1>(rest)?, rest)?),
            0xDA => Self::Str(bytes(number::<2>(rest)?, rest)?),
            0xDB => Self::Str(bytes(number::<4>(rest)?, rest)?),
            0xDC => Self::array(number::<2>(rest)?, rest)?,
            0xDD => Self::array(number::<4>(rest)?, rest)?,
            0xDE => Self::map(number::<2>(rest)?, rest)?,
            0xDF => Self::map(number::<4>(rest)?, rest)?,
            0xE0..=0xFF => Self::Int(i128::from(first) - 0x100),
            _ => return None,
        };
        Some(tree)
    }

    fn signed<const N: usize>(rest: &mut &[u8]) -> Option<Self> {
        let shift = 64 - 8 * N;
        Some(Self::Int(((number::<N>(rest)? << shift).cast_signed() >> shift).into()))
    }

    fn ext(len: u64, rest: &mut &[u8]) -> Option<Self> {
        Some(Self::Ext(number::<1>(rest)?.try_into().ok()?, bytes(len, rest)?))
    }

    fn array(len: u64, rest: &mut &[u8]) -> Option<Self> {
        (0..len).map(|_| Self::front(rest)).collect::<Option<_>>().map(Self::Array)
    }

    fn map(len: u64, rest: &mut &[u8]) -> Option<Self> {
        (0..len).map(|_| Some((Self::front(rest)?, Self::front(rest)?))).collect::<Option<_>>().map(Self::Map)
    }

    /// As the vectors describe values: what JSON has not is told in a string.
    pub(super) fn describe(&self) -> Value {
        match self {
            Self::Nil => Value::Null,
            Self::Bool(flag) => json!(flag),
            Self::Int(number) => match i64::try_from(*number) {
                Ok(number) => json!(number),
                Err(_) => json!(u64::try_from(*number).expect("64 bits")),
            },
            Self::F32(number) => json!(f64::from(*number)),
            Self::F64(number) => json!(number),
            Self::Str(text) => json!(String::from_utf8_lossy(text)),
            Self::Bin(bytes) => {
                let mut text = "bytes ".to_owned();
                for byte in bytes {
                    write!(text, "{byte:02x}").expect("a string takes everything");
                }
                json!(text)
            }
            Self::Array(list) => list.iter().map(Self::describe).collect(),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| match key.describe() {
                    Value::String(key) => (key, value.describe()),
                    other => (other.to_string(), value.describe()),
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
            Self::Ext(_, _) => {
                let time = Payload { format: HubProtocol::MessagePack, bytes: &self.to_bytes() };
                match time.decode::<UnixTime>() {
                    Ok(time) => json!(format!("timestamp {}", json!(time).as_str().expect("a text"))),
                    Err(_) => json!("extension"),
                }
            }
        }
    }

    /// The value that is described, floats in 32 bits where those are enough.
    pub(super) fn described(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nil,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), ..) => Self::Int(number.into()),
                (_, Some(number), _) => Self::Int(number.into()),
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::float_cmp,
                    reason = "that is the question"
                )]
                (.., Some(number)) if f64::from(number as f32) == number => Self::F32(number as f32),
                (.., number) => Self::F64(number.expect("a number")),
            },
            Value::String(text) => {
                if let Some(hex) = text.strip_prefix("bytes ") {
                    let pairs = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).expect("hex"));
                    Self::Bin(pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect())
                } else if let Some(text) = text.strip_prefix("timestamp ") {
                    let time: UnixTime = serde_json::from_value(json!(text)).expect("a time");
                    let bytes = Encoded::value(HubProtocol::MessagePack, &time).expect("a time");
                    Self::whole(bytes.bytes()).expect("an extension")
                } else {
                    Self::Str(text.clone().into_bytes())
                }
            }
            Value::Array(list) => Self::Array(list.iter().map(Self::described).collect()),
            Value::Object(members) => Self::Map(
                members
                    .iter()
                    .map(|(name, value)| (Self::Str(name.clone().into_bytes()), Self::described(value)))
                    .collect(),
            ),
        }
    }

    /// The shortest encoding.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nil => out.push(0xC0),
            Self::Bool(flag) => out.push(if *flag { 0xC3 } else { 0xC2 }),
            Self::Int(number) => write_int(*number, out),
            Self::F32(number) => {
                out.push(0xCA);
                out.extend(number.to_be_bytes());
            }
            Self::F64(number) => {
                out.push(0xCB);
                out.extend(number.to_be_bytes());
            }
            Self::Str(text) => {
                write_head(text.len(), (0xA0, 31), [Some(0xD9), Some(0xDA), Some(0xDB)], out);
                out.extend(text);
            }
            Self::Bin(bytes) => {
                write_head(bytes.len(), (0, 0), [Some(0xC4), Some(0xC5), Some(0xC6)], out);
                out.extend(bytes);
            }
            Self::Array(list) => {
                write_head(list.len(), (0x90, 15), [None, Some(0xDC), Some(0xDD)], out);
                for value in list {
                    value.write(out);
                }
            }
            Self::Map(entries) => {
                write_head(entries.len(), (0x80, 15), [None, Some(0xDE), Some(0xDF)], out);
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Ext(kind, data) => {
                match [1, 2, 4, 8, 16].iter().position(|len| *len == data.len()) {
                    Some(fixed) => out.push(0xD4 + u8::try_from(fixed).expect("small")),
                    None => write_head(data.len(), (0, 0), [Some(0xC7), Some(0xC8), Some(0xC9)], out),
                }
                out.push(*kind);
                out.extend(data);
            }
        }
    }
}

fn number<const N: usize>(rest: &mut &[u8]) -> Option<u64> {
    let (bytes, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

fn bytes(len: u64, rest: &mut &[u8]) -> Option<Vec<u8>> {
    let (bytes, after) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    *rest = after;
    Some(bytes.to_vec())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "each range is checked before")]
fn write_int(number: i128, out: &mut Vec<u8>) {
    match number {
        -0x20..0x80 => out.push(number as u8),
        0x80..0x100 => out.extend([0xCC, number as u8]),
        0x100..0x1_0000 => {
            out.push(0xCD);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(0xCE);
            out.extend((number as u32).to_be_bytes());
        }
        0x1_0000_0000.. => {
            out.push(0xCF);
            out.extend((number as u64).to_be_bytes());
        }
        -0x80..-0x20 => out.extend([0xD0, number as u8]),
        -0x8000..-0x80 => {
            out.push(0xD1);
            out.extend((number as i16).to_be_bytes());
        }
        -0x8000_0000..-0x8000 => {
            out.push(0xD2);
            out.extend((number as i32).to_be_bytes());
        }
        _ => {
            out.push(0xD3);
            out.extend((number as i64).to_be_bytes());
        }
    }
}

/// A length: in the first byte up to some limit, or behind one of the bytes for 8, 16 and 32 bits.
fn write_head(
    len: usize,
    (fixed, most): (u8, usize),
    [short, medium, long]: [Option<u8>; 3],
    out: &mut Vec<u8>,
) {
    if most > 0 && len <= most {
        out.push(fixed | u8::try_from(len).expect("small"));
    } else if let (Some(head), Ok(len)) = (short, u8::try_from(len)) {
        out.extend([head, len]);
    } else if let (Some(head), Ok(len)) = (medium, u16::try_from(len)) {
        out.push(head);
        out.extend(len.to_be_bytes());
    } else {
        out.push(long.expect("a byte for long ones"));
        out.extend(u32::try_from(len).expect("32 bits").to_be_bytes());
    }
}
