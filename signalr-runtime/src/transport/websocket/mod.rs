//! WebSocket (RFC 6455) as the transport of a hub connection, for both roles.
//!
//! tungstenite lends its frame header, its close codes and its handshake digest, but not its stream: that one
//! keeps a read buffer for every connection, idle or not, and copies each outgoing frame together with its
//! header. Here an idle connection holds no buffer, because all connections of a thread read into one, and a
//! frame for many receivers is built once, header included, and shared.

pub(crate) mod close;
mod codec;
mod control;
mod mask;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod upgrade;
mod utf8;
mod violation;
mod write;
