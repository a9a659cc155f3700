//! What the fuzz targets do with whole connections: every one of them must end, and leave nothing behind.

mod connection;
mod hub;
mod long_polling;
mod script;

pub use connection::connection;
pub use long_polling::long_polling;

pub use crate::endpoint::http::fuzzing::token;
