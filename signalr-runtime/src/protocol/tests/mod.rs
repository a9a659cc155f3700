//! The protocol from outside: bytes in, messages out, and back.

mod model;
pub(crate) mod recorded;
mod vectors;
