//! Bytes that mean harm: nothing panics, and every record is consumed.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::MESSAGEPACK;
use super::reference::any_message;
use crate::contract::arguments::{Arguments, BindError};
use crate::contract::value::Payload;
use crate::protocol::framing::{Framing, RecordReader};
use crate::protocol::message::{Message, Outcome};
use crate::protocol::{read, validate, write};

/// Runs everything that looks at the bytes of a peer; gives the number of records.
fn feed(bytes: &[u8], limit: Option<usize>) -> usize {
    let mut reader = RecordReader::new(limit);
    reader.switch(Framing::Binary, limit);
    let mut count = 0;
    let _ = reader.push(bytes, |record| {
        count += 1;
        feed_record(record);
        ControlFlow::<()>::Continue(())
    });
    let _ = reader.end();
    count
}

fn feed_record(record: &[u8]) {
    if let Ok(Some(message)) = read(MESSAGEPACK, record) {
        decode(&message);
        write(MESSAGEPACK, &message, &mut Vec::new());
    }
    let _ = validate(MESSAGEPACK, record);
}

fn decode(message: &Message<'_>) {
    let one = |payload: Payload<'_>| {
        let _ = payload.decode::<serde_json::Value>();
        let _ = payload.decode::<Vec<Option<(String, i8)>>>();
        let _ = payload.decode::<crate::payload::DateTimeOffset>();
    };
    match message {
        Message::Invocation(invocation) | Message::StreamInvocation(invocation) => {
            let mut arguments = Arguments::new(invocation.arguments, 2);
            let _ = arguments.next::<serde_json::Value>();
            let _ = arguments.next::<Vec<u8>>();
            if let Err(BindError::Count { provided, .. }) = arguments.finish() {
                assert!(provided <= invocation.arguments.bytes.len());
            }
        }
        Message::StreamItem { item, .. } => one(*item),
        Message::Completion { outcome: Outcome::Result(result), .. } => one(*result),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn random_bytes_do_no_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        limit in prop::option::of(0..100_usize),
    ) {
        prop_assert!(feed(&bytes, limit) <= bytes.len());
        feed_record(&bytes);
    }

    #[test]
    fn bytes_that_look_like_a_message_do_no_harm(
        message in any_message(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 0..4),
    ) {
        let mut record = message.to_bytes();
        for (at, byte, edit) in edits {
            let at = at.index(record.len());
            match edit {
                0 => record[at] = byte,
                1 => record.insert(at, byte),
                _ if record.len() > 1 => { record.remove(at); }
                _ => {}
            }
        }
        feed_record(&record);
    }
}
