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
//! | unit struct | null | empty array |
//! | `bool` | true, false | true, false |
//! | integers | number | the shortest encoding of the number; every encoding is read |
//! | `f32`, `f64` | number | float 32, float 64; integers are read too |
//! | `char` | string | string |
//! | `String`, `&str` | string | string |
//! | `serde_bytes::ByteBuf` and its kin | array of numbers | binary |
//! | `Vec<u8>`, `&[u8]` | array of numbers | array of numbers; binary is read too |
//! | `enum`, variant without data | the name, as a string | the name, as a string; a number is read too, as the position of the variant |
//! | `enum`, variant with data | object with the name as its one key | map with the name as its one key |
//! | [`DateTime`], [`timestamp`] | string, ISO 8601 in UTC | timestamp extension (type −1), in 32, 64 or 96 bits |
//! | [`DateTimeOffset`] | string, ISO 8601 with the offset | array of a timestamp, of what a clock there shows, and the offset in minutes |
//! | `chrono`, `time`, `jiff` and `SystemTime` by their own serde support | as they choose | as they choose: not what .NET reads |
//! | `Duration` | object `{secs, nanos}` | map `{secs, nanos}` |
//! | `i128`, `u128` | number | binary of 16 bytes |
//! | `Uuid`, `IpAddr` and others that serde lets write themselves in a shorter way | string | binary, numbers: not what .NET reads |
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
//! * **Members without names.** In MessagePack, types with `[Key(0)]` and so on are arrays: a struct reads them, but to
//!   write them takes a tuple or a tuple struct. Tuples and `KeyValuePair` are arrays there, too, and objects in JSON.
//! * **Null.** Whatever is a class in .NET, `string` included, may be null: take an `Option`. No other type takes null, and
//!   nothing but an `Option` or a member with `#[serde(default)]` may be missing.
//! * **`undefined`.** JavaScript writes it as null among arguments and in arrays; a member that has it is left out in JSON,
//!   and nil in MessagePack. An argument that is an `Option` must be passed all the same, as `null`: the number of arguments
//!   counts. A handler that answers a question with `()` returns `null`: for `undefined` the client says that it gave no
//!   result.
//! * **Enums.** .NET writes numbers in JSON, unless it is given a `JsonStringEnumConverter`, and the names of members
//!   in MessagePack, those of several flags with `, ` between them. It reads no numbers there.
//! * **Enums with data.** What has `[JsonPolymorphic]` in .NET is `#[serde(tag = "$type")]` here. What has `[Union]` in
//!   MessagePack is an array of its number and its value: a tuple.
//! * **Bytes.** `byte[]` is binary in MessagePack: take `serde_bytes`. In JSON it is a base64 string.
//! * **64-bit integers.** JavaScript reads numbers beyond 2⁵³ inexactly.
//! * **Times.** `DateTime` is [`DateTime`] or [`timestamp`], `DateTimeOffset` is [`DateTimeOffset`]; .NET drops what is
//!   less than 100 nanoseconds. `TimeSpan` is a string in JSON, and an integer of 100 nanosecond ticks in MessagePack;
//!   `DateOnly` a string, and an integer of days since the first of the year 1.
//! * **`Guid`** is a string of 36 characters in both: `#[serde(with = "uuid::serde::hyphenated")]` for the `Uuid` of the crate
//!   of that name.
//! * **`Uri`** is a string in both, `decimal` a number in JSON and a string in MessagePack, and `char` a string in JSON
//!   and an integer in MessagePack.

mod date_time;
mod iso8601;
mod offset;
mod times;
pub mod timestamp;
mod unix_time;

pub use date_time::{DateTime, DateTimeOffset};
pub use times::Timestamp;
pub use unix_time::UnixTime;

#[cfg(all(test, feature = "json", feature = "messagepack"))]
mod tests;
