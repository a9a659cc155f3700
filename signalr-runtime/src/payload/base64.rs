//! Bytes as text, as System.Text.Json writes and reads them.

use std::fmt;

use base64::Engine;
use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;

/// The bytes in the standard alphabet, with padding.
pub(super) fn encode(bytes: &[u8]) -> impl fmt::Display {
    Base64Display::new(bytes, &BASE64_STANDARD)
}

/// The bytes of a text, which may have white space anywhere, as .NET's `Base64.DecodeFromUtf8` takes it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if let Ok(bytes) = BASE64_STANDARD.decode(text) {
        return Some(bytes);
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    if !text.as_bytes().iter().any(is_space) {
        return None;
    }
    let dense: Vec<u8> = text.bytes().filter(|byte| !is_space(byte)).collect();
    BASE64_STANDARD.decode(dense).ok()
}
