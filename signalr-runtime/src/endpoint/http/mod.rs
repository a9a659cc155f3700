//! Connections over HTTP, whatever lives on them: negotiation, the three transports, and the requests that belong to
//! one connection (ASP.NET Core's `Http.Connections`).

pub(crate) mod accepted;
pub(crate) mod admit;
pub(crate) mod application;
pub(crate) mod authentication;
pub(crate) mod connections;
pub(crate) mod endpoint;
#[cfg(feature = "__fuzzing")]
pub(crate) mod fuzzing;
pub(crate) mod inbox;
mod long_polling;
pub(crate) mod mount;
mod negotiate;
mod opening;
pub(crate) mod options;
pub(crate) mod outgoing;
pub(crate) mod polls;
mod refresh;
pub(crate) mod refused;
pub(crate) mod request;
mod request_connection;
mod requester;
pub(crate) mod response;
pub(crate) mod response_aborted;
mod send;
mod server_sent_events;
pub(crate) mod token;
mod used_tokens;
mod websocket;
