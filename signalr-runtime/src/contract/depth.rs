//! How deep a value may be nested: a peer ends the connection over a message that is nested too deep, and with it every
//! other call. So it is refused where it is written.

#[cfg(feature = "json")]
pub(super) use json::Shallow;

use super::hub_protocol::HubProtocol;

/// How many arrays and objects a message may have inside each other, itself included: more is read by neither
/// System.Text.Json (`JsonReaderOptions.MaxDepth`) nor this crate.
const OF_MESSAGE: usize = 64;

/// Around an argument stand the message and the list of arguments.
pub(super) const OF_ARGUMENT: usize = OF_MESSAGE - 2;

/// How deep a result or an item may be.
pub(super) const fn of_value(protocol: HubProtocol) -> usize {
    match protocol {
        #[cfg(feature = "json")]
        HubProtocol::Json => OF_MESSAGE - 1,
        // MessagePack-CSharp counts for each value by itself (`MessagePackSecurity.DepthStep`).
        #[cfg(feature = "messagepack")]
        HubProtocol::MessagePack => OF_ARGUMENT,
    }
}

/// The text of a value that is nested deeper.
pub(super) const TOO_DEEP: &str = "the value is nested too deep";

#[cfg(feature = "json")]
mod json {
    use std::io::{Error, ErrorKind, Result, Write};

    use serde_json::ser::Formatter;

    use super::TOO_DEEP;

    /// Writes compact JSON, and fails where it is nested too deep.
    pub(crate) struct Shallow {
        /// How many more arrays and objects may be opened.
        left: usize,
    }

    impl Shallow {
        pub(crate) fn new(depth: usize) -> Self {
            Self { left: depth }
        }

        fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
            self.left = self.left.checked_sub(1).ok_or_else(too_deep)?;
            writer.write_all(bracket)
        }

        fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
            self.left = self.left.saturating_add(1);
            writer.write_all(bracket)
        }
    }

    impl Formatter for Shallow {
        fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
            self.open(writer, b"[")
        }

        fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
            self.close(writer, b"]")
        }

        fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
            self.open(writer, b"{")
        }

        fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
            self.close(writer, b"}")
        }

        fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, json: &str) -> Result<()> {
            if is_deeper(json, self.left) { Err(too_deep()) } else { writer.write_all(json.as_bytes()) }
        }
    }

    #[cold]
    fn too_deep() -> Error {
        Error::new(ErrorKind::InvalidData, TOO_DEEP)
    }

    /// Whether more arrays and objects are inside each other.
    fn is_deeper(json: &str, depth: usize) -> bool {
        let (mut left, mut in_string, mut escaped) = (depth, false, false);
        for byte in json.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = in_string,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'[' | b'{' => match left.checked_sub(1) {
                    Some(fewer) => left = fewer,
                    None => return true,
                },
                b']' | b'}' => left = left.saturating_add(1),
                _ => {}
            }
        }
        false
    }
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use serde_json::ser::Formatter;

    use super::*;
    use crate::contract::arguments::EncodeArguments;
    use crate::contract::value::{Encoded, ValueError};

    fn nested(depth: usize) -> serde_json::Value {
        (1..depth).fold(serde_json::json!([]), |inner, at| match at % 2 {
            0 => serde_json::json!([inner]),
            _ => serde_json::json!({ "in": inner }),
        })
    }

    fn fault(encoded: Result<Encoded, ValueError>) -> Option<String> {
        encoded.err().map(|error| error.to_string())
    }

    #[test]
    fn a_value_that_no_peer_reads_is_not_written() {
        let protocols = [
            (HubProtocol::Json, 63),
            #[cfg(feature = "messagepack")]
            (HubProtocol::MessagePack, 62),
        ];
        for (protocol, deepest) in protocols {
            let too_deep = Some(TOO_DEEP.to_owned());
            assert_eq!(fault(Encoded::value(protocol, &nested(deepest))), None);
            assert_eq!(fault(Encoded::value(protocol, &nested(deepest + 1))), too_deep, "{protocol:?}");
            let arguments = |arguments: &dyn EncodeArguments| fault(Encoded::arguments(protocol, arguments));
            assert_eq!(arguments(&(1, nested(62), nested(62))), None);
            assert_eq!(arguments(&(1, nested(62), nested(63))), too_deep, "{protocol:?}");
            assert_eq!(arguments(&(vec![nested(61)], vec![nested(62)])), too_deep, "{protocol:?}");
            // Many, and none in another.
            assert_eq!(fault(Encoded::value(protocol, &vec![Vec::<u8>::new(); 1_000])), None);
        }
    }

    /// What a `RawValue` holds is JSON already.
    #[test]
    fn json_that_was_written_before_counts_too() {
        let raw = |json: &str, depth| {
            Shallow::new(depth).write_raw_fragment(&mut Vec::new(), json).map_err(|error| error.to_string())
        };
        for (json, depth) in [
            ("1", 0),
            ("[]", 1),
            ("[[1],[2],[3]]", 2),
            (r#"{"a":[{"b":1}]}"#, 3),
            (r#"["[[[[",{"\\\"[[":"]"}]"#, 2),
            (r#"["\\",[1]]"#, 2),
        ] {
            assert_eq!(raw(json, depth), Ok(()), "{json}");
            if let Some(less) = depth.checked_sub(1) {
                assert_eq!(raw(json, less), Err(TOO_DEEP.to_owned()), "{json}");
            }
        }
    }
}
