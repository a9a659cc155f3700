//! One pass over the text of a record: where its properties and values stand.
//!
//! Strings, numbers and literals are checked as they are passed. Of an object or array that is kept for
//! serde only the extent is found (brackets, strings, depth): whoever decodes it, or throws it away, checks
//! the inside.

use std::borrow::Cow;

use memchr::memchr2;
use serde::de::IgnoredAny;

use crate::protocol::error::{ProtocolError, Token};

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

/// A place in the text of a record.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    /// Never beyond the end of `text`.
    at: usize,
}

/// A string as it stands in the text: what is between its quotes, or with the quotes if there are escapes in
/// it. So it is no larger than a reference, and comes back from a function in registers.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// The string that is meant.
    #[inline]
    pub(crate) fn decode(self) -> Result<Cow<'a, str>, Malformed> {
        if self.is_escaped() { self.unescape().map(Cow::Owned) } else { Ok(Cow::Borrowed(self.0)) }
    }

    /// Makes sure that [`decode`](Self::decode) will not fail.
    #[inline]
    pub(crate) fn check(self) -> Result<(), Malformed> {
        if self.is_escaped() { self.unescape().map(drop) } else { Ok(()) }
    }

    /// The name of a property that is looked for among known ones. One that is no Unicode is not known.
    #[inline]
    pub(crate) fn name(self) -> Cow<'a, str> {
        if self.is_escaped() {
            Cow::Owned(self.unescape().unwrap_or_default())
        } else {
            Cow::Borrowed(self.0)
        }
    }

    fn is_escaped(self) -> bool {
        self.0.as_bytes().first() == Some(&b'"')
    }

    /// What is left to go wrong is half of a surrogate pair.
    #[cold]
    fn unescape(self) -> Result<String, Malformed> {
        serde_json::from_str(self.0).map_err(|_| Malformed)
    }
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(record: &'a [u8]) -> Result<Self, Malformed> {
        let text = str::from_utf8(record).map_err(|_| Malformed)?;
        Ok(Self { text, at: 0 })
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
    pub(crate) fn name(&mut self) -> Result<Text<'a>, Malformed> {
        if self.peek() != Some(b'"') {
            return Err(Malformed);
        }
        let name = self.string()?;
        self.peek();
        if self.accept(b':') { Ok(name) } else { Err(Malformed) }
    }

    /// Passes a value and returns its text. The inside of an object or array is not checked.
    pub(crate) fn value(&mut self) -> Result<&'a str, Malformed> {
        let token = self.token()?;
        let start = self.at;
        match token {
            Token::Object | Token::Array => self.container()?,
            _ => self.scalar(token)?,
        }
        self.text.get(start..self.at).ok_or(Malformed)
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
    pub(crate) fn string(&mut self) -> Result<Text<'a>, Malformed> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        let start = self.at;
        self.at += plain_run(bytes.get(start..).ok_or(Malformed)?)?;
        if bytes.get(self.at) != Some(&b'"') {
            return self.escaped_string(start - 1);
        }
        let plain = self.text.get(start..self.at).ok_or(Malformed)?;
        self.at += 1;
        Ok(Text(plain))
    }

    /// Passes the rest of a string from its first escape on.
    #[cold]
    fn escaped_string(&mut self, start: usize) -> Result<Text<'a>, Malformed> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) != Some(&b'"') {
            self.escape()?;
            self.at += plain_run(bytes.get(self.at..).ok_or(Malformed)?)?;
        }
        self.at += 1;
        self.text.get(start..self.at).map(Text).ok_or(Malformed)
    }

    /// Passes a backslash and what belongs to it.
    fn escape(&mut self) -> Result<(), Malformed> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Malformed)?;
        self.at += match rest {
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].into_iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(Malformed),
        };
        Ok(())
    }

    /// Passes the number that [`token`](Self::token) has seen.
    pub(crate) fn number(&mut self) -> Result<&'a str, Malformed> {
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
        match self.text.as_bytes().get(self.at) {
            Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') | None => {
                self.text.get(start..self.at).ok_or(Malformed)
            }
            Some(_) => Err(Malformed),
        }
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Malformed)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        if digits == 0 { Err(Malformed) } else { Ok(()) }
    }

    fn literal(&mut self, literal: &str) -> Result<(), Malformed> {
        let rest = self.text.as_bytes().get(self.at..).ok_or(Malformed)?;
        if !rest.starts_with(literal.as_bytes()) {
            return Err(Malformed);
        }
        self.at += literal.len();
        Ok(())
    }

    /// Passes the object or array that [`token`](Self::token) has seen: to the bracket that closes it.
    fn container(&mut self) -> Result<(), Malformed> {
        const OUTSIDE: u32 = 1;
        let bytes = self.text.as_bytes();
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
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Passes `byte` if it is what comes next.
    fn accept(&mut self, byte: u8) -> bool {
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
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
    // Names and ids are so short that a call costs more than looking at each byte.
    const SHORT: usize = 16;
    for (at, byte) in rest.iter().enumerate().take(SHORT) {
        match byte {
            b'"' | b'\\' => return Ok(at),
            0..b' ' => return Err(Malformed),
            _ => {}
        }
    }
    let run = memchr2(b'"', b'\\', rest).ok_or(Malformed)?;
    let plain = rest.get(..run).unwrap_or_default();
    // The least of all, not the first that is too small: that compares many bytes at once.
    let least = plain.iter().fold(u8::MAX, |least, byte| least.min(*byte));
    if least < b' ' { Err(Malformed) } else { Ok(run) }
}

/// Looks at every byte of a value whose extent is known.
pub(crate) fn check(value: &str) -> Result<(), Malformed> {
    if value.starts_with(['{', '[']) {
        serde_json::from_str::<IgnoredAny>(value).map_err(|_| Malformed)?;
    }
    Ok(())
}
