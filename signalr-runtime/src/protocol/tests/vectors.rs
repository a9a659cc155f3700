//! The recorded frames: what a conforming peer sends, what a conforming writer produces, and what each fault
//! is answered with.

use serde_json::json;

use super::model::{Described, describe, read_whole, records};
use super::recorded::{Vector, vectors};
use crate::contract::arguments::{Arguments, BindError};
use crate::contract::value::HubProtocol;
use crate::protocol::handshake::{HandshakeRefusal, HandshakeRequest, HandshakeResponse};
use crate::protocol::message::Message;
use crate::protocol::{ProtocolError, read, write};

#[test]
fn json_frames_are_read_as_recorded() {
    for vector in vectors("json") {
        let name = &vector.name;
        match vector.expect.as_str() {
            "ok" => {
                let read =
                    records(&vector.bytes()).iter().map(|record| read_whole(record)).collect::<Vec<_>>();
                let expected = vector.messages().into_iter().map(|model| Ok(Some(model))).collect::<Vec<_>>();
                assert_eq!(read, expected, "{name}");
            }
            "ignored" => assert_eq!(read_whole(&vector.record()), Ok(None), "{name}"),
            "error" => {
                let error = read_whole(&vector.record()).expect_err(name);
                assert_eq!(Some(error.to_string()), vector.error, "{name}");
            }
            "binding_failure" => {
                let record = vector.record();
                let Ok(Some(Message::Invocation(invocation))) = read(HubProtocol::Json, &record) else {
                    panic!("{name}: the envelope is sound");
                };
                assert_eq!(vector.message["invocationId"], json!(invocation.id), "{name}");
                assert_eq!(vector.message["target"], json!(invocation.target), "{name}");
                let error = bind_two(&invocation).expect_err(name);
                assert_eq!(Some(error.to_string()), vector.error, "{name}");
                assert_eq!(
                    crate::protocol::validate(HubProtocol::Json, &record),
                    Ok(()),
                    "{name}: not fatal"
                );
            }
            other => panic!("{name}: {other}?"),
        }
    }
}

/// Binds the arguments of `Two(int, string)`.
fn bind_two(invocation: &crate::protocol::message::Invocation<'_>) -> Result<(i32, String), BindError> {
    let mut arguments = Arguments::new(invocation.arguments, 2);
    let two = (arguments.next()?, arguments.next()?);
    arguments.finish()?;
    Ok(two)
}

#[test]
fn json_frames_are_written_as_recorded() {
    for vector in vectors("json").iter().filter(|vector| vector.expect == "ok") {
        let mut written = Vec::new();
        for model in vector.messages() {
            write(HubProtocol::Json, &Described::new(&model).message(), &mut written);
        }
        let name = &vector.name;
        if vector.exact {
            assert_eq!(String::from_utf8(written), String::from_utf8(vector.bytes()), "{name}");
        } else {
            let read = records(&written).iter().map(|record| read_whole(record)).collect::<Vec<_>>();
            let expected = vector.messages().into_iter().map(|model| Ok(Some(model))).collect::<Vec<_>>();
            assert_eq!(read, expected, "{name}");
        }
    }
}

#[test]
fn exact_json_frames_survive_reading_and_writing() {
    for vector in vectors("json").iter().filter(|vector| vector.exact) {
        let record = vector.record();
        let message = read(HubProtocol::Json, &record).expect(&vector.name).expect(&vector.name);
        let mut written = Vec::new();
        write(HubProtocol::Json, &message, &mut written);
        assert_eq!(written, vector.bytes(), "{}", vector.name);
    }
}

#[test]
fn handshakes_are_as_recorded() {
    for vector in vectors("handshake") {
        let name = &vector.name;
        let records = records(&vector.bytes());
        let request = name.starts_with("handshake_request");
        if vector.expect == "error" {
            let text = if request {
                let error = HandshakeRequest::read(&records[0]).expect_err(name);
                HandshakeRefusal::from(error).to_string()
            } else {
                HandshakeResponse::read(&records[0]).expect_err(name).to_string()
            };
            assert_eq!(Some(text), vector.error, "{name}");
            continue;
        }
        assert_eq!(vector.expect, "ok", "{name}");
        let mut written = Vec::new();
        let mut read = Vec::new();
        if request {
            let handshake = HandshakeRequest::read(&records[0]).expect(name);
            handshake.write(&mut written);
            // The vectors name the protocol that is meant, however it is spelled.
            let protocol = handshake.protocol.to_ascii_lowercase();
            read.push(json!({
                "type": "HandshakeRequest", "protocol": protocol, "version": handshake.version,
            }));
        } else {
            let handshake = HandshakeResponse::read(&records[0]).expect(name);
            handshake.write(&mut written);
            read.push(json!({"type": "HandshakeResponse", "error": handshake.error}));
        }
        for record in &records[1..] {
            let message = crate::protocol::read(HubProtocol::Json, record).expect(name).expect(name);
            read.push(describe(&message));
        }
        assert_eq!(read, vector.messages(), "{name}");
        if vector.exact || !request {
            assert_eq!(String::from_utf8(written), String::from_utf8(vector.bytes()), "{name}");
        }
    }
}

#[test]
fn oversized_handshakes_are_canceled() {
    let vectors = vectors("handshake");
    let recorded = vectors.iter().find(|vector| vector.name == "handshake_response_timeout_or_oversize");
    let refusal = HandshakeRefusal::from(ProtocolError::TooLarge { limit: 32_768 });
    let mut written = Vec::new();
    HandshakeResponse { error: Some(refusal.to_string().into()) }.write(&mut written);
    assert_eq!(Some(written), recorded.map(Vector::bytes));
}
