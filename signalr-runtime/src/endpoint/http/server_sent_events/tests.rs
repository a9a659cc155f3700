use super::*;
use crate::contract::value::HubProtocol;
use crate::protocol::handshake::HandshakeResponse;
use crate::protocol::message::Message;
use crate::protocol::tests::recorded::{Vector, vectors};
use crate::protocol::write;

/// The event for bytes that were gathered and bytes that are shared.
fn event_of(pieces: &[&[u8]]) -> Bytes {
    let mut batch = pieces
        .iter()
        .enumerate()
        .map(|(n, bytes)| match n % 2 {
            0 => Piece::Gathered(bytes.to_vec()),
            _ => Piece::Shared(Bytes::copy_from_slice(bytes)),
        })
        .collect();
    let event = event(&mut batch);
    assert!(batch.is_empty());
    event
}

/// What a vector's event carries.
fn payload(vector: &Vector) -> Vec<u8> {
    let mut payload = Vec::new();
    match &*vector.name {
        "sse_event_ping" => write(HubProtocol::Json, &Message::Ping, &mut payload),
        "sse_event_handshake_response" => HandshakeResponse::SUCCESS.write(&mut payload),
        "sse_event_payload_with_newline" => payload.extend_from_slice(b"a\r\nb\nc"),
        other => panic!("what is {other}?"),
    }
    payload
}

#[test]
fn events_are_written_as_recorded() {
    for vector in vectors("sse") {
        let written = match &*vector.name {
            "sse_stream_open" => OPEN.to_vec(),
            _ => event_of(&[&payload(&vector)]).to_vec(),
        };
        assert_eq!(String::from_utf8(written), String::from_utf8(vector.bytes()), "{}", vector.name);
    }
}

#[test]
fn each_line_has_its_prefix() {
    let cases: [(&str, &str); 9] = [
        ("a", "data: a\r\n\r\n"),
        ("a\nb", "data: a\r\ndata: b\r\n\r\n"),
        ("a\r\nb", "data: a\r\ndata: b\r\n\r\n"),
        ("a\n\nb", "data: a\r\ndata: \r\ndata: b\r\n\r\n"),
        ("a\r\n\r\nb", "data: a\r\ndata: \r\ndata: b\r\n\r\n"),
        ("\n", "data: \r\ndata: \r\n\r\n"),
        ("a\n", "data: a\r\ndata: \r\n\r\n"),
        // Only one CR belongs to the end of the line.
        ("a\r\r\nb", "data: a\r\r\ndata: b\r\n\r\n"),
        ("ä\u{1E}\nö\u{1E}", "data: ä\u{1E}\r\ndata: ö\u{1E}\r\n\r\n"),
    ];
    for (payload, expected) in cases {
        assert_eq!(event_of(&[payload.as_bytes()]), expected, "{payload:?}");
    }
}

#[test]
fn pieces_make_one_event_wherever_they_are_cut() {
    let payload = b"{}\x1E{\"type\":6}\x1Ea\r\nb\nc\r\n\x1E";
    let whole = event_of(&[payload]);
    for first in 0..payload.len() {
        for second in first..payload.len() {
            let pieces = [&payload[..first], &payload[first..second], &payload[second..]];
            assert_eq!(event_of(&pieces), whole, "{first} {second}");
        }
    }
}
