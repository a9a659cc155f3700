//! The protocol from outside: bytes in, messages out, and back.

mod faults;
mod generate;
mod handshake;
mod hostile;
mod model;
pub(crate) mod recorded;
mod reference;
mod round_trip;
mod vectors;
