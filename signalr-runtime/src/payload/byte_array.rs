//! Bytes as .NET's `byte[]`, for `#[serde(with = "…")]`.
//!
//! In JSON a text in base64, with the standard alphabet and padding; when it is read it may have white space in it. In
//! MessagePack binary; an array of numbers is read too, and a string, as the bytes that it has: that is how bytes were written
//! before MessagePack had binary.
//!
//! For whatever is made from a `Vec<u8>` and gives its bytes: `Vec<u8>`, `Box<[u8]>`, `bytes::Bytes`, and `[u8; N]`, which
//! takes no other number of bytes.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use signalr_runtime::payload::byte_array;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Picture {
//!     #[serde(with = "byte_array")]
//!     pixels: Vec<u8>,
//!     #[serde(with = "byte_array::option", default)]
//!     thumbnail: Option<Vec<u8>>,
//! }
//!
//! let picture = Picture { pixels: vec![0, 1, 255], thumbnail: None };
//! assert_eq!(serde_json::to_string(&picture).unwrap(), r#"{"pixels":"AAH/","thumbnail":null}"#);
//! ```
//!
//! Without it a `Vec<u8>` is an array of numbers, as .NET's `List<byte>`; .NET does not take that for a `byte[]` in JSON. The
//! types of the crate `serde_bytes` are binary in MessagePack, but in JSON they write an array of numbers, and read a text
//! as the bytes of its characters: base64 comes out undecoded, without an error.

use std::fmt;

use serde::de::{self, SeqAccess, Unexpected, Visitor};
use serde::{Deserializer, Serializer};

use super::base64;

/// Writes bytes.
pub fn serialize<T, S>(bytes: &T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: AsRef<[u8]> + ?Sized,
    S: Serializer,
{
    if serializer.is_human_readable() {
        serializer.collect_str(&base64::encode(bytes.as_ref()))
    } else {
        serializer.serialize_bytes(bytes.as_ref())
    }
}

/// Reads bytes.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<Vec<u8>>,
    D: Deserializer<'de>,
{
    let bytes = if deserializer.is_human_readable() {
        // Not only text: what serde has put aside for an untagged or flattened type says so of itself, whatever it came
        // from.
        deserializer.deserialize_any(Text)?
    } else {
        deserializer.deserialize_bytes(Binary)?
    };
    let length = bytes.len();
    T::try_from(bytes).map_err(|_| de::Error::invalid_length(length, &"another number of bytes"))
}

/// Reads base64.
struct Text;

impl Visitor<'_> for Text {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes in base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        base64::decode(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }
}

/// Reads what MessagePack-CSharp's `ByteArrayFormatter` takes for bytes.
struct Binary;

impl<'de> Visitor<'de> for Binary {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("binary")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Vec<u8>, A::Error> {
        std::iter::from_fn(|| numbers.next_element().transpose()).collect()
    }
}

/// The same for bytes that may be missing: null and nil are `None`.
pub mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::ByteArray;

    /// Writes bytes, or nothing.
    #[allow(clippy::ref_option, reason = "serde calls it so")]
    pub fn serialize<T, S>(bytes: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
    where
        T: AsRef<[u8]>,
        S: Serializer,
    {
        bytes.as_ref().map(ByteArray).serialize(serializer)
    }

    /// Reads bytes, or nothing.
    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: TryFrom<Vec<u8>>,
        D: Deserializer<'de>,
    {
        let bytes = Option::<ByteArray<T>>::deserialize(deserializer)?;
        Ok(bytes.map(|ByteArray(bytes)| bytes))
    }
}
