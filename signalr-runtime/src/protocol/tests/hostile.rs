//! Bytes that mean harm: nothing panics, and nothing broken passes for sound.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::generate::envelope;
use crate::contract::arguments::{Arguments, BindError};
use crate::contract::value::{HubProtocol, Payload};
use crate::protocol::framing::RecordReader;
use crate::protocol::handshake::{HandshakeRequest, HandshakeResponse};
use crate::protocol::message::{Message, Outcome};
use crate::protocol::{read, validate, write};
use crate::transport::negotiate::Negotiation;

/// Runs everything that looks at the bytes of a peer.
fn feed(bytes: &[u8], limit: Option<usize>) {
    let mut reader = RecordReader::new(limit);
    let _ = reader.push(bytes, |record| {
        let _ = HandshakeRequest::read(record);
        let _ = HandshakeResponse::read(record);
        if let Ok(Some(message)) = read(HubProtocol::Json, record) {
            write(HubProtocol::Json, &message, &mut Vec::new());
        }
        let _ = validate(HubProtocol::Json, record);
        ControlFlow::<()>::Continue(())
    });
    let _ = reader.end();
    let _ = Negotiation::read(bytes);
}

/// Whether the values of a message can be decoded as what is most easily satisfied.
fn decodes(message: &Message<'_>) -> bool {
    let one = |payload: Payload<'_>| payload.decode::<serde_json::Value>().is_ok();
    match message {
        Message::Invocation(invocation) | Message::StreamInvocation(invocation) => {
            bind_all(invocation.arguments).is_ok()
        }
        Message::StreamItem { item, .. } => one(*item),
        Message::Completion { outcome: Outcome::Result(result), .. } => one(*result),
        _ => true,
    }
}

/// Binds a list to as many arguments as it has.
fn bind_all(list: Payload<'_>) -> Result<(), BindError> {
    for count in 0.. {
        let mut arguments = Arguments::new(list, count);
        let bound = (0..count).try_for_each(|_| arguments.next::<serde_json::Value>().map(drop));
        match bound.and_then(|()| arguments.finish()) {
            Err(BindError::Count { provided, .. }) if provided > count => {}
            other => return other,
        }
    }
    unreachable!("some count fits, or none does")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn random_bytes_do_no_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        limit in prop::option::of(0..100_usize),
    ) {
        feed(&bytes, limit);
    }

    #[test]
    fn bytes_that_look_like_a_message_do_no_harm(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "\u{1e}", "0", "-", "1", ".", "e", "9",
            "\"type\"", "\"type\":", "\"arguments\":[", "\"target\":\"t\"", "\"item\":", "\"invocationId\":\"1\"",
            "\"headers\":{", "\"streamIds\":[", "null", "true", "false", " ", "\n", "\u{c}", "é", "😀", "//", "/*",
        ]), 0..60),
        limit in prop::option::of(0..100_usize),
    ) {
        feed(parts.concat().as_bytes(), limit);
    }

    /// The promise to whoever decodes values: a record with a broken value never binds, so that it is enough
    /// to validate when binding fails.
    #[test]
    fn what_is_broken_does_not_bind(
        record in envelope(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"\"\\{}[],:x1e-.tfn /\x0b\x0c".to_vec()),
    ) {
        let mut record = record.into_bytes();
        let at = at.index(record.len());
        record[at] = byte;
        if let Ok(Some(message)) = read(HubProtocol::Json, &record)
            && validate(HubProtocol::Json, &record).is_err()
        {
            prop_assert!(!decodes(&message), "{:?} binds", String::from_utf8_lossy(&record));
        }
    }
}
