//! Values in both protocols, with .NET on the other side.

mod bytes;
mod floats;
mod integers;
mod times;

use crate::contract::value::{Encoded, HubProtocol, Payload, WireValue};

const PROTOCOLS: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];

fn write<T: WireValue>(format: HubProtocol, value: &T) -> Vec<u8> {
    Encoded::value(format, value).expect("it can be written").bytes().to_vec()
}

fn json<T: WireValue>(value: &T) -> String {
    String::from_utf8(write(HubProtocol::Json, value)).unwrap()
}

fn read<T: WireValue>(format: HubProtocol, bytes: &[u8]) -> Result<T, String> {
    Payload { format, bytes }.decode().map_err(|error| error.to_string())
}

/// Why a value is not written.
fn refusal<T: WireValue>(format: HubProtocol, value: &T) -> Option<String> {
    Encoded::value(format, value).err().map(|error| error.to_string())
}
