//! The protocol from outside: bytes in, messages out, and back.

mod faults;
mod generate;
mod handshake;
mod hostile;
#[cfg(feature = "messagepack")]
mod messagepack;
pub(crate) mod model;
pub(crate) mod recorded;
mod reference;
mod round_trip;
#[cfg(feature = "messagepack")]
mod tree;
mod vectors;
