//! Hub messages as the vectors describe them: JSON that any reader or writer of the protocol can be held
//! against.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde_json::{Map, Value, json};

use crate::contract::value::{HubProtocol, Payload};
use crate::protocol::framing::{Framing, RecordReader};
use crate::protocol::message::{Invocation, Message, Outcome};
use crate::protocol::{ProtocolError, read, validate};

/// Describes a message that was read.
pub(crate) fn describe(message: &Message<'_>) -> Value {
    match message {
        Message::Invocation(invocation) => describe_invocation("Invocation", invocation),
        Message::StreamInvocation(invocation) => describe_invocation("StreamInvocation", invocation),
        Message::StreamItem { id, item } => {
            json!({"type": "StreamItem", "invocationId": id, "item": value(*item)})
        }
        Message::Completion { id, outcome } => {
            let (has_result, result, error) = match outcome {
                Outcome::Result(result) => (true, value(*result), Value::Null),
                Outcome::Error(error) => (false, Value::Null, json!(error)),
                Outcome::Void => (false, Value::Null, Value::Null),
            };
            json!({
                "type": "Completion", "invocationId": id, "hasResult": has_result, "result": result,
                "error": error,
            })
        }
        Message::CancelInvocation { id } => json!({"type": "CancelInvocation", "invocationId": id}),
        Message::Ping => json!({"type": "Ping"}),
        Message::Close { error, allow_reconnect } => {
            json!({"type": "Close", "error": error, "allowReconnect": allow_reconnect})
        }
        Message::Ack { sequence_id } => json!({"type": "Ack", "sequenceId": sequence_id}),
        Message::Sequence { sequence_id } => json!({"type": "Sequence", "sequenceId": sequence_id}),
    }
}

fn describe_invocation(kind: &str, invocation: &Invocation<'_>) -> Value {
    let mut model = json!({
        "type": kind, "invocationId": invocation.id, "target": invocation.target,
        "arguments": value(invocation.arguments),
    });
    if !invocation.stream_ids.is_empty() {
        model["streamIds"] = json!(invocation.stream_ids);
    }
    if !invocation.headers.is_empty() {
        let headers = invocation.headers.iter().map(|(name, value)| (name.to_string(), json!(value)));
        model["headers"] = Value::Object(headers.collect::<Map<_, _>>());
    }
    model
}

fn value(payload: Payload<'_>) -> Value {
    match payload.format {
        HubProtocol::Json => {
            serde_json::from_str(&marked(payload.bytes)).expect("the value of a message is JSON")
        }
        #[cfg(feature = "messagepack")]
        HubProtocol::MessagePack => super::tree::Tree::whole(payload.bytes).expect("MessagePack").describe(),
    }
}

/// Stands for what is no text.
pub(super) const NOT_TEXT: char = '\u{EFFFF}';

/// JSON with a mark for each piece of its strings that is no text: bytes that are not UTF-8, and escapes that are half of
/// a surrogate pair.
pub(super) fn marked(json: &[u8]) -> String {
    let mut text = String::new();
    for chunk in json.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend((!chunk.invalid().is_empty()).then_some(NOT_TEXT));
    }
    let mut out = String::new();
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match code_unit(escape) {
            Some(0xD800..0xDC00) if matches!(code_unit(&escape[6..]), Some(0xDC00..0xE000)) => 12,
            Some(0xD800..0xE000) => {
                out.push(NOT_TEXT);
                rest = &escape[6..];
                continue;
            }
            Some(_) => 6,
            None => escape.chars().take(2).map(char::len_utf8).sum(),
        };
        out.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    out + rest
}

/// What an escape in hexadecimal at the front stands for.
fn code_unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    are_digits.then(|| u16::from_str_radix(digits, 16).expect("four digits"))
}

/// The parts of a described message that a [`Message`] borrows.
pub(crate) struct Described {
    model: Value,
    format: HubProtocol,
    value: Vec<u8>,
}

impl Described {
    /// To be written in JSON.
    pub(super) fn new(model: &Value) -> Self {
        Self::of(HubProtocol::Json, model)
    }

    pub(crate) fn of(format: HubProtocol, model: &Value) -> Self {
        let value = ["arguments", "item", "result"].into_iter().find_map(|name| model.get(name));
        let value = value.map(|value| match format {
            HubProtocol::Json => serde_json::to_vec(value).expect("a value is JSON"),
            #[cfg(feature = "messagepack")]
            HubProtocol::MessagePack => super::tree::Tree::described(value).to_bytes(),
        });
        Self { model: model.clone(), format, value: value.unwrap_or_default() }
    }

    pub(crate) fn message(&self) -> Message<'_> {
        let sequence_id = || self.model["sequenceId"].as_i64().expect("a sequence id");
        match self.model["type"].as_str().expect("a type") {
            "Invocation" => Message::Invocation(self.invocation()),
            "StreamInvocation" => Message::StreamInvocation(self.invocation()),
            "StreamItem" => Message::StreamItem { id: self.id().expect("an id"), item: self.payload() },
            "Completion" => Message::Completion { id: self.id().expect("an id"), outcome: self.outcome() },
            "CancelInvocation" => Message::CancelInvocation { id: self.id().expect("an id") },
            "Ping" => Message::Ping,
            "Close" => Message::Close {
                error: self.text("error"),
                allow_reconnect: self.model["allowReconnect"].as_bool().expect("a flag"),
            },
            "Ack" => Message::Ack { sequence_id: sequence_id() },
            "Sequence" => Message::Sequence { sequence_id: sequence_id() },
            other => panic!("unknown message {other}"),
        }
    }

    fn invocation(&self) -> Invocation<'_> {
        let headers = self.model.get("headers").and_then(Value::as_object).into_iter().flatten();
        let stream_ids = self.model.get("streamIds").and_then(Value::as_array).into_iter().flatten();
        Invocation {
            headers: headers.map(|(name, value)| (name.into(), borrow(value))).collect(),
            id: self.id(),
            target: self.text("target").expect("a target"),
            arguments: self.payload(),
            stream_ids: stream_ids.map(borrow).collect(),
        }
    }

    fn outcome(&self) -> Outcome<'_> {
        match self.text("error") {
            Some(error) => Outcome::Error(error),
            None if self.model["hasResult"] == true => Outcome::Result(self.payload()),
            None => Outcome::Void,
        }
    }

    fn id(&self) -> Option<Cow<'_, str>> {
        self.text("invocationId")
    }

    fn text(&self, property: &str) -> Option<Cow<'_, str>> {
        self.model.get(property)?.as_str().map(Cow::Borrowed)
    }

    fn payload(&self) -> Payload<'_> {
        Payload { format: self.format, bytes: &self.value }
    }
}

fn borrow(value: &Value) -> Cow<'_, str> {
    Cow::Borrowed(value.as_str().expect("a string"))
}

/// Reads one record the way a connection does when it decodes no value: what is thrown away is validated.
pub(super) fn read_whole(record: &[u8]) -> Result<Option<Value>, ProtocolError> {
    read_whole_in(HubProtocol::Json, record)
}

pub(super) fn read_whole_in(format: HubProtocol, record: &[u8]) -> Result<Option<Value>, ProtocolError> {
    let message = read(format, record)?;
    validate(format, record)?;
    Ok(message.as_ref().map(describe))
}

/// Cuts one chunk into records and copies them.
pub(super) fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    records_in(HubProtocol::Json, bytes)
}

pub(super) fn records_in(format: HubProtocol, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = RecordReader::new(None);
    reader.switch(Framing::of(format), None);
    let mut records = Vec::new();
    let flow = reader.push(bytes, |record| {
        records.push(record.to_vec());
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(flow, Ok(ControlFlow::Continue(())));
    assert_eq!(reader.end(), Ok(()), "nothing is left over");
    records
}
