//! One pass over the bytes of a record: where its properties and values stand.
//!
//! Strings, numbers and literals are checked as they are passed. Of an object or array that is kept for
//! serde only the extent is found (brackets, strings, depth): whoever decodes it, or throws it away, checks
//! the inside. Whether a string is UTF-8 is asked when it is read as text, and not before: that is a matter of the one
//! value that it belongs to.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use serde::de::IgnoredAny;

use crate::protocol::error::{NotText, ProtocolError, Token};

/// How deep objects and arrays may be nested, the record itself included.
const MAX_DEPTH: u32 = 64;

/// Broken JSON, wherever it is. Says no more because ASP.NET Core does not either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl From<Malformed> for ProtocolError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// A place in the bytes of a record.
pub(crate) struct Scanner<'a> {
    record: &'a [u8],
    /// Never beyond the end of `record`.
    at: usize,
}

/// A string as it stands in the record: what is between its quotes, or with the quotes if there are escapes in
/// it. So it is no larger than a reference, and comes back from a function in registers.
#[derive(Clone, Copy)]
pub(crate) struct Quoted<'a>(&'a [u8]);

/// A string that is text, as it stands in the record.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(&'a str);

impl<'a> Quoted<'a> {
    /// The text that is meant.
    pub(crate) fn decode(self) -> Result<Cow<'a, str>, NotText> {
        self.text().map(Text::decode)
    }

    /// Makes sure that it is text, which is decoded later. JSON leaves that open until somebody wants the text, as
    /// `Utf8JsonReader.GetString` does.
    #[inline]
    pub(crate) fn text(self) -> Result<Text<'a>, NotText> {
        let text = str::from_utf8(self.0).map_err(|_| fault(self.0))?;
        if is_escaped(self.0) {
            unescape(text)?;
        }
        Ok(Text(text))
    }

    /// The name of a property that is looked for among known ones. One that is no text is not known.
    #[inline]
    pub(crate) fn name(self) -> Cow<'a, [u8]> {
        if is_escaped(self.0) { Cow::Owned(self.unescaped_name()) } else { Cow::Borrowed(self.0) }
    }

    #[cold]
    fn unescaped_name(self) -> Vec<u8> {
        self.decode().map(|name| name.into_owned().into_bytes()).unwrap_or_default()
    }
}

impl<'a> Text<'a> {
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text that is meant.
    #[inline]
    pub(crate) fn decode(self) -> Cow<'a, str> {
        if is_escaped(self.0.as_bytes()) {
            // It was tried before.
            Cow::Owned(unescape(self.0).unwrap_or_default())
        } else {
            Cow::Borrowed(self.0)
        }
    }
}

fn is_escaped(string: &[u8]) -> bool {
    string.first() == Some(&b'"')
}

#[cold]
fn unescape(quoted: &str) -> Result<String, NotText> {
    serde_json::from_str(quoted).map_err(|_| fault(quoted.as_bytes()))
}

/// Why a string is no text: for the first of its escapes that is half of a surrogate pair, or else for its bytes.
#[cold]
fn fault(string: &[u8]) -> NotText {
    let mut rest = string;
    while let Some(at) = memchr(b'\\', rest) {
        let escape = rest.get(at..).unwrap_or_default();
        let length = match code_unit(escape) {
            Some(0xD800..0xDC00) => match escape.get(6..).and_then(code_unit) {
                Some(0xDC00..0xE000) => 12,
                Some(other) => return NotText::Surrogate(other),
                None => return NotText::NoLowSurrogate,
            },
            Some(low @ 0xDC00..0xE000) => return NotText::Surrogate(low),
            Some(_) => 6,
            None => 2,
        };
        rest = escape.get(length..).unwrap_or_default();
    }
    NotText::NotUtf8
}

/// What an escape in hexadecimal at the front stands for.
fn code_unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(br"\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok())?;
        Some((unit << 4) | digit)
    })
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(record: &'a [u8]) -> Self {
        Self { record, at: 0 }
    }

    /// Enters the object that every record is.
    #[inline]
    pub(crate) fn record(&mut self) -> Result<Items, ProtocolError> {
        match self.token()? {
            Token::Object => Ok(self.object()),
            other => Err(self.mismatch(other, ProtocolError::NotAnObject(other))),
        }
    }

    /// What the next value is, by its first byte.
    pub(crate) fn token(&mut self) -> Result<Token, Malformed> {
        match self.peek() {
            Some(b'"') => Ok(Token::String),
            Some(b'{') => Ok(Token::Object),
            Some(b'[') => Ok(Token::Array),
            Some(b'-' | b'0'..=b'9') => Ok(Token::Number),
            Some(b't') => Ok(Token::True),
            Some(b'f') => Ok(Token::False),
            Some(b'n') => Ok(Token::Null),
            _ => Err(Malformed),
        }
    }

    /// The error for a value of the wrong type, unless that value is broken itself. Of an object or array
    /// only the beginning is looked at: reading ends there.
    #[cold]
    pub(crate) fn mismatch(&mut self, token: Token, error: ProtocolError) -> ProtocolError {
        let passed = match token {
            Token::Object | Token::Array => Ok(()),
            _ => self.scalar(token),
        };
        passed.err().map_or(error, ProtocolError::from)
    }

    /// Enters the object that [`token`](Self::token) has seen.
    pub(crate) fn object(&mut self) -> Items {
        self.at += 1;
        Items { closing: b'}', started: false }
    }

    /// Enters the array that [`token`](Self::token) has seen.
    pub(crate) fn array(&mut self) -> Items {
        self.at += 1;
        Items { closing: b']', started: false }
    }

    /// Passes the name of a member and its colon.
    pub(crate) fn name(&mut self) -> Result<Quoted<'a>, Malformed> {
        if self.peek() != Some(b'"') {
            return Err(Malformed);
        }
        let name = self.string()?;
        self.peek();
        if self.accept(b':') { Ok(name) } else { Err(Malformed) }
    }

    /// Passes a value and returns its bytes. The inside of an object or array is not checked.
    pub(crate) fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let token = self.token()?;
        let start = self.at;
        match token {
            Token::Object | Token::Array => self.container()?,
            _ => self.scalar(token)?,
        }
        self.record.get(start..self.at).ok_or(Malformed)
    }

    /// Passes a value that nobody is interested in, and checks all of it.
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        check(self.value()?)
    }

    /// Passes a string, a number or a literal.
    pub(crate) fn scalar(&mut self, token: Token) -> Result<(), Malformed> {
        match token {
            Token::String => self.string().map(drop),
            Token::Number => self.number().map(drop),
            Token::True => self.literal("true"),
            Token::False => self.literal("false"),
            Token::Null => self.literal("null"),
            Token::Object | Token::Array => Err(Malformed),
        }
    }

    /// Passes the string that [`token`](Self::token) has seen.
    pub(crate) fn string(&mut self) -> Result<Quoted<'a>, Malformed> {
        let bytes = self.record;
        self.at += 1;
        let start = self.at;
        self.at += plain_run(bytes.get(start..).ok_or(Malformed)?)?;
        if bytes.get(self.at) != Some(&b'"') {
            return self.escaped_string(start - 1);
        }
        let plain = bytes.get(start..self.at).ok_or(Malformed)?;
        self.at += 1;
        Ok(Quoted(plain))
    }

    /// Passes the rest of a string from its first escape on.
    #[cold]
    fn escaped_string(&mut self, start: usize) -> Result<Quoted<'a>, Malformed> {
        let bytes = self.record;
        while bytes.get(self.at) != Some(&b'"') {
            self.escape()?;
            self.at += plain_run(bytes.get(self.at..).ok_or(Malformed)?)?;
        }
        self.at += 1;
        self.record.get(start..self.at).map(Quoted).ok_or(Malformed)
    }

    /// Passes a backslash and what belongs to it.
    fn escape(&mut self) -> Result<(), Malformed> {
        let rest = self.record.get(self.at..).ok_or(Malformed)?;
        self.at += match rest {
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(Malformed),
        };
        Ok(())
    }

    /// Passes the number that [`token`](Self::token) has seen.
    pub(crate) fn number(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let _ = self.accept(b'-');
        if !self.accept(b'0') {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            let _ = self.accept(b'+') || self.accept(b'-');
            self.digits()?;
        }
        // Without this a second value could follow at once: `01`, `1true`.
        match self.record.get(self.at) {
            Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') | None => {
                self.record.get(start..self.at).ok_or(Malformed)
            }
            Some(_) => Err(Malformed),
        }
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let rest = self.record.get(self.at..).ok_or(Malformed)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        if digits == 0 { Err(Malformed) } else { Ok(()) }
    }

    fn literal(&mut self, literal: &str) -> Result<(), Malformed> {
        let rest = self.record.get(self.at..).ok_or(Malformed)?;
        if !rest.starts_with(literal.as_bytes()) {
            return Err(Malformed);
        }
        self.at += literal.len();
        Ok(())
    }

    /// Passes the object or array that [`token`](Self::token) has seen: to the bracket that closes it.
    fn container(&mut self) -> Result<(), Malformed> {
        const OUTSIDE: u32 = 1;
        let bytes = self.record;
        let mut depth = OUTSIDE;
        loop {
            match *bytes.get(self.at).ok_or(Malformed)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'[' | b'{' => {
                    depth += 1;
                    if depth > MAX_DEPTH {
                        return Err(Malformed);
                    }
                }
                b']' | b'}' => {
                    depth -= 1;
                    if depth == OUTSIDE {
                        self.at += 1;
                        return Ok(());
                    }
                }
                b'\t' | b'\n' | b'\r' => {}
                0..b' ' => return Err(Malformed),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.record;
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Passes `byte` if it is what comes next.
    fn accept(&mut self, byte: u8) -> bool {
        let found = self.record.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }
}

/// The members of an object, or the elements of an array, that is being read.
pub(crate) struct Items {
    closing: u8,
    started: bool,
}

impl Items {
    /// Moves to the next one; false at the end.
    pub(crate) fn next(&mut self, scanner: &mut Scanner<'_>) -> Result<bool, Malformed> {
        scanner.peek();
        if scanner.accept(self.closing) {
            return Ok(false);
        }
        if std::mem::replace(&mut self.started, true) && !scanner.accept(b',') {
            return Err(Malformed);
        }
        Ok(true)
    }
}

/// How many bytes of a string come before its end or its next escape.
fn plain_run(rest: &[u8]) -> Result<usize, Malformed> {
    // Names and ids are so short that a call costs more than looking at them here.
    const SHORT: usize = 2;
    let (words, _) = rest.as_chunks();
    for (before, word) in words.iter().take(SHORT).enumerate() {
        if let Some(in_word) = first_special(*word) {
            let run = before * size_of_val(word) + in_word;
            return if rest.get(run).is_some_and(|byte| *byte < b' ') { Err(Malformed) } else { Ok(run) };
        }
    }
    let run = memchr2(b'"', b'\\', rest).ok_or(Malformed)?;
    let plain = rest.get(..run).unwrap_or_default();
    // The least of all, not the first that is too small: that compares many bytes at once.
    let least = plain.iter().fold(u8::MAX, |least, byte| least.min(*byte));
    if least < b' ' { Err(Malformed) } else { Ok(run) }
}

/// The place of the first byte that may not stand in a string as it is: a quote, a backslash, or one below a space.
///
/// The eight bytes are looked at as one number. A byte is below `n` if taking `n` from it borrows from its highest bit;
/// a borrow reaches into the bytes behind it, so that only the first byte found is certain.
#[inline]
fn first_special(word: [u8; 8]) -> Option<usize> {
    const HIGHEST: u64 = every(0x80);
    const fn every(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let word = u64::from_le_bytes(word);
    let below = |word: u64, n| word.wrapping_sub(every(n)) & !word & HIGHEST;
    let special = below(word, b' ') | below(word ^ every(b'"'), 1) | below(word ^ every(b'\\'), 1);
    (special != 0).then(|| special.trailing_zeros() as usize / 8)
}

/// Looks at every byte of a value whose extent is known.
pub(crate) fn check(value: &[u8]) -> Result<(), Malformed> {
    if let Some(b'{' | b'[') = value.first() {
        serde_json::from_slice::<IgnoredAny>(value).map_err(|_| Malformed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Malformed, plain_run};

    fn byte_for_byte(rest: &[u8]) -> Result<usize, Malformed> {
        let run = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).ok_or(Malformed)?;
        if rest[..run].iter().any(|byte| *byte < b' ') { Err(Malformed) } else { Ok(run) }
    }

    #[test]
    fn every_byte_in_every_place_ends_a_run_or_does_not() {
        for length in 0..30 {
            for around in [b' ', b'a', 0x7F, 0x80, 0xFF] {
                for place in 0..length {
                    for byte in 0..=u8::MAX {
                        for end in [&b""[..], b"\"", b"\"\0", b"\0\"", b"\\n"] {
                            let mut rest = vec![around; length];
                            rest[place] = byte;
                            rest.extend_from_slice(end);
                            assert_eq!(plain_run(&rest), byte_for_byte(&rest), "{rest:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn bytes_side_by_side_do_not_hide_each_other() {
        const BYTES: [u8; 12] = [0, 1, 0x1F, b' ', b'!', b'"', b'#', b'[', b'\\', b']', 0x7F, 0x80];
        for first in BYTES {
            for second in BYTES {
                for third in BYTES {
                    let mut rest = *b"abcdefghijklmnopqrst\"";
                    rest[6..9].copy_from_slice(&[first, second, third]);
                    assert_eq!(plain_run(&rest), byte_for_byte(&rest), "{rest:?}");
                }
            }
        }
    }
}
