//! Connections without a hub: bytes in both directions, over whatever transport the client has.

mod connection;
mod pump;
mod service;

pub use connection::RawConnection;
pub use service::RawService;
