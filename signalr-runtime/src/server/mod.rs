//! The server: hubs over HTTP.

mod client_results;
mod clients;
mod connection;
mod context;
mod core;
mod dispatcher;
mod endpoint;
mod filter;
mod groups;
mod handle;
mod hub;
#[cfg(feature = "test-util")]
mod in_memory;
mod lifetime;
mod options;
#[cfg(feature = "axum")]
mod router;
mod selection;
mod service;
mod session;
mod token;

pub use clients::{CallerClients, Clients};
pub use connection::ConnectionId;
pub use context::HubContext;
pub use filter::{ConnectionInfo, Filter, Invocation, Next, NextConnect, NextDisconnect};
pub use groups::{CallerGroups, Groups};
pub use handle::HubHandle;
pub use hub::Hub;
pub use options::HubOptions;
#[cfg(feature = "axum")]
pub use router::HubRouterExt;
pub use service::HubService;

pub use crate::contract::dispatch::Reply;
