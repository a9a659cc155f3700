//! How deep a value may be nested that is sent: a peer ends the connection over a message that is nested too deep.

#[cfg(feature = "json")]
pub(super) use json::Shallow;

/// How deep a value may be nested. With the argument list and the message around it that makes 64: more is read by neither
/// System.Text.Json (`JsonReaderOptions.MaxDepth`) nor this crate.
pub(crate) const MAX_DEPTH: usize = 62;

/// The text of a value that is nested deeper.
pub(super) const TOO_DEEP: &str = "the value is nested too deep";

#[cfg(feature = "json")]
mod json {
    use std::io::{Error, ErrorKind, Result, Write};

    use serde_json::ser::Formatter;

    use super::{MAX_DEPTH, TOO_DEEP};

    /// Writes compact JSON, and fails where it is nested too deep.
    #[derive(Default)]
    pub(crate) struct Shallow {
        depth: usize,
    }

    impl Shallow {
        fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
            if self.depth >= MAX_DEPTH {
                return Err(Error::new(ErrorKind::InvalidData, TOO_DEEP));
            }
            self.depth += 1;
            writer.write_all(bracket)
        }

        fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
            self.depth = self.depth.saturating_sub(1);
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
    }
}

/// Whether a MessagePack value is nested too deep.
#[cfg(feature = "messagepack")]
pub(super) fn is_too_deep(mut value: &[u8]) -> bool {
    // Few bytes that could open an array or a map make no deep value, whatever they are.
    let opens = |byte: &&u8| matches!(byte, 0x80..=0x9F | 0xDC..=0xDF);
    value.iter().filter(opens).count() > MAX_DEPTH
        && super::messagepack::value(&mut value) == Err(super::messagepack::Broken::TooDeep)
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use super::*;
    use crate::contract::value::{Encoded, HubProtocol};

    fn nested(depth: usize) -> serde_json::Value {
        (1..depth).fold(serde_json::json!([]), |inner, at| match at % 2 {
            0 => serde_json::json!([inner]),
            _ => serde_json::json!({ "in": inner }),
        })
    }

    #[test]
    fn a_value_that_no_peer_reads_is_not_written() {
        let protocols = [
            HubProtocol::Json,
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack,
        ];
        for protocol in protocols {
            assert!(Encoded::value(protocol, &nested(MAX_DEPTH)).is_ok());
            let error = Encoded::value(protocol, &nested(MAX_DEPTH + 1)).err();
            assert_eq!(error.map(|error| error.to_string()).as_deref(), Some(TOO_DEEP), "{protocol:?}");
            // Many, and none in another.
            assert!(Encoded::value(protocol, &vec![Vec::<u8>::new(); 1_000]).is_ok());
        }
    }
}
