//! Errors of an application as texts: everybody can read them, and the type that wrote them takes them apart again.
//!
//! An error on the wire is a text and nothing else (*Completion*, `HubProtocol.md`). Behind what a person reads stand, in
//! brackets, a code and the fields as JSON: `the room is full [RoomFull {"limit":10}]`. The last ` [` of the text begins
//! them, whatever is in the message or in the fields: JSON without white space has a space within strings only, and there
//! a bracket behind a space is escaped.

use std::collections::BTreeMap;
use std::fmt;

#[cfg(feature = "json")]
use serde::de::IgnoredAny;

#[cfg(feature = "json")]
use super::encoding::Encoding;
use super::error::{HubError, HubErrorKind};
use super::value::WireValue;
#[cfg(feature = "json")]
use super::value::{HubProtocol, Payload};

/// Field `F` of variant `V` of an error type; generated code states its type here once.
pub trait ErrorField<const V: usize, const F: usize> {
    /// The type of the field.
    type Value: WireValue;
}

/// What a person reads.
pub fn error_text<E: fmt::Display>(error: &E) -> String {
    error.to_string()
}

/// Writes an error.
pub struct ErrorWriter {
    text: String,
    fields: Vec<u8>,
    failed: bool,
}

impl ErrorWriter {
    /// Begins with what a person reads, and the code.
    pub fn new(mut text: String, code: &'static str) -> Self {
        text.extend([" [", code]);
        Self { text, fields: Vec::new(), failed: false }
    }

    /// Adds field `F` of variant `V`.
    #[must_use]
    pub fn field<C: ErrorField<V, F>, const V: usize, const F: usize>(
        mut self,
        name: &'static str,
        value: &C::Value,
    ) -> Self {
        self.failed |= !append(&mut self.fields, name, value);
        self
    }

    /// The error as it is sent. Fields that cannot be written are left out, and the code with them.
    pub fn finish(self) -> HubError {
        let Self { mut text, fields, failed } = self;
        match String::from_utf8(fields) {
            Ok(fields) if !failed => {
                if !fields.is_empty() {
                    text.push(' ');
                    text.push_str(&fields.replace(" [", " \\u005b"));
                    text.push('}');
                }
                text.push(']');
            }
            _ => text.truncate(text.rfind(" [").unwrap_or(text.len())),
        }
        HubError::new(text)
    }
}

/// Appends a member to the unfinished object of the fields; false if it cannot be written.
#[cfg(feature = "json")]
fn append<T: WireValue>(fields: &mut Vec<u8>, name: &'static str, value: &T) -> bool {
    fields.push(if fields.is_empty() { b'{' } else { b',' });
    let encoding = Encoding::of_value(HubProtocol::Json);
    let name = encoding.write(name, fields);
    fields.push(b':');
    name.and_then(|()| value.encode(encoding, fields)).is_ok()
}

/// Without JSON nothing is sent.
#[cfg(not(feature = "json"))]
fn append<T: WireValue>(_: &mut Vec<u8>, _: &'static str, _: &T) -> bool {
    true
}

/// Reads an error that [`ErrorWriter`] has written.
pub struct ErrorReader<'a> {
    code: &'a str,
    fields: BTreeMap<String, &'a [u8]>,
}

impl<'a> ErrorReader<'a> {
    /// None for an error that is not of that form.
    pub fn new(error: &'a HubError) -> Option<Self> {
        if error.kind() != HubErrorKind::Hub {
            return None;
        }
        let (_, tag) = error.detail().strip_suffix(']')?.rsplit_once(" [")?;
        let (code, fields) = match tag.split_once(' ') {
            Some((code, fields)) => (code, members(fields.as_bytes())?),
            None => (tag, BTreeMap::new()),
        };
        Some(Self { code, fields })
    }

    /// The code of the variant.
    pub fn code(&self) -> &'a str {
        self.code
    }

    /// Field `F` of variant `V`; one that is not there is read as `null`.
    pub fn field<C: ErrorField<V, F>, const V: usize, const F: usize>(&self, name: &str) -> Option<C::Value> {
        decode(self.fields.get(name).copied().unwrap_or(b"null"))
    }
}

#[cfg(feature = "json")]
fn decode<T: WireValue>(value: &[u8]) -> Option<T> {
    Payload { format: HubProtocol::Json, bytes: value }.decode().ok()
}

#[cfg(not(feature = "json"))]
fn decode<T: WireValue>(_: &[u8]) -> Option<T> {
    None
}

/// The members of a JSON object. None if it is not one, or has a member twice.
#[cfg(feature = "json")]
fn members(object: &[u8]) -> Option<BTreeMap<String, &[u8]>> {
    let format = HubProtocol::Json;
    let mut rest = object.strip_prefix(b"{")?;
    let mut members = BTreeMap::new();
    loop {
        let name: String = format.read_front(&mut rest).ok()?;
        rest = rest.trim_ascii_start().strip_prefix(b":")?;
        let value = rest;
        format.read_front::<IgnoredAny>(&mut rest).ok()?;
        let value = value.get(..value.len().checked_sub(rest.len())?)?;
        if members.insert(name, value).is_some() {
            return None;
        }
        rest = rest.trim_ascii_start();
        if rest == b"}" {
            return Some(members);
        }
        rest = rest.strip_prefix(b",")?;
    }
}

#[cfg(not(feature = "json"))]
fn members(_: &[u8]) -> Option<BTreeMap<String, &[u8]>> {
    None
}
