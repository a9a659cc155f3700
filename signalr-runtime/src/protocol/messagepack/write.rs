//! Writes a hub message exactly as ASP.NET Core does.

use std::convert::Infallible;
use std::mem;

use rmp::encode::{
    ByteBuf, RmpWrite, ValueWriteError, write_array_len, write_bool, write_map_len, write_nil, write_sint,
    write_str,
};

use super::{kind, result_kind};
use crate::protocol::message::{Invocation, Message, Outcome};
use crate::protocol::prefix::Prefix;

/// Appends `message` to `out`, with its length before it.
pub(crate) fn write(message: &Message<'_>, out: &mut Vec<u8>) {
    // Most lengths take one byte: only for a longer one does the message make room.
    let start = out.len();
    out.push(0);
    let mut buffer = ByteBuf::from_vec(mem::take(out));
    let Ok(()) = write_message(&mut buffer, message);
    *out = buffer.into_vec();
    let record = out.len().saturating_sub(start).saturating_sub(1);
    match (Prefix::of_one_byte(record), out.get_mut(start)) {
        (Some(prefix), Some(place)) => *place = prefix,
        _ => drop(out.splice(start..=start, Prefix::write(record))),
    }
}

/// To write into memory cannot fail.
type Written = Result<(), ValueWriteError<Infallible>>;

fn write_message(out: &mut ByteBuf, message: &Message<'_>) -> Written {
    match message {
        Message::Invocation(invocation) => write_invocation(out, kind::INVOCATION, invocation),
        Message::StreamInvocation(invocation) => write_invocation(out, kind::STREAM_INVOCATION, invocation),
        Message::StreamItem { id, item } => {
            begin(out, 4, kind::STREAM_ITEM)?;
            no_headers(out)?;
            write_str(out, id)?;
            write_value(out, item.bytes)
        }
        Message::Completion { id, outcome } => {
            begin(out, if matches!(outcome, Outcome::Void) { 4 } else { 5 }, kind::COMPLETION)?;
            no_headers(out)?;
            write_str(out, id)?;
            match outcome {
                Outcome::Error(error) => {
                    write_int(out, result_kind::ERROR)?;
                    write_str(out, error)
                }
                Outcome::Void => write_int(out, result_kind::VOID),
                Outcome::Result(result) => {
                    write_int(out, result_kind::RESULT)?;
                    write_value(out, result.bytes)
                }
            }
        }
        Message::CancelInvocation { id } => {
            begin(out, 3, kind::CANCEL_INVOCATION)?;
            no_headers(out)?;
            write_str(out, id)
        }
        Message::Ping => begin(out, 1, kind::PING),
        Message::Close { error, allow_reconnect } => {
            begin(out, 3, kind::CLOSE)?;
            write_optional(out, error.as_deref())?;
            let Ok(()) = write_bool(out, *allow_reconnect);
            Ok(())
        }
        Message::Ack { sequence_id } => {
            begin(out, 2, kind::ACK)?;
            write_sint(out, *sequence_id).map(drop)
        }
        Message::Sequence { sequence_id } => {
            begin(out, 2, kind::SEQUENCE)?;
            write_sint(out, *sequence_id).map(drop)
        }
    }
}

fn write_invocation(out: &mut ByteBuf, kind: i32, invocation: &Invocation<'_>) -> Written {
    begin(out, 6, kind)?;
    write_map_len(out, count(&invocation.headers))?;
    for (name, value) in &invocation.headers {
        write_str(out, name)?;
        write_str(out, value)?;
    }
    write_optional(out, invocation.id.as_deref())?;
    write_str(out, &invocation.target)?;
    write_value(out, invocation.arguments.bytes)?;
    write_array_len(out, count(&invocation.stream_ids))?;
    invocation.stream_ids.iter().try_for_each(|id| write_str(out, id))
}

/// The header of the array that every message is, and its first element.
fn begin(out: &mut ByteBuf, elements: u32, kind: i32) -> Written {
    write_array_len(out, elements)?;
    write_int(out, kind)
}

fn no_headers(out: &mut ByteBuf) -> Written {
    write_map_len(out, 0).map(drop)
}

fn write_int(out: &mut ByteBuf, number: i32) -> Written {
    write_sint(out, number.into()).map(drop)
}

/// A string; nil where there is none, or an empty one.
fn write_optional(out: &mut ByteBuf, text: Option<&str>) -> Written {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        return write_str(out, text);
    }
    let Ok(()) = write_nil(out);
    Ok(())
}

/// A value that is MessagePack already.
fn write_value(out: &mut ByteBuf, value: &[u8]) -> Written {
    out.write_bytes(value).map_err(ValueWriteError::InvalidDataWrite)
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
