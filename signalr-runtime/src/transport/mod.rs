//! What carries the bytes of a connection.

pub(crate) mod negotiate;
