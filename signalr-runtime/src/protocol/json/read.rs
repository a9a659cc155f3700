//! Reads the envelope of a hub message.
//!
//! The rules, and which of several faults is the one reported, are those of ASP.NET Core's reader: it reads
//! the record from front to back and stops at the first broken or mistyped value; what is missing it finds
//! out at the end.

use std::borrow::Cow;
use std::collections::HashMap;

use super::scan::{Malformed, Scanner, Text, check};
use crate::contract::value::{HubProtocol, Payload};
use crate::protocol::error::{Expected, IntegerWidth, ProtocolError, Token};
use crate::protocol::message::{Invocation, Message, Outcome};

/// Reads one record (without its separator). `None` is a message of a type that is not known.
pub(crate) fn read(record: &[u8]) -> Result<Option<Message<'_>>, ProtocolError> {
    let mut envelope = Envelope::default();
    match envelope.fill(record) {
        Ok(()) => envelope.message(),
        Err(fault) => Err(envelope.or_broken(fault)),
    }
}

/// The properties of all messages, as far as they were found.
#[derive(Default)]
struct Envelope<'a> {
    kind: Option<i32>,
    headers: Vec<Header<'a>>,
    invocation_id: Option<Text<'a>>,
    target: Option<Text<'a>>,
    arguments: Option<&'a [u8]>,
    /// Whether the arguments stand before the target.
    arguments_wait: bool,
    stream_ids: Vec<Cow<'a, str>>,
    item: Option<&'a [u8]>,
    result: Option<&'a [u8]>,
    error: Option<Text<'a>>,
    allow_reconnect: bool,
    sequence_id: Option<i64>,
}

impl<'a> Envelope<'a> {
    fn fill(&mut self, record: &'a [u8]) -> Result<(), ProtocolError> {
        let mut scanner = Scanner::new(record);
        let mut members = scanner.record()?;
        while members.next(&mut scanner)? {
            match &*scanner.name()?.name() {
                b"type" => {
                    let kind = integer(&mut scanner, "type", IntegerWidth::Int32)?;
                    let null = || ProtocolError::WrongType { property: "type", expected: Expected::Number };
                    self.kind = Some(kind.ok_or_else(null)?);
                }
                b"invocationId" => self.invocation_id = Some(string(&mut scanner, "invocationId")?),
                b"target" => self.target = Some(string(&mut scanner, "target")?),
                b"arguments" => {
                    expect(&mut scanner, "arguments", Token::Array, Expected::Array)?;
                    self.bind(scanner.value()?)?;
                }
                b"item" => replace(&mut self.item, scanner.value()?)?,
                b"result" => replace(&mut self.result, scanner.value()?)?,
                b"error" => self.error = Some(string(&mut scanner, "error")?),
                b"streamIds" => self.stream_ids = stream_ids(&mut scanner)?,
                b"headers" => self.headers = headers(&mut scanner)?,
                b"allowReconnect" => self.allow_reconnect = boolean(&mut scanner, "allowReconnect")?,
                b"sequenceId" => {
                    self.sequence_id = integer(&mut scanner, "sequenceId", IntegerWidth::Int64)?;
                }
                _ => scanner.skip()?,
            }
        }
        // What follows the object is not looked at, as in `JsonHubProtocol.ParseMessage`.
        Ok(())
    }

    /// `JsonHubProtocol` binds arguments where it reads them if it knows the target, and else at the end of the message,
    /// in place of any others. Of repeated ones that stand on the same side of the target the last count.
    #[inline]
    fn bind(&mut self, arguments: &'a [u8]) -> Result<(), Malformed> {
        let wait = self.target.is_none_or(Text::is_empty);
        if self.arguments_wait && !wait {
            return check(arguments);
        }
        self.arguments_wait = wait;
        replace(&mut self.arguments, arguments)
    }

    fn message(&mut self) -> Result<Option<Message<'a>>, ProtocolError> {
        self.check_unused()?;
        let message = match self.kind {
            Some(1) => {
                let target = self.target()?;
                if target.is_empty() && self.arguments.is_none() {
                    return Err(self.missing("target"));
                }
                let id = self.invocation_id.map(Text::decode).filter(|id| !id.is_empty());
                Message::Invocation(self.invocation(id, target)?)
            }
            Some(4) => {
                let target = self.target()?;
                let id = self.id()?;
                Message::StreamInvocation(self.invocation(Some(id), target)?)
            }
            Some(2) => {
                let id = self.id()?;
                let item = self.item.ok_or_else(|| self.missing("item"))?;
                Message::StreamItem { id, item: payload(item) }
            }
            Some(3) => {
                let id = self.id()?;
                let outcome = match (self.error, self.result) {
                    (Some(_), Some(_)) => return Err(self.or_broken(ProtocolError::ErrorAndResult)),
                    (Some(error), None) => Outcome::Error(error.decode()),
                    (None, Some(result)) => Outcome::Result(payload(result)),
                    (None, None) => Outcome::Void,
                };
                Message::Completion { id, outcome }
            }
            Some(5) => Message::CancelInvocation { id: self.id()? },
            Some(6) => Message::Ping,
            Some(7) => {
                let error = self.error.map(Text::decode);
                Message::Close { error, allow_reconnect: self.allow_reconnect }
            }
            Some(8) => Message::Ack { sequence_id: self.sequence_id()? },
            Some(9) => Message::Sequence { sequence_id: self.sequence_id()? },
            Some(_) => return Ok(None),
            None => return Err(self.missing("type")),
        };
        Ok(Some(message))
    }

    fn invocation(
        &mut self,
        id: Option<Cow<'a, str>>,
        target: Cow<'a, str>,
    ) -> Result<Invocation<'a>, ProtocolError> {
        match self.arguments {
            Some(arguments) => Ok(Invocation {
                headers: std::mem::take(&mut self.headers),
                id,
                target,
                arguments: payload(arguments),
                stream_ids: std::mem::take(&mut self.stream_ids),
            }),
            None => Err(self.missing("arguments")),
        }
    }

    /// An empty target is one that no method has: ASP.NET Core finds that out when it binds the arguments.
    fn target(&self) -> Result<Cow<'a, str>, ProtocolError> {
        Ok(self.target.ok_or_else(|| self.missing("target"))?.decode())
    }

    fn id(&self) -> Result<Cow<'a, str>, ProtocolError> {
        let id = self.invocation_id.map(Text::decode).filter(|id| !id.is_empty());
        id.ok_or_else(|| self.missing("invocationId"))
    }

    fn sequence_id(&self) -> Result<i64, ProtocolError> {
        self.sequence_id.ok_or_else(|| self.missing("sequenceId"))
    }

    /// Checks the values that the message does not have, because nobody will decode them.
    fn check_unused(&self) -> Result<(), Malformed> {
        let arguments = self.arguments.filter(|_| !matches!(self.kind, Some(1 | 4)));
        let item = self.item.filter(|_| self.kind != Some(2));
        let result = self.result.filter(|_| self.kind != Some(3));
        [arguments, item, result].into_iter().flatten().try_for_each(check)
    }

    #[cold]
    fn missing(&self, property: &'static str) -> ProtocolError {
        self.or_broken(ProtocolError::MissingProperty(property))
    }

    /// `fault`, unless a value that came before it is broken.
    #[cold]
    fn or_broken(&self, fault: ProtocolError) -> ProtocolError {
        let mut values = [self.arguments, self.item, self.result].into_iter().flatten();
        values.try_for_each(check).err().map_or(fault, ProtocolError::from)
    }
}

fn payload(value: &[u8]) -> Payload<'_> {
    Payload { format: HubProtocol::Json, bytes: value }
}

/// The last one of a repeated property counts; the one before it is checked, because nobody will decode it.
fn replace<'a>(slot: &mut Option<&'a [u8]>, value: &'a [u8]) -> Result<(), Malformed> {
    slot.replace(value).map_or(Ok(()), check)
}

/// Makes sure that a value of the right type comes next.
#[inline]
pub(crate) fn expect(
    scanner: &mut Scanner<'_>,
    property: &'static str,
    wanted: Token,
    expected: Expected,
) -> Result<(), ProtocolError> {
    let token = scanner.token()?;
    if token == wanted { Ok(()) } else { Err(wrong_type(scanner, token, property, expected)) }
}

#[cold]
fn wrong_type(
    scanner: &mut Scanner<'_>,
    token: Token,
    property: &'static str,
    expected: Expected,
) -> ProtocolError {
    scanner.mismatch(token, ProtocolError::WrongType { property, expected })
}

/// Passes the string that a property must be.
#[inline]
pub(crate) fn string<'a>(
    scanner: &mut Scanner<'a>,
    property: &'static str,
) -> Result<Text<'a>, ProtocolError> {
    expect(scanner, property, Token::String, Expected::String)?;
    Ok(scanner.string()?.text()?)
}

/// Reads the integer that a property must be; null is `None`.
#[inline]
pub(crate) fn integer<T: TryFrom<i64>>(
    scanner: &mut Scanner<'_>,
    property: &'static str,
    width: IntegerWidth,
) -> Result<Option<T>, ProtocolError> {
    if scanner.token()? == Token::Null {
        scanner.scalar(Token::Null)?;
        return Ok(None);
    }
    expect(scanner, property, Token::Number, Expected::Number)?;
    match value_of(scanner.number()?).and_then(|number| T::try_from(number).ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(ProtocolError::NotAnInteger(width)),
    }
}

/// The value of a number, unless it is a fraction, or larger than any integer of the protocol.
fn value_of(number: &[u8]) -> Option<i64> {
    let digits = number.strip_prefix(b"-");
    // The negative ones are one more than the others.
    let negative = digits.unwrap_or(number).iter().try_fold(0_i64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_sub(digit.into())
    })?;
    if digits.is_some() { Some(negative) } else { negative.checked_neg() }
}

/// Reads the boolean that a property must be.
pub(crate) fn boolean(scanner: &mut Scanner<'_>, property: &'static str) -> Result<bool, ProtocolError> {
    let token = scanner.token()?;
    match token {
        Token::True | Token::False => {
            scanner.scalar(token)?;
            Ok(token == Token::True)
        }
        _ => Err(scanner.mismatch(token, ProtocolError::NotABoolean(property))),
    }
}

fn stream_ids<'a>(scanner: &mut Scanner<'a>) -> Result<Vec<Cow<'a, str>>, ProtocolError> {
    expect(scanner, "streamIds", Token::Array, Expected::Array)?;
    let mut ids = Vec::new();
    let mut elements = scanner.array();
    while elements.next(scanner)? {
        match scanner.token()? {
            Token::String => ids.push(scanner.string()?.decode()?),
            Token::Null => return Err(scanner.mismatch(Token::Null, ProtocolError::NullStreamId)),
            other => return Err(scanner.mismatch(other, ProtocolError::StreamIdNotAString(other))),
        }
    }
    Ok(ids)
}

fn headers<'a>(scanner: &mut Scanner<'a>) -> Result<Vec<Header<'a>>, ProtocolError> {
    expect(scanner, "headers", Token::Object, Expected::Object)?;
    let mut headers = Headers::default();
    let mut members = scanner.object();
    while members.next(scanner)? {
        let name = scanner.name()?.decode()?;
        match scanner.token()? {
            Token::String => headers.set(name, scanner.string()?.decode()?),
            other => {
                let error = ProtocolError::HeaderNotAString(name.into_owned());
                return Err(scanner.mismatch(other, error));
            }
        }
    }
    Ok(headers.list)
}

type Header<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Headers in the order of their first appearance; the last value of a repeated one counts.
#[derive(Default)]
struct Headers<'a> {
    list: Vec<Header<'a>>,
    /// Where each header stands, once there are many: a peer must not make us look through thousands of them
    /// for each one it sends.
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Headers<'a> {
    const FEW: usize = 8;

    fn set(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        let place = if self.list.len() <= Self::FEW {
            self.list.iter().position(|(known, _)| *known == name)
        } else {
            if self.places.is_empty() {
                let names = self.list.iter().map(|(known, _)| known.clone());
                self.places = names.zip(0..).collect();
            }
            let next = self.list.len();
            Some(*self.places.entry(name.clone()).or_insert(next))
        };
        match place.and_then(|place| self.list.get_mut(place)) {
            Some(header) => header.1 = value,
            None => self.list.push((name, value)),
        }
    }
}
