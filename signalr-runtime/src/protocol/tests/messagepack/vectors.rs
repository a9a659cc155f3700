//! The recorded frames.

use serde_json::{Value, json};

use super::MESSAGEPACK;
use crate::contract::arguments::Arguments;
use crate::protocol::framing::{Framing, RecordReader};
use crate::protocol::message::Message;
use crate::protocol::tests::model::{Described, read_whole_in, records_in};
use crate::protocol::tests::recorded::{Vector, vectors};
use crate::protocol::{ProtocolError, read, write};

/// What is kept of a message: empty lists are none, and only calls have headers.
fn kept(mut model: Value) -> Value {
    let is_call = matches!(model["type"].as_str(), Some("Invocation" | "StreamInvocation"));
    if let Some(model) = model.as_object_mut() {
        if model.get("streamIds") == Some(&json!([])) {
            model.remove("streamIds");
        }
        if !is_call {
            model.remove("headers");
        }
    }
    model
}

fn expected(vector: &Vector) -> Vec<Result<Option<Value>, ProtocolError>> {
    vector.messages().into_iter().map(|model| Ok(Some(kept(model)))).collect()
}

fn read_all(bytes: &[u8]) -> Vec<Result<Option<Value>, ProtocolError>> {
    records_in(MESSAGEPACK, bytes).iter().map(|record| read_whole_in(MESSAGEPACK, record)).collect()
}

/// Cuts the bytes of a vector that are not whole frames.
fn cut(vector: &Vector) -> Result<(), ProtocolError> {
    let mut reader = RecordReader::new(None);
    reader.switch(Framing::Binary, None);
    let flow = reader.push(&vector.bytes(), |record| panic!("{}: {record:?} is no record", vector.name));
    let std::ops::ControlFlow::<()>::Continue(()) = flow? else { panic!("nothing breaks") };
    reader.end()
}

#[test]
fn frames_are_read_as_recorded() {
    for vector in vectors("messagepack") {
        let name = &vector.name;
        match vector.expect.as_str() {
            "ok" => assert_eq!(read_all(&vector.bytes()), expected(&vector), "{name}"),
            "ignored" => assert_eq!(read_all(&vector.bytes()), [Ok(None)], "{name}"),
            "incomplete" => assert_eq!(cut(&vector), Err(ProtocolError::Truncated), "{name}"),
            "error" if name == "mp_prefix_over_2gb" => {
                assert_eq!(cut(&vector).expect_err(name).to_string(), vector.error.unwrap(), "{name}");
            }
            "error" => {
                let [read] = <[_; 1]>::try_from(read_all(&vector.bytes())).expect("one record");
                assert_eq!(read.expect_err(name).to_string(), vector.error.unwrap(), "{name}");
            }
            "binding_failure" => {
                let record = records_in(MESSAGEPACK, &vector.bytes()).remove(0);
                let Ok(Some(Message::Invocation(invocation))) = read(MESSAGEPACK, &record) else {
                    panic!("{name}: the envelope is sound");
                };
                assert_eq!(vector.message["invocationId"], json!(invocation.id), "{name}");
                assert_eq!(vector.message["target"], json!(invocation.target), "{name}");
                // `One(string)`
                let mut arguments = Arguments::new(invocation.arguments, 1);
                let error = arguments.next::<String>().expect_err(name);
                assert_eq!(error.to_string(), vector.error.unwrap(), "{name}");
            }
            other => panic!("{name}: {other}?"),
        }
    }
}

#[test]
fn frames_are_written_as_recorded() {
    for vector in vectors("messagepack").iter().filter(|vector| vector.expect == "ok") {
        let mut written = Vec::new();
        for model in vector.messages() {
            write(MESSAGEPACK, &Described::of(MESSAGEPACK, &model).message(), &mut written);
        }
        let name = &vector.name;
        // Nothing here sends a completion with headers.
        if vector.exact && name != "mp_completion_headers" {
            assert_eq!(written, vector.bytes(), "{name}");
        } else {
            assert_eq!(read_all(&written), expected(vector), "{name}");
        }
    }
}

#[test]
fn exact_frames_survive_reading_and_writing() {
    for vector in vectors("messagepack").iter().filter(|vector| vector.exact) {
        let record = records_in(MESSAGEPACK, &vector.bytes()).remove(0);
        let message = read(MESSAGEPACK, &record).expect(&vector.name).expect(&vector.name);
        let mut written = Vec::new();
        write(MESSAGEPACK, &message, &mut written);
        if vector.name == "mp_completion_headers" {
            assert_eq!(read_all(&written), expected(vector));
        } else {
            assert_eq!(written, vector.bytes(), "{}", vector.name);
        }
    }
}
