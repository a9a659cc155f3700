//! Where the values of MessagePack end, and what stands in front of them.
//!
//! A value is passed over before it is decoded: that finds its extent, and makes sure that it is complete and not
//! nested too deep. What is declared is believed only as far as there are bytes for it, and nothing is allocated.

use std::fmt;

use rmp::Marker;

use super::depth::{self, TOO_DEEP};
use super::value_error::ValueError;

/// How deep a value may be nested, wherever it stands.
const MAX_DEPTH: usize = depth::OF_ARGUMENT;

/// Nothing at all.
pub(crate) const NIL: u8 = 0xC0;

/// Why some bytes are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It ends too early, or declares more than there is.
    Incomplete,
    /// A byte that begins no value.
    Unknown,
    /// More arrays and maps inside each other than [`MAX_DEPTH`].
    TooDeep,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "the value is not complete",
            Self::Unknown => "the value is not MessagePack",
            Self::TooDeep => TOO_DEEP,
        })
    }
}

/// Passes the value at the front of `input` and gives its bytes.
pub(crate) fn value<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
    within(MAX_DEPTH, input)
}

/// Passes an argument list, whose values may be as deep as any value.
pub(crate) fn list<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
    within(MAX_DEPTH + 1, input)
}

/// Passes the header of an array and gives the number of its elements, if there are enough bytes for so many.
pub(crate) fn array_len(input: &mut &[u8]) -> Option<usize> {
    let mut rest = *input;
    let len = usize::try_from(rmp::decode::read_array_len(&mut rest).ok()?).ok()?;
    *input = rest;
    (len <= rest.len()).then_some(len)
}

/// Appends the header of an array.
pub(crate) fn write_array_len(len: usize, out: &mut Vec<u8>) -> Result<(), ValueError> {
    let len = u32::try_from(len).map_err(ValueError::new)?;
    rmp::encode::write_array_len(out, len).map(drop).map_err(ValueError::new)
}

/// Passes a value that is nested no deeper than `max_depth`, which is one level more than [`MAX_DEPTH`] at the most.
fn within<'a>(max_depth: usize, input: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
    let start = *input;
    let mut rest = start;
    if let Some(inside) = head(&mut rest)? {
        contents(max_depth, inside, &mut rest)?;
    }
    *input = rest;
    let len = start.len().saturating_sub(rest.len());
    Ok(start.get(..len).unwrap_or_default())
}

/// Whether a MessagePack value has more arrays and maps inside each other.
pub(super) fn is_too_deep(mut value: &[u8], depth: usize) -> bool {
    let opens = |byte: &&u8| matches!(byte, 0x80..=0x9F | 0xDC..=0xDF);
    // Most values are short, none of both, or have fewer bytes that could be one than may be inside each other.
    value.len() > depth
        && value.first().as_ref().is_some_and(opens)
        && value.iter().filter(opens).count() > depth
        && within(depth, &mut value) == Err(Broken::TooDeep)
}

/// Passes the `inside` values of an array or map whose header has been passed.
fn contents(max_depth: usize, mut inside: usize, rest: &mut &[u8]) -> Result<(), Broken> {
    /// How many values are still to come in each array and map that is open.
    type Open = [u32; MAX_DEPTH + 1];

    let mut open: Open = [0; MAX_DEPTH + 1];
    let mut depth = 0;
    loop {
        if depth >= max_depth {
            return Err(Broken::TooDeep);
        }
        // Every value takes at least one byte.
        if inside > rest.len() {
            return Err(Broken::Incomplete);
        }
        *open.get_mut(depth).ok_or(Broken::TooDeep)? =
            u32::try_from(inside).map_err(|_| Broken::Incomplete)?;
        depth += 1;
        inside = loop {
            let Some(left) = depth.checked_sub(1).and_then(|last| open.get_mut(last)) else {
                return Ok(());
            };
            match left.checked_sub(1) {
                None => depth -= 1,
                Some(fewer) => {
                    *left = fewer;
                    if let Some(inside) = head(rest)? {
                        break inside;
                    }
                }
            }
        };
    }
}

/// Passes a value that has no others inside, or the header of one that has, and then gives their number.
fn head(rest: &mut &[u8]) -> Result<Option<usize>, Broken> {
    /// The byte before the data of an extension.
    const EXTENSION_TYPE: usize = 1;

    let (&first, after) = rest.split_first().ok_or(Broken::Incomplete)?;
    *rest = after;
    let data = match Marker::from_u8(first) {
        Marker::Null | Marker::False | Marker::True | Marker::FixPos(_) | Marker::FixNeg(_) => 0,
        Marker::U8 | Marker::I8 => 1,
        Marker::U16 | Marker::I16 => 2,
        Marker::U32 | Marker::I32 | Marker::F32 => 4,
        Marker::U64 | Marker::I64 | Marker::F64 => 8,
        Marker::FixStr(len) => usize::from(len),
        Marker::Str8 | Marker::Bin8 => length::<1>(rest)?,
        Marker::Str16 | Marker::Bin16 => length::<2>(rest)?,
        Marker::Str32 | Marker::Bin32 => length::<4>(rest)?,
        Marker::FixExt1 => EXTENSION_TYPE + 1,
        Marker::FixExt2 => EXTENSION_TYPE + 2,
        Marker::FixExt4 => EXTENSION_TYPE + 4,
        Marker::FixExt8 => EXTENSION_TYPE + 8,
        Marker::FixExt16 => EXTENSION_TYPE + 16,
        Marker::Ext8 => length::<1>(rest)?.saturating_add(EXTENSION_TYPE),
        Marker::Ext16 => length::<2>(rest)?.saturating_add(EXTENSION_TYPE),
        Marker::Ext32 => length::<4>(rest)?.saturating_add(EXTENSION_TYPE),
        Marker::FixArray(len) => return Ok(Some(usize::from(len))),
        Marker::Array16 => return length::<2>(rest).map(Some),
        Marker::Array32 => return length::<4>(rest).map(Some),
        Marker::FixMap(len) => return Ok(Some(usize::from(len) * 2)),
        Marker::Map16 => return Ok(Some(length::<2>(rest)?.saturating_mul(2))),
        Marker::Map32 => return Ok(Some(length::<4>(rest)?.saturating_mul(2))),
        Marker::Reserved => return Err(Broken::Unknown),
    };
    *rest = rest.get(data..).ok_or(Broken::Incomplete)?;
    Ok(None)
}

/// Reads a length of `N` bytes.
fn length<const N: usize>(rest: &mut &[u8]) -> Result<usize, Broken> {
    let (bytes, after) = rest.split_first_chunk::<N>().ok_or(Broken::Incomplete)?;
    *rest = after;
    Ok(bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
}

/// Why a value does not fit its type.
pub(crate) fn misfit(error: &rmp_serde::decode::Error) -> &'static str {
    use rmp_serde::decode::Error;
    match error {
        Error::OutOfRange => "a number is out of range",
        Error::Utf8Error(_) => "a string is not UTF-8",
        Error::DepthLimitExceeded => "the value is nested too deep",
        // What was found is part of their texts.
        _ => "it does not fit",
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, MAX_DEPTH, list, value};

    /// One value of each kind.
    const VALUES: [&[u8]; 37] = [
        &[0xC0],
        &[0xC2],
        &[0xC3],
        &[0x00],
        &[0x7F],
        &[0xE0],
        &[0xFF],
        &[0xCC, 1],
        &[0xCD, 1, 2],
        &[0xCE, 1, 2, 3, 4],
        &[0xCF, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0xD0, 1],
        &[0xD1, 1, 2],
        &[0xD2, 1, 2, 3, 4],
        &[0xD3, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0xCA, 1, 2, 3, 4],
        &[0xCB, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0xA0],
        &[0xA2, b'a', b'b'],
        &[0xD9, 1, b'a'],
        &[0xDA, 0, 1, b'a'],
        &[0xDB, 0, 0, 0, 1, b'a'],
        &[0xC4, 2, 1, 2],
        &[0xC5, 0, 2, 1, 2],
        &[0xC6, 0, 0, 0, 2, 1, 2],
        &[0xD4, 5, 1],
        &[0xD5, 5, 1, 2],
        &[0xD6, 5, 1, 2, 3, 4],
        &[0xC7, 1, 5, 9],
        &[0xC8, 0, 1, 5, 9],
        &[0xC9, 0, 0, 0, 1, 5, 9],
        &[0x90],
        &[0x92, 1, 0x91, 0x80],
        &[0xDC, 0, 1, 7],
        &[0xDD, 0, 0, 0, 1, 7],
        &[0x82, 1, 0x91, 2, 0xA1, b'a', 0x81, 1, 2],
        &[0xDF, 0, 0, 0, 1, 0xC0, 0xDE, 0, 1, 1, 0x90],
    ];

    #[test]
    fn a_value_is_passed_to_its_end_and_no_further() {
        for bytes in VALUES {
            let followed = [bytes, &[0xC1]].concat();
            let mut input = &followed[..];
            assert_eq!(value(&mut input), Ok(bytes), "{bytes:02x?}");
            assert_eq!(input, [0xC1], "{bytes:02x?}");
            for end in 0..bytes.len() {
                assert_eq!(value(&mut &bytes[..end]), Err(Broken::Incomplete), "{:02x?}", &bytes[..end]);
            }
        }
        assert_eq!(value(&mut &[0xC1][..]), Err(Broken::Unknown));
        assert_eq!(value(&mut &[0x92, 1, 0xC1][..]), Err(Broken::Unknown));
    }

    #[test]
    fn what_is_declared_is_not_believed() {
        for bytes in [
            [0xDD, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xDF, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xDB, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xC6, 0xFF, 0xFF, 0xFF, 0xFF],
            [0xC9, 0xFF, 0xFF, 0xFF, 0xFF],
        ] {
            assert_eq!(value(&mut &[&bytes[..], &[0; 64]].concat()[..]), Err(Broken::Incomplete));
        }
    }

    #[test]
    fn nesting_has_an_end() {
        for (open, close) in [(&[0x91][..], &[0x90][..]), (&[0x81, 0xC0], &[0x80])] {
            let nested = |depth: usize| [open.repeat(depth - 1), close.to_vec()].concat();
            assert!(value(&mut &nested(MAX_DEPTH)[..]).is_ok());
            assert_eq!(value(&mut &nested(MAX_DEPTH + 1)[..]), Err(Broken::TooDeep));
            assert!(list(&mut &nested(MAX_DEPTH + 1)[..]).is_ok());
            assert_eq!(list(&mut &nested(MAX_DEPTH + 2)[..]), Err(Broken::TooDeep));
            assert_eq!(value(&mut &open.repeat(1_000_000)[..]), Err(Broken::TooDeep));
        }
    }
}
