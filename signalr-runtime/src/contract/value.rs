//! One value on the wire: how it is written and read in each hub protocol.
//!
//! This sits below the generated code, because a stub has to encode its arguments, and a dispatch table
//! to decode them, without knowing the protocol at compile time. Envelopes are the business of `protocol`.

use std::any::TypeId;
use std::cell::RefCell;
use std::fmt;

use serde::Serialize;
use serde::de::value::{self, UnitDeserializer};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::encoding::Encoding;
pub use super::hub_protocol::HubProtocol;
#[cfg(feature = "messagepack")]
use super::messagepack;
#[cfg(feature = "json")]
use super::negative_zero;
pub use super::value_error::ValueError;

/// A type that can be an argument, a result or a stream item of a hub method.
///
/// Implemented for every type that implements serde's `Serialize` and `Deserialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent through a hub",
    label = "not a type that can be sent",
    note = "what is sent must be `Send`, own all its data, and implement serde's `Serialize` and `Deserialize`",
    note = "if the type is yours, add `#[derive(serde::Serialize, serde::Deserialize)]` to it"
)]
pub trait WireValue: Sized + Send + 'static {
    /// Reads one value from the front of `input` and moves `input` past it.
    #[doc(hidden)]
    fn decode_front(format: HubProtocol, input: &mut &[u8]) -> Result<Self, ValueError>;
    #[doc(hidden)]
    fn encode(&self, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError>;
    /// Reads a list of such values, as [`decode_front`](Self::decode_front) reads one.
    #[doc(hidden)]
    fn decode_list(format: HubProtocol, input: &mut &[u8]) -> Result<Vec<Self>, ValueError>;
    #[doc(hidden)]
    fn encode_list(list: &[Self], encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError>;
}

#[diagnostic::do_not_recommend]
#[expect(clippy::needless_maybe_sized, reason = "a bound of its own would be reported beside the others")]
impl<T> WireValue for T
where
    T: ?Sized + Serialize + DeserializeOwned + Send + 'static,
{
    fn decode_front(format: HubProtocol, input: &mut &[u8]) -> Result<Self, ValueError> {
        if TypeId::of::<T>() == TypeId::of::<()>() {
            // Whoever wants nothing takes anything: functions of JavaScript return what they happen to end with.
            format.read_front::<IgnoredAny>(input)?;
            return T::deserialize(UnitDeserializer::<value::Error>::new()).map_err(ValueError::new);
        }
        format.read_front(input)
    }

    fn encode(&self, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError> {
        encoding.write(self, out)
    }

    fn decode_list(format: HubProtocol, input: &mut &[u8]) -> Result<Vec<Self>, ValueError> {
        format.read_front(input)
    }

    fn encode_list(list: &[Self], encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ValueError> {
        encoding.write(list, out)
    }
}

impl HubProtocol {
    /// Reads one value from the front of `input` and moves `input` past it.
    pub(crate) fn read_front<T: DeserializeOwned>(self, input: &mut &[u8]) -> Result<T, ValueError> {
        match self {
            #[cfg(feature = "json")]
            Self::Json => {
                let mut values = serde_json::Deserializer::from_slice(input).into_iter::<T>();
                let value = match values.next() {
                    Some(Ok(value)) => value,
                    Some(Err(error)) => return without_negative_zeros(input, &error),
                    None => return Err(ValueError::new("a value is missing")),
                };
                *input = input.get(values.byte_offset()..).unwrap_or_default();
                Ok(value)
            }
            #[cfg(feature = "messagepack")]
            Self::MessagePack => {
                let value = messagepack::value(input).map_err(ValueError::new)?;
                let mut deserializer = rmp_serde::Deserializer::from_read_ref(value);
                T::deserialize(&mut deserializer).map_err(|error| {
                    let text = error.to_string();
                    ValueError::new(expectation(&text).unwrap_or(messagepack::misfit(&error)))
                })
            }
        }
    }
}

/// Reads a value once more that did not fit its type, if that may be because of a zero with a sign.
#[cfg(feature = "json")]
#[cold]
fn without_negative_zeros<T: DeserializeOwned>(
    input: &mut &[u8],
    error: &serde_json::Error,
) -> Result<T, ValueError> {
    let unsigned =
        if negative_zero::may_be_the_fault(error) { negative_zero::without_signs(input) } else { None };
    let unsigned = unsigned.ok_or_else(|| ValueError::new(without_value(error)))?;
    let mut rest = unsigned.as_slice();
    let value = HubProtocol::Json.read_front(&mut rest)?;
    *input = input.get(unsigned.len().saturating_sub(rest.len())..).unwrap_or_default();
    Ok(value)
}

/// What is wrong with a value, without the value.
#[cfg(feature = "json")]
fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() {
        return text;
    }
    match expectation(&text) {
        Some(expectation) => expectation.to_owned(),
        // Found by the type, once the value was read.
        None if error.line() == 0 => "it does not fit".to_owned(),
        None => format!("it does not fit at line {} column {}", error.line(), error.column()),
    }
}

/// The part of one of serde's texts that says what the type wants; what was found instead is quoted before it.
#[cfg(any(feature = "json", feature = "messagepack"))]
fn expectation(text: &str) -> Option<&str> {
    if text.starts_with("missing field `") {
        return Some(text);
    }
    let quotes =
        ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `", "unknown field `"];
    if !quotes.iter().any(|quote| text.starts_with(quote)) {
        return None;
    }
    // What is found comes first, what the type says comes last.
    text.rfind(", expected ").map(|at| text.split_at(at + 2).1)
}

/// One value as it was received.
#[derive(Clone, Copy, PartialEq)]
pub struct Payload<'a> {
    /// The protocol it is written in.
    pub format: HubProtocol,
    /// Exactly the bytes of the value.
    pub bytes: &'a [u8],
}

// The bytes belong to the user: they are never written to a log.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} value of {} bytes", self.format, self.bytes.len())
    }
}

impl Payload<'_> {
    /// Reads the value; it must be the whole of the bytes.
    pub fn decode<T: WireValue>(self) -> Result<T, ValueError> {
        let mut rest = self.bytes;
        let value = T::decode_front(self.format, &mut rest)?;
        let over = match self.format {
            #[cfg(feature = "json")]
            HubProtocol::Json => !rest.trim_ascii().is_empty(),
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => !rest.is_empty(),
        };
        if over { Err(ValueError::new("more than one value")) } else { Ok(value) }
    }
}

/// One encoded value (or one encoded argument list), without an envelope.
///
/// Written into a buffer that the thread keeps, so that an answer which is copied into a frame at once costs
/// no allocation.
pub struct Encoded(Vec<u8>);

/// Buffers a thread keeps for the next [`Encoded`]; more, or larger ones, go back to the allocator.
const SPARE_BUFFERS: usize = 16;
const SPARE_CAPACITY: std::ops::RangeInclusive<usize> = 256..=8192;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

impl Encoded {
    /// Lets `write` fill a buffer.
    pub(crate) fn write<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Self, E> {
        let mut encoded =
            Self(SPARE.try_with(|spare| spare.borrow_mut().pop()).ok().flatten().unwrap_or_default());
        if encoded.0.capacity() == 0 {
            encoded.0.reserve(*SPARE_CAPACITY.start());
        }
        write(&mut encoded.0)?;
        Ok(encoded)
    }

    /// Encodes a result or an item.
    pub(crate) fn value<T: WireValue>(format: HubProtocol, value: &T) -> Result<Self, ValueError> {
        Self::write(|out| value.encode(Encoding::of_value(format), out))
    }

    /// The value that stands for nothing.
    pub(crate) fn null(format: HubProtocol) -> Self {
        match format {
            #[cfg(feature = "json")]
            HubProtocol::Json => Self(b"null".to_vec()),
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => Self(vec![messagepack::NIL]),
        }
    }

    /// A copy that takes just the room it needs, for bytes that wait.
    pub(crate) fn copy_from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        if SPARE_CAPACITY.contains(&self.0.capacity()) {
            let mut buffer = std::mem::take(&mut self.0);
            buffer.clear();
            // While the thread ends there is no list any more: the buffer is freed.
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < SPARE_BUFFERS {
                    spare.push(buffer);
                }
            });
        }
    }
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use std::net::IpAddr;

    use serde::{Deserialize, Serialize};

    use super::{HubProtocol, WireValue};

    #[derive(Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Account {
        number: u8,
    }

    #[derive(Deserialize, Serialize)]
    enum Answer {
        Yes,
    }

    #[derive(Deserialize, Serialize)]
    #[serde(try_from = "u8")]
    struct Even(u8);

    impl TryFrom<u8> for Even {
        type Error = String;

        fn try_from(number: u8) -> Result<Self, String> {
            if number.is_multiple_of(2) { Ok(Self(number)) } else { Err(format!("{number} is odd")) }
        }
    }

    fn fault<T: WireValue>(json: &str) -> String {
        let fault = T::decode_front(HubProtocol::Json, &mut json.as_bytes()).err();
        fault.map(|fault| fault.to_string()).unwrap_or_default()
    }

    #[test]
    fn nothing_takes_anything() {
        for json in ["null", "1", "-2.5e3", r#""text""#, r#"{"a":[1,{}]}"#] {
            let text = format!("{json},");
            let mut input = text.as_bytes();
            assert!(<()>::decode_front(HubProtocol::Json, &mut input).is_ok(), "{json}");
            assert_eq!(input, b",");
        }
        #[cfg(feature = "messagepack")]
        for value in [&b"\xC0"[..], b"\x01", b"\xA1a", b"\x81\xA1a\x92\x01\x80"] {
            let mut input = value;
            assert!(<()>::decode_front(HubProtocol::MessagePack, &mut input).is_ok(), "{value:x?}");
            assert!(input.is_empty());
        }
        assert_eq!(fault::<()>("[1"), "EOF while parsing a list at line 1 column 2");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let secret = r#""secret, expected or not""#;
        assert_eq!(fault::<u8>(secret), "expected u8 at line 1 column 25");
        assert_eq!(fault::<u8>("4711"), "expected u8 at line 1 column 4");
        assert_eq!(fault::<(u8, u8)>("[1]"), "expected a tuple of size 2 at line 1 column 3");
        assert_eq!(fault::<Answer>(secret), "expected `Yes` at line 1 column 25");
        assert_eq!(fault::<Account>(r#"{"secret":1}"#), "expected `number` at line 1 column 9");
        assert_eq!(fault::<Account>("{}"), "missing field `number` at line 1 column 2");
        assert_eq!(fault::<u8>("secret"), "expected value at line 1 column 1");
        assert_eq!(fault::<Even>("1"), "it does not fit");
        assert_eq!(fault::<[Even; 1]>("[1]"), "it does not fit at line 1 column 3");
        assert!(!fault::<IpAddr>(secret).contains("secret"), "{}", fault::<IpAddr>(secret));
    }
}
