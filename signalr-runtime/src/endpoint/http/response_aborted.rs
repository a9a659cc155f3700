//! The error of an answer that breaks off.

use std::fmt;

/// The error of a [`ResponseBody`](super::response::ResponseBody) that breaks off: its connection was given up before the socket had taken everything.
/// An HTTP server resets the socket then, as it does for each body that fails (`HttpContext.Abort`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseAborted;

impl fmt::Display for ResponseAborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was given up before everything was written")
    }
}

impl std::error::Error for ResponseAborted {}
