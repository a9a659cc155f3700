//! What Rust values look like on the wire, and the types that need help to look as .NET expects.
//!
//! Arguments, results and stream items are whatever serde makes of them. Member names are those that serde declares,
//! and they are matched exactly, with their case, in both protocols: for a peer that writes them in another way use
//! `#[serde(rename_all = "…")]`. Unknown members are ignored, unless the type says `deny_unknown_fields`.
//!
//! | Rust | JSON | MessagePack |
//! |---|---|---|
//! | struct | object | map with the member names as keys; an array is read too, in the order of the members |
//! | newtype struct | what is inside | what is inside |
//! | tuple, tuple struct, `[T; N]` | array | array |
//! | `Vec<T>` and other sequences | array | array |
//! | `HashMap<String, T>` and other maps | object | map; the keys may be of any type |
//! | `Option<T>` | the value, or null | the value, or nil |
//! | `()` | null | nil |
//! | `bool` | true, false | true, false |
//! | integers | number | the shortest encoding of the number; every encoding is read |
//! | `f32`, `f64` | number | float 32, float 64; integers are read too |
//! | `char` | string | string |
//! | `String`, `&str` | string | string |
//! | `serde_bytes::ByteBuf` and its kin | array of numbers | binary |
//! | `Vec<u8>`, `&[u8]` | array of numbers | array of numbers; binary is read too |
//! | `enum`, variant without data | the name, as a string | the name, as a string |
//! | `enum`, variant with data | object with the name as its one key | map with the name as its one key |
//! | [`DateTime`], [`timestamp`] | string, ISO 8601 in UTC | timestamp extension (type −1), in 32, 64 or 96 bits |
//! | [`DateTimeOffset`] | string, ISO 8601 with the offset | array of a timestamp, of what a clock there shows, and the offset in minutes |
//! | `chrono`, `time`, `jiff` and `SystemTime` by their own serde support | as they choose | as they choose: not what .NET reads |
//! | `Duration` | object `{secs, nanos}` | map `{secs, nanos}` |
//! | `i128`, `u128` | number | binary of 16 bytes |
//!
//! Values may be nested 62 deep. JSON has no numbers for infinity and NaN: serde writes null.
//!
//! # With .NET and JavaScript on the other side
//!
//! * **Member names.** ASP.NET Core writes JSON in `camelCase` and reads it in any case: give types
//!   `#[serde(rename_all = "camelCase")]`. Its MessagePack has the names as they are declared, in `PascalCase`, and
//!   reads no other: `#[serde(rename_all = "PascalCase")]`. A type for both protocols needs attributes there:
//!   `[JsonPropertyName("…")]` for JSON, or `[MessagePackObject]` with `[Key("…")]` for MessagePack. JavaScript takes
//!   what it gets.
//! * **Enums.** .NET writes numbers in JSON, unless it is given a `JsonStringEnumConverter`, and the names of members
//!   in MessagePack. Enums with data are unknown to it.
//! * **Bytes.** `byte[]` is binary in MessagePack: take `serde_bytes`. In JSON it is a base64 string.
//! * **64-bit integers.** JavaScript reads numbers beyond 2⁵³ inexactly.
//! * **Times.** `DateTime` is [`DateTime`] or [`timestamp`], `DateTimeOffset` is [`DateTimeOffset`]. `TimeSpan` is a
//!   string in JSON, and an integer of 100 nanosecond ticks in MessagePack.
//! * **`Guid` and `Uri`** are strings in both, `decimal` is a number in JSON and a string in MessagePack, and `char` a
//!   string in JSON and an integer in MessagePack.
//! * **Tuples** are objects in .NET's JSON, and arrays in its MessagePack.

mod date_time;
mod iso8601;
mod times;
pub mod timestamp;
mod unix_time;

pub use date_time::{DateTime, DateTimeOffset};
pub use times::Timestamp;
pub use unix_time::UnixTime;

#[cfg(all(test, feature = "json", feature = "messagepack"))]
mod tests;
