//! The contract core: what generated code targets, on either side of a connection.
//!
//! Nothing here knows a runtime, a socket or an envelope, so that a contract crate stays as small as the
//! types it declares.

pub(crate) mod arguments;
pub(crate) mod backlog;
pub(crate) mod client_call;
mod depth;
pub(crate) mod dispatch;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod error_type;
pub(crate) mod handle;
pub(crate) mod hub;
pub(crate) mod hub_protocol;
pub(crate) mod incoming;
pub(crate) mod lent;
pub(crate) mod link;
pub(crate) mod locks;
#[cfg(feature = "messagepack")]
pub(crate) mod messagepack;
#[cfg(feature = "json")]
mod negative_zero;
pub(crate) mod open_stream;
pub(crate) mod opening;
pub(crate) mod parameters;
pub(crate) mod per_protocol;
pub(crate) mod place;
pub(crate) mod proxy;
pub(crate) mod receivers;
pub(crate) mod refused;
pub(crate) mod relay;
pub(crate) mod stub;
pub(crate) mod typed_error;
pub(crate) mod value;
pub(crate) mod value_error;

#[cfg(all(test, feature = "macros", feature = "json"))]
mod tests;
