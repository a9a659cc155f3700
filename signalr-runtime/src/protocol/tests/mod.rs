//! The protocol from outside: bytes in, messages out, and back.

mod model;
mod vectors;
