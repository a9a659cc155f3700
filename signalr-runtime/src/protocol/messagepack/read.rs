//! Reads the envelope of a hub message.
//!
//! The rules and the texts are those of ASP.NET Core's reader. It goes by position: what stands behind the last
//! element that a message has is not looked at, and of the number of elements only as much as tells old peers, which
//! send fewer, from new ones.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{kind, result_kind};
use crate::contract::messagepack::{NIL, array_len, list, value};
use crate::contract::value::{HubProtocol, Payload};
use crate::protocol::error::{Expected, Place, ProtocolError};
use crate::protocol::message::{Invocation, Message, Outcome};

/// Reads one record (without its length). `None` is a message of a type that is not known.
pub(crate) fn read(record: &[u8]) -> Result<Option<Message<'_>>, ProtocolError> {
    let mut reader = Reader { rest: record };
    let elements = reader.array("message")?;
    let message = match reader.int32("messageType")? {
        kind::INVOCATION => {
            let headers = reader.headers()?;
            // An empty id is none.
            let id = reader.string("invocationId")?.filter(|id| !id.is_empty());
            let target = reader.some("target", "target for Invocation message")?;
            Message::Invocation(reader.invocation(elements, headers, id, target)?)
        }
        kind::STREAM_INVOCATION => {
            let headers = reader.headers()?;
            let id = reader.id("invocation ID for StreamInvocation message")?;
            let target = reader.some("target", "target for StreamInvocation message")?;
            Message::StreamInvocation(reader.invocation(elements, headers, Some(id), target)?)
        }
        kind::STREAM_ITEM => {
            reader.headers()?;
            let id = reader.id("invocation ID for StreamItem message")?;
            Message::StreamItem { id, item: reader.value() }
        }
        kind::COMPLETION => {
            reader.headers()?;
            let id = reader.id("invocation ID for Completion message")?;
            Message::Completion { id, outcome: reader.outcome()? }
        }
        kind::CANCEL_INVOCATION => {
            reader.headers()?;
            Message::CancelInvocation { id: reader.id("invocation ID for CancelInvocation message")? }
        }
        kind::PING => Message::Ping,
        kind::CLOSE => {
            let error = reader.string("error")?;
            let allow_reconnect = elements > 2 && reader.boolean("allowReconnect")?;
            Message::Close { error, allow_reconnect }
        }
        kind::ACK => Message::Ack { sequence_id: reader.int64("sequenceId")? },
        kind::SEQUENCE => Message::Sequence { sequence_id: reader.int64("sequenceId")? },
        _ => return Ok(None),
    };
    Ok(Some(message))
}

type Header<'a> = (Cow<'a, str>, Cow<'a, str>);

/// What of a record has not been read.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn invocation(
        &mut self,
        elements: usize,
        headers: Vec<Header<'a>>,
        id: Option<Cow<'a, str>>,
        target: Cow<'a, str>,
    ) -> Result<Invocation<'a>, ProtocolError> {
        let (arguments, stream_ids) = match list(&mut self.rest) {
            // Clients of the first version send five.
            Ok(arguments) if elements <= 5 => (arguments, Vec::new()),
            Ok(arguments) => (arguments, self.stream_ids()?),
            // What is left binds to nothing: the call is answered with an error.
            Err(_) => (std::mem::take(&mut self.rest), Vec::new()),
        };
        Ok(Invocation { headers, id, target, arguments: payload(arguments), stream_ids })
    }

    fn outcome(&mut self) -> Result<Outcome<'a>, ProtocolError> {
        match self.int32("resultKind")? {
            result_kind::ERROR => Ok(self.string("error")?.map_or(Outcome::Void, Outcome::Error)),
            result_kind::VOID => Ok(Outcome::Void),
            result_kind::RESULT => Ok(Outcome::Result(self.value())),
            _ => Err(ProtocolError::UnknownResultKind),
        }
    }

    /// One value of the user's; what is left where that is none, so that it does not decode.
    fn value(&mut self) -> Payload<'a> {
        payload(value(&mut self.rest).unwrap_or(self.rest))
    }

    fn headers(&mut self) -> Result<Vec<Header<'a>>, ProtocolError> {
        /// Up to so many the list itself is looked through for each name.
        const FEW: usize = 8;

        let mut rest = self.rest;
        let count = rmp::decode::read_map_len(&mut rest).ok().and_then(|count| usize::try_from(count).ok());
        // Names and values take at least one byte each.
        let count = count.filter(|count| *count <= rest.len() / 2);
        let count = count.ok_or(ProtocolError::NoMap("headers"))?;
        self.rest = rest;
        let mut headers: Vec<Header<'a>> = Vec::new();
        let mut names: HashSet<Cow<'a, str>> = HashSet::new();
        for place in 0..count {
            let name = self.text(Place::HeaderName(place), "key in header")?;
            let value = self.text(Place::HeaderValue(place), "value in header")?;
            if place == FEW {
                names.extend(headers.iter().map(|(known, _)| known.clone()));
            }
            let repeated = if place < FEW {
                headers.iter().any(|(known, _)| *known == name)
            } else {
                !names.insert(name.clone())
            };
            if repeated {
                return Err(ProtocolError::RepeatedHeader(name.into_owned()));
            }
            headers.push((name, value));
        }
        Ok(headers)
    }

    fn stream_ids(&mut self) -> Result<Vec<Cow<'a, str>>, ProtocolError> {
        let count = self.array("streamIds")?;
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.some("streamIds", "value in streamIds received")?);
        }
        Ok(ids)
    }

    /// The id of an invocation or of a stream, which must not be empty; `what` is what it is called then.
    fn id(&mut self, what: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        self.some("invocationId", what)
    }

    /// A string that must not be empty.
    fn some(&mut self, field: &'static str, what: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        self.text(Place::Field(field), what)
    }

    fn text(&mut self, place: Place, what: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        let text = self.string_at(place)?.filter(|text| !text.is_empty());
        text.ok_or(ProtocolError::NullOrEmpty(what))
    }

    fn string(&mut self, field: &'static str) -> Result<Option<Cow<'a, str>>, ProtocolError> {
        self.string_at(Place::Field(field))
    }

    /// A string or nothing. What is not UTF-8 is replaced, as by `MessagePackReader.ReadString`.
    fn string_at(&mut self, place: Place) -> Result<Option<Cow<'a, str>>, ProtocolError> {
        let mut rest = self.rest;
        if let Some((&NIL, rest)) = rest.split_first() {
            self.rest = rest;
            return Ok(None);
        }
        let text = rmp::decode::read_str_len(&mut rest).ok().and_then(|len| {
            let (text, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
            self.rest = rest;
            Some(str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed))
        });
        text.map(Some).ok_or(ProtocolError::Unreadable { place, expected: Expected::String })
    }

    /// An integer, however many bytes it takes.
    fn int64(&mut self, field: &'static str) -> Result<i64, ProtocolError> {
        self.integer().ok_or_else(|| unreadable(field, Expected::Int64))
    }

    fn int32(&mut self, field: &'static str) -> Result<i32, ProtocolError> {
        let integer = self.integer().and_then(|integer| i32::try_from(integer).ok());
        integer.ok_or_else(|| unreadable(field, Expected::Int32))
    }

    fn integer(&mut self) -> Option<i64> {
        rmp::decode::read_int(&mut self.rest).ok()
    }

    fn boolean(&mut self, field: &'static str) -> Result<bool, ProtocolError> {
        rmp::decode::read_bool(&mut self.rest).map_err(|_| unreadable(field, Expected::Boolean))
    }

    fn array(&mut self, field: &'static str) -> Result<usize, ProtocolError> {
        array_len(&mut self.rest).ok_or(ProtocolError::NoArray(field))
    }
}

fn unreadable(field: &'static str, expected: Expected) -> ProtocolError {
    ProtocolError::Unreadable { place: Place::Field(field), expected }
}

fn payload(bytes: &[u8]) -> Payload<'_> {
    Payload { format: HubProtocol::MessagePack, bytes }
}
