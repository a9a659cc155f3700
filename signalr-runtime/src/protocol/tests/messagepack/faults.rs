//! What each fault of an envelope is called, and what is none.

use serde_json::json;

use super::{MESSAGEPACK, Tree, read_tree};
use crate::contract::arguments::{Arguments, BindError};
use crate::contract::value::Payload;
use crate::protocol::message::{Invocation, Message, Outcome};
use crate::protocol::{read, validate};

fn fault(record: &[u8]) -> String {
    match read(MESSAGEPACK, record) {
        Ok(message) => panic!("{record:02x?} was read as {message:?}"),
        Err(error) => {
            assert_eq!(error.name(), "InvalidDataException", "{record:02x?}");
            error.to_string()
        }
    }
}

#[test]
fn every_element_has_its_kind() {
    for (record, expected) in [
        (&b""[..], "Reading array length for 'message' failed."),
        (b"\x80", "Reading array length for 'message' failed."),
        (b"\xA3foo", "Reading array length for 'message' failed."),
        (b"\x93\x01\x80", "Reading array length for 'message' failed."),
        (b"\xDD\xFF\xFF\xFF\xFF\x06", "Reading array length for 'message' failed."),
        (b"\x90", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xC0", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xC3", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xCE\x80\0\0\0", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xCA\0\0\0\0", "Reading 'messageType' as Int32 failed."),
        (b"\x91\x01", "Reading map length for 'headers' failed."),
        (b"\x92\x01\xC0", "Reading map length for 'headers' failed."),
        (b"\x92\x01\x90", "Reading map length for 'headers' failed."),
        (b"\x92\x05\x81", "Reading map length for 'headers' failed."),
        (b"\x92\x05\xDF\xFF\xFF\xFF\xFF", "Reading map length for 'headers' failed."),
        (b"\x92\x01\x81\x05\x05", "Reading 'headers[0].Key' as String failed."),
        (b"\x92\x01\x81\xA1a\x05", "Reading 'headers[0].Value' as String failed."),
        (b"\x92\x01\x82\xA1a\xA1b\xC2\x00", "Reading 'headers[1].Key' as String failed."),
        (b"\x92\x01\x82\xA1a\xA1b\xC0\x00", "Null or empty key in header."),
        (b"\x92\x01\x81\xA1a\xC0", "Null or empty value in header."),
        (b"\x92\x01\x80", "Reading 'invocationId' as String failed."),
        (b"\x93\x01\x80\x05", "Reading 'invocationId' as String failed."),
        (b"\x93\x01\x80\xC4\x01a", "Reading 'invocationId' as String failed."),
        (b"\x93\x01\x80\xA2a", "Reading 'invocationId' as String failed."),
        (b"\x93\x01\x80\xDB\xFF\xFF\xFF\xFF", "Reading 'invocationId' as String failed."),
        (b"\x93\x01\x80\xC0", "Reading 'target' as String failed."),
        (b"\x94\x01\x80\xC0\xC0", "Null or empty target for Invocation message."),
        (b"\x94\x04\x80\xA1a\xA0", "Null or empty target for StreamInvocation message."),
        (b"\x93\x04\x80\xC0", "Null or empty invocation ID for StreamInvocation message."),
        (b"\x93\x02\x80\xC0", "Null or empty invocation ID for StreamItem message."),
        (b"\x93\x03\x80\xC0", "Null or empty invocation ID for Completion message."),
        (b"\x93\x05\x80\xC0", "Null or empty invocation ID for CancelInvocation message."),
        (b"\x96\x01\x80\xC0\xA1t\x90\xC0", "Reading array length for 'streamIds' failed."),
        (b"\x96\x01\x80\xC0\xA1t\x90\x93\xA1a", "Reading array length for 'streamIds' failed."),
        (b"\x96\x01\x80\xC0\xA1t\x90\x91\x05", "Reading 'streamIds' as String failed."),
        (b"\x96\x01\x80\xC0\xA1t\x90\x91\xC0", "Null or empty value in streamIds received."),
        (b"\x93\x03\x80\xA1a", "Reading 'resultKind' as Int32 failed."),
        (b"\x94\x03\x80\xA1a\x00", "Invalid invocation result kind."),
        (b"\x94\x03\x80\xA1a\x04", "Invalid invocation result kind."),
        (b"\x94\x03\x80\xA1a\x01", "Reading 'error' as String failed."),
        (b"\x92\x07\x05", "Reading 'error' as String failed."),
        (b"\x91\x07", "Reading 'error' as String failed."),
        (b"\x93\x07\xC0\xC0", "Reading 'allowReconnect' as Boolean failed."),
        (b"\x93\x07\xC0\x01", "Reading 'allowReconnect' as Boolean failed."),
        (b"\x91\x08", "Reading 'sequenceId' as Int64 failed."),
        (b"\x92\x09\xA1a", "Reading 'sequenceId' as Int64 failed."),
        (b"\x92\x09\xCF\x80\0\0\0\0\0\0\0", "Reading 'sequenceId' as Int64 failed."),
    ] {
        assert_eq!(fault(record), expected, "{record:02x?}");
    }
}

#[test]
fn no_header_comes_twice() {
    let text = |text: String| Tree::Str(text.into_bytes());
    // Few are compared with each other, many are looked up.
    for (count, again) in [(2, 0), (8, 7), (9, 3), (9, 8), (30, 8), (30, 29)] {
        let mut headers: Vec<_> = (0..count).map(|n| (text(format!("h{n}")), text("v".to_owned()))).collect();
        let message = |headers: &[(Tree, Tree)]| {
            Tree::Array(vec![Tree::Int(5), Tree::Map(headers.to_vec()), text("1".to_owned())])
        };
        assert!(read_tree(&message(&headers)).is_ok());
        headers.push((text(format!("h{again}")), text("w".to_owned())));
        let error = read(MESSAGEPACK, &message(&headers).to_bytes()).expect_err("twice");
        assert_eq!(
            error.to_string(),
            format!("An item with the same key has already been added. Key: h{again}")
        );
        assert_eq!(error.name(), "ArgumentException");
    }
}

#[test]
fn what_stands_behind_a_message_is_not_looked_at() {
    for (record, expected) in [
        (&b"\x91\x06"[..], json!({"type": "Ping"})),
        (b"\x9F\x06\xC1\xC1\xC1\xC1\xC1\xC1\xC1\xC1\xC1\xC1\xC1\xC1\xC1\xC1", json!({"type": "Ping"})),
        (b"\x91\x06\xC1", json!({"type": "Ping"})),
        (b"\x93\x05\x80\xA1a\xC1", json!({"type": "CancelInvocation", "invocationId": "a"})),
        // The number of elements tells nothing else.
        (b"\x90\x06", json!({"type": "Ping"})),
        (b"\x91\x08\x01", json!({"type": "Ack", "sequenceId": 1})),
        (b"\x92\x07\xC0\xC1", json!({"type": "Close", "error": null, "allowReconnect": false})),
        (b"\x93\x07\xA0\xC3", json!({"type": "Close", "error": "", "allowReconnect": true})),
    ] {
        assert_eq!(
            super::super::model::read_whole_in(MESSAGEPACK, record),
            Ok(Some(expected)),
            "{record:02x?}"
        );
        assert_eq!(validate(MESSAGEPACK, record), Ok(()));
    }
    for unknown in [&b"\x91\x00"[..], b"\x91\x0A\xC1", b"\x92\xFF\xC1", b"\x91\xCE\x7F\xFF\xFF\xFF"] {
        assert!(read(MESSAGEPACK, unknown).expect("skipped").is_none(), "{unknown:02x?}");
    }
}

#[test]
fn what_is_not_utf_8_is_replaced() {
    let text = |bytes: &[u8]| Tree::Str(bytes.to_vec());
    let headers = Tree::Map(vec![(text(b"\xFF"), text(b"a\xC3"))]);
    let (arguments, ids) = (Tree::Array(Vec::new()), Tree::Array(vec![text(b"\xFF")]));
    let call = Tree::Array(vec![Tree::Int(4), headers, text(b"\xED\xA0\x80"), text(b"\xFF"), arguments, ids]);
    assert_eq!(
        read_tree(&call),
        Ok(Some(json!({
            "type": "StreamInvocation", "invocationId": "\u{FFFD}\u{FFFD}\u{FFFD}", "target": "\u{FFFD}",
            "arguments": [], "streamIds": ["\u{FFFD}"], "headers": {"\u{FFFD}": "a\u{FFFD}"},
        })))
    );
    let close = Tree::Array(vec![Tree::Int(7), text(b"\xFF"), Tree::Bool(true)]);
    assert_eq!(
        read_tree(&close),
        Ok(Some(json!({"type": "Close", "error": "\u{FFFD}", "allowReconnect": true})))
    );
}

#[test]
fn an_empty_error_is_one_and_nil_is_none() {
    let outcome = |record: &'static [u8]| match read(MESSAGEPACK, record) {
        Ok(Some(Message::Completion { outcome, .. })) => outcome,
        other => panic!("{other:?}"),
    };
    assert!(matches!(outcome(b"\x95\x03\x80\xA1a\x01\xA0"), Outcome::Error(error) if error.is_empty()));
    assert!(matches!(outcome(b"\x95\x03\x80\xA1a\x01\xC0"), Outcome::Void));
    assert!(matches!(outcome(b"\x95\x03\x80\xA1a\x02\x05"), Outcome::Void));
}

fn invocation(record: &[u8]) -> Invocation<'_> {
    match read(MESSAGEPACK, record) {
        Ok(Some(Message::Invocation(invocation))) => invocation,
        other => panic!("{record:02x?}: {other:?}"),
    }
}

/// A broken value ends its call: the length of the frame says where the next message begins.
#[test]
fn broken_values_are_the_callees_business() {
    let deep = [&b"\x96\x01\x80\xA1i\xA1t"[..], &[0x91].repeat(1_000_000)].concat();
    let nested = |depth: usize| {
        [&b"\x96\x01\x80\xA1i\xA1t\x91"[..], &[0x91].repeat(depth - 1), b"\x90\x91\xA1s"].concat()
    };
    // The place of the argument that cannot be read, or none where there is no list.
    for (record, expected) in [
        (b"\x96\x01\x80\xA1i\xA1t".to_vec(), None),
        (b"\x96\x01\x80\xA1i\xA1t\xC0\x90".to_vec(), None),
        (b"\x96\x01\x80\xA1i\xA1t\x91".to_vec(), None),
        (b"\x96\x01\x80\xA1i\xA1t\x91\xC1\x90".to_vec(), Some(1)),
        (b"\x96\x01\x80\xA1i\xA1t\x91\xA5ab".to_vec(), Some(1)),
        (deep, Some(1)),
        (nested(63), Some(1)),
    ] {
        let invocation = invocation(&record);
        assert_eq!(invocation.id.as_deref(), Some("i"));
        assert!(invocation.stream_ids.is_empty());
        let mut arguments = Arguments::new(invocation.arguments, 1);
        let place = match arguments.next::<serde_json::Value>() {
            Err(BindError::Argument { place, .. }) => Some(place),
            Err(BindError::NoList) => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(place, expected);
        assert_eq!(validate(MESSAGEPACK, &record), Ok(()));
    }
    let deepest = nested(62);
    let invocation = invocation(&deepest);
    assert_eq!(invocation.stream_ids, ["s"]);
    let mut arguments = Arguments::new(invocation.arguments, 1);
    assert!(arguments.skip().is_ok());
    let decodes = |payload: Payload<'_>| payload.decode::<serde_json::Value>().is_ok();
    for record in [&b"\x94\x02\x80\xA1a"[..], b"\x94\x02\x80\xA1a\xC1", b"\x94\x02\x80\xA1a\xA5ab"] {
        let Ok(Some(Message::StreamItem { item, .. })) = read(MESSAGEPACK, record) else { panic!("an item") };
        assert!(!decodes(item), "{record:02x?}");
    }
    for record in
        [&b"\x95\x03\x80\xA1a\x03"[..], b"\x95\x03\x80\xA1a\x03\x92\x01", b"\x95\x03\x80\xA1a\x03\xC1"]
    {
        let Ok(Some(Message::Completion { outcome: Outcome::Result(result), .. })) =
            read(MESSAGEPACK, record)
        else {
            panic!("a result");
        };
        assert!(!decodes(result), "{record:02x?}");
    }
}
