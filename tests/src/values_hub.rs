//! A hub that gives back values of every kind that .NET has.

use std::collections::BTreeMap;

use futures_util::Stream;
use serde::{Deserialize, Serialize};
use signalr_runtime::payload::{ByteArray, DateTime, DateTimeOffset};
use signalr_runtime::server::{Hub, HubContext};
use signalr_runtime::{HubResult, client_proxy, hub};

use crate::test_hub::Person;

/// A value that .NET writes in one form in JSON and in another in MessagePack: `decimal`, `char`, `TimeSpan`, `DateOnly`,
/// `TimeOnly` and enums.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
}

/// An object with a member of every kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Everything {
    truth: bool,
    count: i32,
    large: i64,
    ratio: f64,
    price: Scalar,
    letter: Scalar,
    text: String,
    nothing: Option<String>,
    bytes: ByteArray,
    id: String,
    when: DateTime,
    r#where: DateTimeOffset,
    how_long: Scalar,
    day: Scalar,
    hour: Scalar,
    link: String,
    colour: Scalar,
    perhaps: Option<i32>,
    list: Vec<i32>,
    by_name: BTreeMap<String, i32>,
    people: Vec<Person>,
}

/// The methods that clients may call. Each gives back its argument.
#[hub(client = ValuesClient)]
#[expect(missing_docs, reason = "the trait says it for all of them")]
pub trait ValuesHub {
    async fn echo_bool(&self, value: bool) -> HubResult<bool>;
    #[signalr(name = "EchoSByte")]
    async fn echo_sbyte(&self, value: i8) -> HubResult<i8>;
    async fn echo_byte(&self, value: u8) -> HubResult<u8>;
    async fn echo_short(&self, value: i16) -> HubResult<i16>;
    #[signalr(name = "EchoUShort")]
    async fn echo_ushort(&self, value: u16) -> HubResult<u16>;
    async fn echo_int(&self, value: i32) -> HubResult<i32>;
    #[signalr(name = "EchoUInt")]
    async fn echo_uint(&self, value: u32) -> HubResult<u32>;
    async fn echo_long(&self, value: i64) -> HubResult<i64>;
    #[signalr(name = "EchoULong")]
    async fn echo_ulong(&self, value: u64) -> HubResult<u64>;
    async fn echo_float(&self, value: f32) -> HubResult<f32>;
    async fn echo_double(&self, value: f64) -> HubResult<f64>;
    async fn echo_decimal(&self, value: Scalar) -> HubResult<Scalar>;
    async fn echo_char(&self, value: Scalar) -> HubResult<Scalar>;
    async fn echo_string(&self, value: Option<String>) -> HubResult<Option<String>>;
    async fn echo_bytes(&self, value: ByteArray) -> HubResult<ByteArray>;
    async fn echo_guid(&self, value: String) -> HubResult<String>;
    async fn echo_date_time(&self, value: DateTime) -> HubResult<DateTime>;
    async fn echo_date_time_offset(&self, value: DateTimeOffset) -> HubResult<DateTimeOffset>;
    async fn echo_time_span(&self, value: Scalar) -> HubResult<Scalar>;
    async fn echo_date_only(&self, value: Scalar) -> HubResult<Scalar>;
    async fn echo_time_only(&self, value: Scalar) -> HubResult<Scalar>;
    async fn echo_uri(&self, value: String) -> HubResult<String>;
    async fn echo_colour(&self, value: Scalar) -> HubResult<Scalar>;
    async fn echo_nullable(&self, value: Option<i32>) -> HubResult<Option<i32>>;
    async fn echo_lists(&self, value: Vec<Vec<i32>>) -> HubResult<Vec<Vec<i32>>>;
    async fn echo_by_name(&self, value: BTreeMap<String, i32>) -> HubResult<BTreeMap<String, i32>>;
    async fn echo_everything(&self, value: Everything) -> HubResult<Everything>;
    /// Items in both directions.
    fn echo_items(
        &self,
        items: impl Stream<Item = HubResult<Everything>>,
    ) -> impl Stream<Item = HubResult<Everything>>;
    /// Sends the value back as an argument.
    async fn send_back(&self, value: Everything) -> HubResult;
    /// Gives back what the caller answers when it is asked.
    async fn ask_back(&self, value: Everything) -> HubResult<Everything>;
}

/// The methods that the server may call on clients.
#[client_proxy]
pub trait ValuesClient {
    /// The server has sent a value back.
    async fn value(&self, value: Everything);
    /// The server asks for a value.
    async fn answer(&self, value: Everything) -> HubResult<Everything>;
}

/// The server's side of [`ValuesHub`].
#[derive(Debug)]
pub struct ValuesServer {
    cx: HubContext<ValuesHubContract>,
}

impl ValuesServer {
    /// For one connection.
    pub fn new(cx: HubContext<ValuesHubContract>) -> Self {
        Self { cx }
    }
}

impl Hub for ValuesServer {
    type Contract = ValuesHubContract;
}

impl ValuesHub for ValuesServer {
    async fn echo_bool(&self, value: bool) -> HubResult<bool> {
        Ok(value)
    }

    async fn echo_sbyte(&self, value: i8) -> HubResult<i8> {
        Ok(value)
    }

    async fn echo_byte(&self, value: u8) -> HubResult<u8> {
        Ok(value)
    }

    async fn echo_short(&self, value: i16) -> HubResult<i16> {
        Ok(value)
    }

    async fn echo_ushort(&self, value: u16) -> HubResult<u16> {
        Ok(value)
    }

    async fn echo_int(&self, value: i32) -> HubResult<i32> {
        Ok(value)
    }

    async fn echo_uint(&self, value: u32) -> HubResult<u32> {
        Ok(value)
    }

    async fn echo_long(&self, value: i64) -> HubResult<i64> {
        Ok(value)
    }

    async fn echo_ulong(&self, value: u64) -> HubResult<u64> {
        Ok(value)
    }

    async fn echo_float(&self, value: f32) -> HubResult<f32> {
        Ok(value)
    }

    async fn echo_double(&self, value: f64) -> HubResult<f64> {
        Ok(value)
    }

    async fn echo_decimal(&self, value: Scalar) -> HubResult<Scalar> {
        Ok(value)
    }

    async fn echo_char(&self, value: Scalar) -> HubResult<Scalar> {
        Ok(value)
    }

    async fn echo_string(&self, value: Option<String>) -> HubResult<Option<String>> {
        Ok(value)
    }

    async fn echo_bytes(&self, value: ByteArray) -> HubResult<ByteArray> {
        Ok(value)
    }

    async fn echo_guid(&self, value: String) -> HubResult<String> {
        Ok(value)
    }

    async fn echo_date_time(&self, value: DateTime) -> HubResult<DateTime> {
        Ok(value)
    }

    async fn echo_date_time_offset(&self, value: DateTimeOffset) -> HubResult<DateTimeOffset> {
        Ok(value)
    }

    async fn echo_time_span(&self, value: Scalar) -> HubResult<Scalar> {
        Ok(value)
    }

    async fn echo_date_only(&self, value: Scalar) -> HubResult<Scalar> {
        Ok(value)
    }

    async fn echo_time_only(&self, value: Scalar) -> HubResult<Scalar> {
        Ok(value)
    }

    async fn echo_uri(&self, value: String) -> HubResult<String> {
        Ok(value)
    }

    async fn echo_colour(&self, value: Scalar) -> HubResult<Scalar> {
        Ok(value)
    }

    async fn echo_nullable(&self, value: Option<i32>) -> HubResult<Option<i32>> {
        Ok(value)
    }

    async fn echo_lists(&self, value: Vec<Vec<i32>>) -> HubResult<Vec<Vec<i32>>> {
        Ok(value)
    }

    async fn echo_by_name(&self, value: BTreeMap<String, i32>) -> HubResult<BTreeMap<String, i32>> {
        Ok(value)
    }

    async fn echo_everything(&self, value: Everything) -> HubResult<Everything> {
        Ok(value)
    }

    fn echo_items(
        &self,
        items: impl Stream<Item = HubResult<Everything>>,
    ) -> impl Stream<Item = HubResult<Everything>> {
        items
    }

    async fn send_back(&self, value: Everything) -> HubResult {
        self.cx.clients().caller().value(value).await
    }

    async fn ask_back(&self, value: Everything) -> HubResult<Everything> {
        self.cx.clients().caller().answer(value).await
    }
}
