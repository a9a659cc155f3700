//! An error of a transport, kept: a transport that has ended tells so again to everybody who asks.

use std::io::{self, ErrorKind};

/// What there is to tell of an error, more than once.
#[derive(Debug)]
pub(crate) struct KeptError {
    kind: ErrorKind,
    text: String,
}

impl KeptError {
    /// Of an error that is to be told of as one of this kind.
    pub(crate) fn new(kind: ErrorKind, error: &io::Error) -> Self {
        Self { kind, text: error.to_string() }
    }

    /// The error once more.
    pub(crate) fn again(&self) -> io::Error {
        io::Error::new(self.kind, self.text.clone())
    }
}
