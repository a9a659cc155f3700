//! What carries the bytes of a connection.

pub(crate) mod negotiate;
pub(crate) mod websocket;
