//! The reader held against a slow one that works on a value tree.

use std::fmt;

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::generate::envelope;
use super::model::{NOT_TEXT, marked, read_whole};
use crate::protocol::ProtocolError;

/// The members of an object in order, repeated ones included.
struct Members(Vec<(String, Member)>);

/// The value of a member. Of `headers` and the like the order counts too.
enum Member {
    Object(Members, Value),
    Other(Value),
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Member, A::Error> {
                let members = Members::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                let object = members.0.iter().map(|(name, member)| (name.clone(), member.value().clone()));
                let object = Value::Object(object.collect::<Map<_, _>>());
                Ok(Member::Object(members, object))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Member, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element::<Value>()? {
                    list.push(value);
                }
                Ok(Member::Other(Value::Array(list)))
            }

            fn visit_unit<E>(self) -> Result<Member, E> {
                Ok(Member::Other(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Member, E> {
                Ok(Member::Other(json!(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Member, E> {
                Ok(Member::Other(json!(value)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Member, E> {
                Ok(Member::Other(json!(value)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Member, E> {
                // `-0`, the one integer that serde_json takes for a fraction.
                Ok(Member::Other(if value == 0.0 { json!(0) } else { json!(value) }))
            }

            fn visit_str<E>(self, value: &str) -> Result<Member, E> {
                Ok(Member::Other(json!(value)))
            }
        }
        deserializer.deserialize_any(Collect)
    }
}

impl Member {
    fn value(&self) -> &Value {
        match self {
            Self::Object(_, value) | Self::Other(value) => value,
        }
    }

    fn string(&self, property: &str) -> Result<Value, String> {
        let Some(text) = self.value().as_str() else {
            return Err(format!("Expected '{property}' to be of type String."));
        };
        be_text(text)?;
        Ok(self.value().clone())
    }

    fn integer(&self, property: &str, width: &str) -> Result<Option<i64>, String> {
        match self.value() {
            Value::Null => Ok(None),
            Value::Number(number) => {
                let fits = number.as_i64().filter(|id| width == "Int64" || i32::try_from(*id).is_ok());
                fits.map(Some).ok_or(format!(
                    "Either the JSON value is not in a supported format, or is out of bounds for an {width}."
                ))
            }
            _ => Err(format!("Expected '{property}' to be of type Number.")),
        }
    }

    fn stream_ids(&self) -> Result<Value, String> {
        let wrong = || "Expected 'streamIds' to be of type Array.".to_owned();
        for id in self.value().as_array().ok_or_else(wrong)? {
            let token = match id {
                Value::String(id) => {
                    be_text(id)?;
                    continue;
                }
                Value::Null => return Err("Null value for 'streamIds' is not valid.".to_owned()),
                Value::Bool(true) => "True",
                Value::Bool(false) => "False",
                Value::Number(_) => "Number",
                Value::Array(_) => "StartArray",
                Value::Object(_) => "StartObject",
            };
            return Err(format!("Cannot get the value of a token type '{token}' as a string."));
        }
        Ok(self.value().clone())
    }

    fn headers(&self) -> Result<Value, String> {
        let Self::Object(members, object) = self else {
            return Err("Expected 'headers' to be of type StartObject.".to_owned());
        };
        for (name, member) in &members.0 {
            be_text(name)?;
            let Some(value) = member.value().as_str() else {
                return Err(format!("Expected header '{name}' to be of type String."));
            };
            be_text(value)?;
        }
        Ok(object.clone())
    }
}

/// For each way in which a string is no text.
const NO_TEXT: &str = "no text";

/// A string that is read has to be text.
fn be_text(string: &str) -> Result<(), String> {
    if string.contains(NOT_TEXT) { Err(NO_TEXT.to_owned()) } else { Ok(()) }
}

/// Reads an envelope as the rules of the protocol say, one after the other.
fn read_slowly(members: &Members) -> Result<Option<Value>, String> {
    let (mut found, mut arguments_wait) = (Map::new(), false);
    for (name, member) in &members.0 {
        let value = match name.as_str() {
            "type" => match member.integer(name, "Int32")? {
                None => return Err("Expected 'type' to be of type Number.".to_owned()),
                kind => json!(kind),
            },
            "sequenceId" => json!(member.integer(name, "Int64")?),
            "invocationId" | "target" | "error" => member.string(name)?,
            "allowReconnect" if !member.value().is_boolean() => {
                return Err("Expected 'allowReconnect' to be true or false.".to_owned());
            }
            "arguments" if !member.value().is_array() => {
                return Err("Expected 'arguments' to be of type Array.".to_owned());
            }
            "streamIds" => member.stream_ids()?,
            "headers" => member.headers()?,
            _ => member.value().clone(),
        };
        let knows_target = found.get("target").is_some_and(|target| *target != "");
        if name == "arguments" {
            // Those before the target go before all that follow it.
            if knows_target && arguments_wait {
                continue;
            }
            arguments_wait = !knows_target;
        }
        found.insert(name.clone(), value);
    }
    let get = |property: &str| found.get(property).cloned();
    let need = |property: &str| {
        get(property)
            .filter(|value| !value.is_null())
            .ok_or(format!("Missing required property '{property}'."))
    };
    let need_id = || {
        let id = get("invocationId").filter(|id| *id != "");
        id.ok_or("Missing required property 'invocationId'.".to_owned())
    };
    let call = |kind: &str, id: Value, target: Value| -> Result<Value, String> {
        let mut model = json!({
            "type": kind, "invocationId": id, "target": target, "arguments": need("arguments")?,
        });
        for (property, empty) in [("streamIds", json!([])), ("headers", json!({}))] {
            if let Some(value) = get(property).filter(|value| *value != empty) {
                model[property] = value;
            }
        }
        Ok(model)
    };
    let kind = get("type").ok_or("Missing required property 'type'.")?;
    let model = match kind.as_i64() {
        Some(1) => {
            let target = need("target")?;
            if target == "" && get("arguments").is_none() {
                return Err("Missing required property 'target'.".to_owned());
            }
            call("Invocation", need_id().unwrap_or(Value::Null), target)?
        }
        Some(2) => {
            let id = need_id()?;
            let item = get("item").ok_or("Missing required property 'item'.")?;
            json!({"type": "StreamItem", "invocationId": id, "item": item})
        }
        Some(3) => {
            let id = need_id()?;
            let (error, result) = (get("error"), get("result"));
            if error.is_some() && result.is_some() {
                return Err("The 'error' and 'result' properties are mutually exclusive.".to_owned());
            }
            json!({
                "type": "Completion", "invocationId": id, "hasResult": result.is_some(), "result": result,
                "error": error,
            })
        }
        Some(4) => {
            let target = need("target")?;
            call("StreamInvocation", need_id()?, target)?
        }
        Some(5) => json!({"type": "CancelInvocation", "invocationId": need_id()?}),
        Some(6) => json!({"type": "Ping"}),
        Some(7) => {
            let reconnect = get("allowReconnect").unwrap_or(json!(false));
            json!({"type": "Close", "error": get("error"), "allowReconnect": reconnect})
        }
        Some(8) => json!({"type": "Ack", "sequenceId": need("sequenceId")?}),
        Some(9) => json!({"type": "Sequence", "sequenceId": need("sequenceId")?}),
        _ => return Ok(None),
    };
    Ok(Some(model))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_reader_agrees_with_the_slow_one(record in envelope()) {
        let members: Members = serde_json::from_str(&record).expect("an object");
        let read = read_whole(record.as_bytes()).map_err(|error| error.to_string());
        prop_assert_eq!(read, read_slowly(&members));
    }

    /// One byte changed, put in or taken out: still the same, or broken for both. No byte makes an exponent:
    /// numbers that are too large for the slow reader are sound.
    #[test]
    fn the_reader_agrees_about_what_is_broken(
        record in envelope(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"\"\\{}[],:x1-.tfn /\x0b\x0c\x7f\xc3\xff".to_vec()),
        edit in 0..3,
    ) {
        prop_assume!(!record.contains(NOT_TEXT));
        let mut record = record.into_bytes();
        let at = at.index(record.len());
        match edit {
            0 => record[at] = byte,
            1 => record.insert(at, byte),
            _ => { record.remove(at); }
        }
        agree(&record)?;
    }
}

/// Whether the readers agree about a record that may be broken.
fn agree(record: &[u8]) -> Result<(), TestCaseError> {
    let read = read_whole(record).map_err(|error| match error {
        ProtocolError::NotText(_) => NO_TEXT.to_owned(),
        error => error.to_string(),
    });
    // What stands behind the object is not looked at.
    match serde_json::Deserializer::from_str(&marked(record)).into_iter::<Members>().next() {
        Some(Ok(members)) => prop_assert_eq!(read, read_slowly(&members)),
        Some(Err(_)) | None => {
            prop_assert!(read.is_err(), "{:?} was read", String::from_utf8_lossy(record));
        }
    }
    Ok(())
}

/// Records about which they have not agreed.
#[test]
fn the_readers_agree_about_what_was_found() {
    for record in [&b" {} \xc3"[..], b" {}\xc3", b"{\"type\":6}\xff", b"{\"type\":6,\"a\":\"\\ud8ab\"}"] {
        agree(record).expect("they agree");
    }
}
