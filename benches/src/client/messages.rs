//! The hub messages of a client that calls and is called, in both hub protocols.

use std::collections::HashMap;

use bytes::{Buf, Bytes};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::websocket::{BINARY, TEXT};
use super::{Fault, Outcome};

/// The end of a JSON message, and of a handshake.
pub const SEPARATOR: u8 = 0x1e;

/// The answer to a handshake.
pub const SHAKEN: &[u8] = b"{}\x1e";

/// A hub protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// JSON.
    Json,
    /// MessagePack.
    #[value(name = "messagepack")]
    MessagePack,
}

/// What the server sends.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// A call of the one method that the hub calls, with its argument.
    Called(String),
    /// The answer to a call.
    Result {
        /// The id of the call.
        id: String,
        /// The result, if the method has one.
        value: Option<String>,
    },
    /// A ping.
    Ping,
    /// The last message.
    Close {
        /// The client may connect again.
        allow_reconnect: bool,
    },
}

const INVOCATION: u8 = 1;
const COMPLETION: u8 = 3;
const PING: u8 = 6;
const CLOSE: u8 = 7;

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct JsonMessage {
    r#type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<[String; 1]>,
    #[serde(skip_serializing)]
    result: Option<String>,
    #[serde(skip_serializing)]
    error: Option<String>,
    #[serde(skip_serializing)]
    allow_reconnect: bool,
}

type Headers = HashMap<String, String>;

impl Protocol {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// The kind of WebSocket frames that carry it.
    pub fn opcode(self) -> u8 {
        match self {
            Self::Json => TEXT,
            Self::MessagePack => BINARY,
        }
    }

    /// The first message of a client.
    pub fn handshake(self) -> Vec<u8> {
        let name = self.name();
        format!("{{\"protocol\":\"{name}\",\"version\":1}}\u{1e}").into_bytes()
    }

    /// A call of `target` with one argument.
    pub fn call(self, id: String, target: &str, argument: String) -> Outcome<Vec<u8>> {
        match self {
            Self::Json => {
                let mut message = serde_json::to_vec(&JsonMessage {
                    r#type: INVOCATION,
                    invocation_id: Some(id),
                    target: Some(target.to_owned()),
                    arguments: Some([argument]),
                    ..JsonMessage::default()
                })?;
                message.push(SEPARATOR);
                Ok(message)
            }
            Self::MessagePack => {
                let message = rmp_serde::to_vec(&(INVOCATION, Headers::new(), id, target, [argument]))?;
                let mut framed = length_prefix(message.len());
                framed.extend_from_slice(&message);
                Ok(framed)
            }
        }
    }

    /// Takes the next message. There must be one.
    pub fn split(self, messages: &mut Bytes) -> Outcome<Message> {
        match self {
            Self::Json => {
                let end = messages.iter().position(|&byte| byte == SEPARATOR).ok_or("half a message")?;
                let message = messages.split_to(end);
                messages.advance(1);
                from_json(&message)
            }
            Self::MessagePack => {
                let length = take_length_prefix(messages)?;
                if messages.len() < length {
                    return Err("half a message".into());
                }
                from_messagepack(&messages.split_to(length))
            }
        }
    }
}

fn from_json(bytes: &[u8]) -> Outcome<Message> {
    let message: JsonMessage = serde_json::from_slice(bytes)?;
    match message {
        JsonMessage { error: Some(error), .. } => Err(format!("the server reports an error: {error}").into()),
        JsonMessage { r#type: INVOCATION, arguments: Some([argument]), .. } => Ok(Message::Called(argument)),
        JsonMessage { r#type: COMPLETION, invocation_id: Some(id), result, .. } => {
            Ok(Message::Result { id, value: result })
        }
        JsonMessage { r#type: PING, .. } => Ok(Message::Ping),
        JsonMessage { r#type: CLOSE, allow_reconnect, .. } => Ok(Message::Close { allow_reconnect }),
        _ => Err(unexpected(bytes)),
    }
}

fn from_messagepack(bytes: &[u8]) -> Outcome<Message> {
    const VOID: u8 = 2;
    const RESULT: u8 = 3;
    // Each message is an array with its kind in front; both take one byte.
    match bytes.get(1) {
        Some(&INVOCATION) => {
            type Call = (u8, Headers, Option<String>, String, [String; 1], [String; 0]);
            let (.., [argument], []): Call = rmp_serde::from_slice(bytes)?;
            Ok(Message::Called(argument))
        }
        Some(&COMPLETION) if bytes.first() == Some(&0x94) => {
            let (_, _, id, kind): (u8, Headers, String, u8) = rmp_serde::from_slice(bytes)?;
            if kind == VOID { Ok(Message::Result { id, value: None }) } else { Err(unexpected(bytes)) }
        }
        Some(&COMPLETION) => {
            type Completion = (u8, Headers, String, u8, Option<String>);
            let (_, _, id, kind, value): Completion = rmp_serde::from_slice(bytes)?;
            if kind == RESULT { Ok(Message::Result { id, value }) } else { Err(unexpected(bytes)) }
        }
        Some(&PING) => Ok(Message::Ping),
        Some(&CLOSE) => {
            let (_, error, allow_reconnect): (u8, Option<String>, bool) = rmp_serde::from_slice(bytes)?;
            match error {
                None => Ok(Message::Close { allow_reconnect }),
                Some(error) => Err(format!("the server reports an error: {error}").into()),
            }
        }
        _ => Err(unexpected(bytes)),
    }
}

fn unexpected(bytes: &[u8]) -> Fault {
    format!("an unexpected message: {}", String::from_utf8_lossy(bytes)).into()
}

/// Seven bits in each byte, the lowest first; all but the last have the highest bit set.
fn length_prefix(mut length: usize) -> Vec<u8> {
    let mut prefix = Vec::new();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        if length == 0 {
            prefix.push(low);
            return prefix;
        }
        prefix.push(low | 0x80);
    }
}

fn take_length_prefix(bytes: &mut Bytes) -> Outcome<usize> {
    let mut length = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = bytes.try_get_u8()?;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(length);
        }
    }
    Err("a length without an end".into())
}
