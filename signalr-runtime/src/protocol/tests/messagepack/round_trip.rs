//! What is written is read again, however the bytes are cut on the way.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::MESSAGEPACK;
use crate::protocol::tests::generate::message;
use crate::protocol::tests::model::Described;
use crate::protocol::tests::round_trip::read_in_pieces;
use crate::protocol::write;

/// A message without the empty names that this protocol does not have.
fn sendable() -> impl Strategy<Value = Value> {
    message().prop_map(|mut model| {
        let filled = |text: &str| if text.is_empty() { json!("t") } else { json!(text) };
        if model["target"] == "" {
            model["target"] = json!("t");
        }
        if model["type"] == "Close" && model["error"] == "" {
            model["error"] = Value::Null;
        }
        for id in model.get_mut("streamIds").and_then(Value::as_array_mut).into_iter().flatten() {
            *id = filled(id.as_str().unwrap());
        }
        if let Some(headers) = model.get("headers").and_then(Value::as_object) {
            let headers = headers.iter().map(|(name, value)| {
                (filled(name).as_str().unwrap().to_owned(), filled(value.as_str().unwrap()))
            });
            model["headers"] = Value::Object(headers.collect());
        }
        model
    })
}

proptest! {
    #[test]
    fn messages_survive_the_wire(
        messages in prop::collection::vec(sendable(), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut bytes = Vec::new();
        for model in &messages {
            write(MESSAGEPACK, &Described::of(MESSAGEPACK, model).message(), &mut bytes);
        }
        let sent: Vec<_> = messages.into_iter().map(|model| Ok(Some(model))).collect();
        prop_assert_eq!(read_in_pieces(MESSAGEPACK, &bytes, &cuts), sent);
    }

    #[test]
    fn writing_is_stable(model in sendable()) {
        let mut once = Vec::new();
        write(MESSAGEPACK, &Described::of(MESSAGEPACK, &model).message(), &mut once);
        let records = crate::protocol::tests::model::records_in(MESSAGEPACK, &once);
        let message = crate::protocol::read(MESSAGEPACK, &records[0]).expect("sound").expect("known");
        let mut twice = Vec::new();
        write(MESSAGEPACK, &message, &mut twice);
        prop_assert_eq!(once, twice);
    }
}
