//! What carries the bytes of a connection.

#[cfg(feature = "test-util")]
pub(crate) mod memory;
pub(crate) mod negotiate;
pub(crate) mod websocket;
