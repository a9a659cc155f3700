//! How a value is written: in which hub protocol, and how deep it may be nested there.

use serde::Serialize;

use super::depth;
use super::hub_protocol::HubProtocol;
use super::locks;
#[cfg(feature = "messagepack")]
use super::messagepack;
use super::value_error::ValueError;

/// How one value is written.
#[derive(Clone, Copy)]
pub struct Encoding {
    protocol: HubProtocol,
    /// How many arrays and objects may be open at once in the value.
    depth: usize,
}

impl Encoding {
    /// Of a value that stands in its message by itself: a result, or an item.
    pub(crate) fn of_value(protocol: HubProtocol) -> Self {
        Self { protocol, depth: depth::of_value(protocol) }
    }

    /// Of a value in the list of arguments.
    pub(crate) fn of_argument(protocol: HubProtocol) -> Self {
        Self { protocol, depth: depth::OF_ARGUMENT }
    }

    /// Appends `value` to `out`.
    pub(crate) fn write<T: Serialize + ?Sized>(self, value: &T, out: &mut Vec<u8>) -> Result<(), ValueError> {
        locks::assert_none_held();
        match self.protocol {
            #[cfg(feature = "json")]
            HubProtocol::Json => {
                let mut serializer =
                    serde_json::Serializer::with_formatter(out, depth::Shallow::new(self.depth));
                value.serialize(&mut serializer).map_err(ValueError::new)
            }
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => {
                // Structs as maps: that is how .NET knows their members.
                let start = out.len();
                let mut serializer = rmp_serde::Serializer::new(&mut *out).with_struct_map();
                value.serialize(&mut serializer).map_err(ValueError::new)?;
                let is_too_deep =
                    out.get(start..).is_some_and(|value| messagepack::is_too_deep(value, self.depth));
                if is_too_deep { Err(ValueError::new(depth::TOO_DEEP)) } else { Ok(()) }
            }
        }
    }
}
