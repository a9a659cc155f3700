//! The hub protocols, sans I/O: bytes in, messages out.

pub(crate) mod message;
