//! The hub protocols.

/// A hub protocol: how messages, and the values in them, are written.
///
/// Client and server agree on one when they connect. What Rust types look like in each is told in
/// [`payload`](crate::payload).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HubProtocol {
    /// UTF-8 JSON, the hub protocol `json`.
    #[cfg(feature = "json")]
    Json,
    /// MessagePack, the hub protocol `messagepack`: binary, and smaller.
    #[cfg(feature = "messagepack")]
    MessagePack,
}
