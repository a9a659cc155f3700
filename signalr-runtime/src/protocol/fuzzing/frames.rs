//! The messages of the hub protocols.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{check, cuts};
use crate::contract::messagepack;
use crate::contract::value::{HubProtocol, Payload, WireValue};
use crate::protocol::framing::{Framing, RecordReader};
use crate::protocol::message::{Invocation, Message, Outcome};
use crate::protocol::{ProtocolError, read, validate, write};

/// Reads `data` as messages of the JSON hub protocol.
///
/// # Panics
///
/// If the messages depend on how the bytes arrive; if one that was read is another one after it was written; if an error
/// repeats what was received; if sound JSON is called broken.
pub fn json_frames(data: &[u8]) {
    for record in cuts::records(Framing::Text, data).0.iter() {
        let message = read(HubProtocol::Json, record);
        if message == Err(ProtocolError::Malformed) {
            let value = serde_json::from_slice::<serde_json::Value>(record);
            assert!(value.map_or(true, |value| depth(&value) > 64), "sound JSON is called broken");
        }
        if let Ok(Some(message)) = &message {
            // What is in a value is looked at later: only if it is sound can it be told from what stands around it.
            if validate(HubProtocol::Json, record).is_ok() {
                round_trip(HubProtocol::Json, message);
            }
        }
        values(record, message);
    }
}

/// Reads `data` as messages of the MessagePack hub protocol.
///
/// # Panics
///
/// As [`json_frames`].
pub fn messagepack_frames(data: &[u8]) {
    for record in cuts::records(Framing::Binary, data).0.iter() {
        let message = read(HubProtocol::MessagePack, record);
        if let Ok(Some(message)) = &message
            && payload(message).is_none_or(is_one_value)
        {
            round_trip(HubProtocol::MessagePack, message);
        }
        values(record, message);
    }
}

/// A message that was written is read as the same.
fn round_trip(format: HubProtocol, message: &Message<'_>) {
    let mut frame = Vec::new();
    write(format, message, &mut frame);
    let mut reader = RecordReader::new(None);
    reader.switch(Framing::of(format), None);
    let mut records = 0;
    let pushed = reader.push(&frame, |record| {
        records += 1;
        let again = read(format, record);
        assert_eq!(again.map(|again| again.map(without_empty)), Ok(Some(without_empty(message.clone()))));
        ControlFlow::<()>::Continue(())
    });
    assert_eq!((pushed, reader.end(), records), (Ok(ControlFlow::Continue(())), Ok(()), 1));
}

/// What is empty is not written.
fn without_empty(message: Message<'_>) -> Message<'_> {
    match message {
        Message::Completion { id, outcome: Outcome::Error(error) } if error.is_empty() => {
            Message::Completion { id, outcome: Outcome::Void }
        }
        Message::Close { error, allow_reconnect } => {
            Message::Close { error: error.filter(|error| !error.is_empty()), allow_reconnect }
        }
        other => other,
    }
}

/// Values of some types, none of which is what was sent: what is wrong is said without it.
fn values(record: &[u8], message: Result<Option<Message<'_>>, ProtocolError>) {
    match message {
        Ok(Some(message)) => {
            if let Some(payload) = payload(&message) {
                decode::<serde_json::Value>(payload);
                decode::<Vec<Sample<'static>>>(payload);
                decode::<(i32, String, Option<f64>)>(payload);
                decode::<Vec<BTreeMap<String, u8>>>(payload);
            }
        }
        Ok(None) => {}
        Err(error) => check(&error, record),
    }
}

#[derive(Debug, Deserialize, Serialize)]
enum Sample<'a> {
    Nothing,
    Text(Cow<'a, str>),
    Inner { values: Vec<Sample<'a>>, flag: Option<bool> },
}

fn decode<T: WireValue>(payload: Payload<'_>) {
    const WORDS: usize = 256;
    if let Err(error) = payload.decode::<T>() {
        let text = error.to_string();
        assert!(text.len() <= WORDS, "{} bytes are said of a value", text.len());
    }
}

fn payload<'a>(message: &Message<'a>) -> Option<Payload<'a>> {
    match message {
        Message::Invocation(Invocation { arguments, .. })
        | Message::StreamInvocation(Invocation { arguments, .. }) => Some(*arguments),
        Message::StreamItem { item, .. } => Some(*item),
        Message::Completion { outcome: Outcome::Result(result), .. } => Some(*result),
        _ => None,
    }
}

fn is_one_value(payload: Payload<'_>) -> bool {
    let mut rest = payload.bytes;
    messagepack::value(&mut rest).is_ok() && rest.is_empty()
}

fn depth(value: &serde_json::Value) -> usize {
    let inner = match value {
        serde_json::Value::Array(values) => values.iter().map(depth).max(),
        serde_json::Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}
