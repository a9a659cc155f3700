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
//! | `Vec<u8>`, `&[u8]` | array of numbers | array of numbers; binary is read too |
//! | [`ByteArray`], [`byte_array`] | string, base64 | binary; an array of numbers is read too, and a string, as the bytes that it has |
//! | `serde_bytes::ByteBuf` and its kin | array of numbers; a string is read too, as the bytes that it has | binary; the same are read too |
//! | `enum`, variant without data | the name, as a string | the name, as a string; a number is read too, as the position of the variant |
//! | `enum`, variant with data | object with the name as its one key | map with the name as its one key |
//! | [`DateTime`], [`timestamp`] | string, ISO 8601 in UTC | timestamp extension (type −1), in 32, 64 or 96 bits |
//! | [`DateTimeOffset`] | string, ISO 8601 with the offset | array of a timestamp, of what a clock there shows, and the offset in minutes |
//! | `chrono`, `time`, `jiff` and `SystemTime` by their own serde support | as they choose | as they choose: not what .NET reads |
//! | `Duration` | object `{secs, nanos}` | map `{secs, nanos}` |
//! | `i128`, `u128` | number | binary of 16 bytes |
//! | `Uuid`, `IpAddr` and others that serde lets write themselves in a shorter way | string | binary, numbers: not what .NET reads |
//!
//! Arguments may be nested 62 deep, results and items 63 in JSON and 62 in MessagePack: with what stands around it, that makes
//! the 64 of System.Text.Json. What carries a deeper value fails where it is made, with an error of the kind
//! [`Codec`](crate::HubErrorKind::Codec).
//!
//! JSON has no numbers for infinity and NaN: serde writes null. A number beyond its `f32` or `f64`, which .NET reads as
//! infinity, is refused. `-0` is an integer, if its type has a sign; `1.0` and `1e0` are none.
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
//! * **Bytes.** `byte[]` is [`ByteArray`] or [`byte_array`]: base64 in JSON, binary in MessagePack. In JavaScript they
//!   are a string for `atob` and `btoa` in JSON, and a `Uint8Array` in MessagePack. `serde_bytes` is for MessagePack alone: what
//!   it writes in JSON is an array of numbers, which .NET does not take for a `byte[]`, and the base64 that .NET writes there
//!   it takes for the bytes, undecoded and without an error.
//! * **Times.** `DateTime` is [`DateTime`] or [`timestamp`], `DateTimeOffset` is [`DateTimeOffset`], with the ranges of .NET:
//!   anything beyond is neither written nor read. Both keep nanoseconds, of which .NET drops what is less than 100.
//! * **64-bit integers.** JavaScript reads numbers beyond 2⁵³ inexactly.
//!
//! Others have no type here; most of them are written in one form in JSON and in another in MessagePack:
//!
//! | .NET | JSON | MessagePack | range |
//! |---|---|---|---|
//! | `TimeSpan` | string, `[-][d.]hh:mm:ss[.fffffff]` | integer of ticks, which are 100 nanoseconds | an `i64` of ticks: ±10675199 days |
//! | `DateOnly` | string, `yyyy-MM-dd` | integer of days since the first of the year 1 | the years 1 to 9999; 0 to 3652058 |
//! | `TimeOnly` | string, `hh:mm:ss[.fffffff]` | integer of ticks since midnight | up to `23:59:59.9999999`; 0 to 863999999999 |
//! | `decimal` | number | string | ±79228162514264337593543950335, with up to 28 decimal places |
//! | `Guid` | string of 36 characters | string of 36 characters | |
//! | `char` | string | integer | one unit of UTF-16 |
//! | `Uri` | string | string | |
//!
//! # With other crates
//!
//! | type | for | holds |
//! |---|---|---|
//! | [`SystemTime`](std::time::SystemTime) | [`DateTime`], [`timestamp`] | all of .NET's times on Unix; on Windows in steps of 100 nanoseconds |
//! | `chrono::DateTime<Utc>`, feature `chrono` | the same | all of .NET's times; a leap second is written as the end of the second before |
//! | `time::OffsetDateTime`, feature `time` | the same | all of .NET's times |
//! | `jiff::Timestamp`, feature `jiff` | the same | until 9999-12-30T22:00:00Z: `DateTime.MaxValue` and others of the last two days are not read |
//! | `uuid::Uuid` with `#[serde(with = "uuid::serde::hyphenated")]` | `Guid` | every `Guid`, in both protocols |
//! | `chrono::NaiveDate`, `jiff::civil::Date` | `DateOnly`, in JSON | more than .NET's years, before 1 and (`chrono`) after 9999, which .NET refuses |
//! | `chrono::NaiveTime`, `jiff::civil::Time` | `TimeOnly`, in JSON | nanoseconds: .NET refuses more than seven digits of a fraction |
//! | `rust_decimal::Decimal` with `#[serde(with = "rust_decimal::serde::str")]` | `decimal`, in MessagePack | exactly the range of `decimal`; in JSON a number goes through an `f64`, which is exact to 15 digits |
//! | `std::time::Duration`, `chrono::TimeDelta`, `jiff::Span` | nothing of .NET | none writes a `TimeSpan`: send ticks, as an `i64` |

mod base64;
mod binary;
pub mod byte_array;
mod date_time;
mod times;
pub mod timestamp;
mod unix_time;

pub use binary::ByteArray;
pub use date_time::{DateTime, DateTimeOffset};
pub use times::Timestamp;
pub use unix_time::UnixTime;

#[cfg(all(test, feature = "json", feature = "messagepack"))]
mod tests;
