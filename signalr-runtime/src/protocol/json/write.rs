//! Writes a hub message exactly as ASP.NET Core does: the same properties, in the same order, without white
//! space, and without what is empty.

use std::borrow::Cow;

use crate::protocol::framing::RECORD_SEPARATOR;
use crate::protocol::message::{Invocation, Message, Outcome};

/// Appends `message` to `out`, with its record separator.
pub(crate) fn write(message: &Message<'_>, out: &mut Vec<u8>) {
    match message {
        Message::Invocation(invocation) => {
            out.extend_from_slice(br#"{"type":1"#);
            write_invocation(out, invocation);
        }
        Message::StreamInvocation(invocation) => {
            out.extend_from_slice(br#"{"type":4"#);
            write_invocation(out, invocation);
        }
        Message::StreamItem { id, item } => {
            out.reserve(id.len() + item.bytes.len() + 48);
            out.extend_from_slice(br#"{"type":2"#);
            write_id(out, id);
            write_raw(out, br#","item":"#, item.bytes);
        }
        Message::Completion { id, outcome } => {
            out.extend_from_slice(br#"{"type":3"#);
            write_id(out, id);
            write_outcome(out, outcome);
        }
        Message::CancelInvocation { id } => {
            out.extend_from_slice(br#"{"type":5"#);
            write_id(out, id);
        }
        Message::Ping => out.extend_from_slice(br#"{"type":6"#),
        Message::Close { error, allow_reconnect } => {
            out.extend_from_slice(br#"{"type":7"#);
            // Unlike in a completion, an empty error is one.
            if let Some(error) = error {
                out.extend_from_slice(br#","error":"#);
                write_string(out, error);
            }
            if *allow_reconnect {
                out.extend_from_slice(br#","allowReconnect":true"#);
            }
        }
        Message::Ack { sequence_id } => {
            out.extend_from_slice(br#"{"type":8"#);
            write_sequence_id(out, *sequence_id);
        }
        Message::Sequence { sequence_id } => {
            out.extend_from_slice(br#"{"type":9"#);
            write_sequence_id(out, *sequence_id);
        }
    }
    out.extend_from_slice(&[b'}', RECORD_SEPARATOR]);
}

fn write_invocation(out: &mut Vec<u8>, invocation: &Invocation<'_>) {
    out.reserve(invocation.target.len() + invocation.arguments.bytes.len() + 80);
    if !invocation.headers.is_empty() {
        out.extend_from_slice(br#","headers":{"#);
        let mut separator: &[u8] = b"";
        for (name, value) in &invocation.headers {
            out.extend_from_slice(separator);
            separator = b",";
            write_string(out, name);
            out.push(b':');
            write_string(out, value);
        }
        out.push(b'}');
    }
    if let Some(id) = &invocation.id {
        write_id(out, id);
    }
    out.extend_from_slice(br#","target":"#);
    write_string(out, &invocation.target);
    write_raw(out, br#","arguments":"#, invocation.arguments.bytes);
    write_stream_ids(out, &invocation.stream_ids);
}

fn write_stream_ids(out: &mut Vec<u8>, ids: &[Cow<'_, str>]) {
    if let Some((first, others)) = ids.split_first() {
        out.extend_from_slice(br#","streamIds":["#);
        write_string(out, first);
        for id in others {
            out.push(b',');
            write_string(out, id);
        }
        out.push(b']');
    }
}

fn write_outcome(out: &mut Vec<u8>, outcome: &Outcome<'_>) {
    match outcome {
        Outcome::Error(error) if !error.is_empty() => {
            out.extend_from_slice(br#","error":"#);
            write_string(out, error);
        }
        Outcome::Error(_) | Outcome::Void => {}
        Outcome::Result(result) => write_raw(out, br#","result":"#, result.bytes),
    }
}

fn write_id(out: &mut Vec<u8>, id: &str) {
    if !id.is_empty() {
        out.extend_from_slice(br#","invocationId":"#);
        write_string(out, id);
    }
}

fn write_sequence_id(out: &mut Vec<u8>, id: i64) {
    out.extend_from_slice(br#","sequenceId":"#);
    out.extend_from_slice(id.to_string().as_bytes());
}

/// A value that is JSON already.
fn write_raw(out: &mut Vec<u8>, property: &[u8], value: &[u8]) {
    out.reserve(property.len() + value.len() + 2);
    out.extend_from_slice(property);
    out.extend_from_slice(value);
}

/// A string with no more escapes than JSON asks for; those that are written in hexadecimal have capital
/// letters, as in ASP.NET Core.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(plain) = rest.iter().position(|&byte| matches!(byte, 0..b' ' | b'"' | b'\\' | 0x7F)) {
        let (before, from) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((&byte, after)) = from.split_first() else { break };
        rest = after;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(br"\b"),
            b'\t' => out.extend_from_slice(br"\t"),
            b'\n' => out.extend_from_slice(br"\n"),
            0x0C => out.extend_from_slice(br"\f"),
            b'\r' => out.extend_from_slice(br"\r"),
            _ => {
                let digit = |nibble: u8| HEX.get(usize::from(nibble & 0xF)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            }
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
