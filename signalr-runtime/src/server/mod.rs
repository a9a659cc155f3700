//! The server: hubs over HTTP.
//!
//! A type that implements [`Hub`] and the trait of its contract becomes a [`HubService`], which any router can serve;
//! with the feature `axum` a router does so by `.hub("/chat", service)`. Each connection has a hub value of its own,
//! made with a [`HubContext`]: who the client is, its groups, and the clients it can call. A [`HubHandle`] reaches the
//! clients from everywhere else.
//!
//! ```
//! use signalr_runtime::server::{Hub, HubContext, HubService};
//! use signalr_runtime::{HubError, HubResult, client_proxy, hub};
//!
//! #[hub(client = Listener)]
//! pub trait Radio {
//!     async fn play(&self, song: &str) -> HubResult;
//! }
//!
//! #[client_proxy]
//! pub trait Listener {
//!     async fn now_playing(&self, song: &str);
//! }
//!
//! struct Studio {
//!     cx: HubContext<RadioContract>,
//! }
//!
//! impl Hub for Studio {
//!     type Contract = RadioContract;
//!
//!     async fn on_connected(&self) -> HubResult {
//!         self.cx.groups().join("listeners").await
//!     }
//! }
//!
//! impl Radio for Studio {
//!     async fn play(&self, song: &str) -> HubResult {
//!         if self.cx.user_id() != Some("dj") {
//!             return Err(HubError::new("only the DJ chooses"));
//!         }
//!         self.cx.clients().group("listeners").now_playing(song).await
//!     }
//! }
//!
//! let radio = HubService::<Studio>::new(|cx| Studio { cx })
//!     .user_id(|request| request.headers.get("x-user")?.to_str().ok().map(str::to_owned));
//! let everyone = radio.handle().clients().all();
//! ```
//!
//! # Where to look
//!
//! * How clients may connect: [`HttpOptions`], for transports, stateful reconnect and how long each step may take. What
//!   they may do then: [`HubOptions`], with ASP.NET Core's names and defaults; [`Limits`] beyond them; and
//!   [`MethodOptions`] for single methods.
//! * Who they are: [`HubService::user_id`], from what the layers of the router have found out; [`AccessTokenLayer`] for
//!   tokens in the query; [`HubService::authorize`] and [`authorize_hub`](HubService::authorize_hub) for what they may
//!   use; [`OriginPolicy`] for the web sites they may come from.
//! * Around every call: [`HubService::filter`].
//! * What operators see: [`telemetry`]. How a hub is taken out of service: [`HubHandle::drain`].
//! * Connections of bytes, without a hub: [`RawService`].
//!
#![cfg_attr(all(feature = "macros", feature = "test-util"), doc = include_str!("streams.md"))]
#![doc = include_str!("endings.md")]
#![cfg_attr(all(feature = "axum", feature = "macros", feature = "test-util"), doc = include_str!("serving.md"))]

mod access_token;
mod admission;
mod asker;
mod authentication_refresh;
mod blocking;
mod blocking_detector;
mod broadcast;
mod call_credentials;
mod call_slots;
mod client_results;
mod clients;
mod connection;
mod connection_id;
mod connection_meter;
mod context;
mod core;
mod deadline;
mod dispatcher;
mod drain;
mod filter;
#[cfg(feature = "__fuzzing")]
pub(crate) mod fuzzing;
mod groups;
mod handle;
mod http;
mod hub;
mod identity;
#[cfg(feature = "test-util")]
mod in_memory;
mod lifetime;
mod limits;
mod method_options;
mod node;
mod open_connections;
mod options;
mod origin;
mod origin_policy;
mod path_case;
mod peer_address;
mod query;
mod raw;
mod registry;
mod resume;
mod roomy;
#[cfg(feature = "axum")]
mod router;
mod selection;
mod service;
mod session;
mod shared;
pub mod telemetry;
mod user_id;

pub use access_token::{AccessToken, AccessTokenLayer, AccessTokenService};
pub use authentication_refresh::AuthenticationRefresh;
pub use clients::{CallerClients, Clients};
pub use connection_id::ConnectionId;
pub use context::HubContext;
pub use drain::DrainReport;
pub use filter::{ConnectionInfo, Filter, Invocation, Next, NextConnect, NextDisconnect};
pub use groups::{CallerGroups, Groups};
pub use handle::HubHandle;
pub use http::options::{HttpOptions, Transports};
pub use http::response::{ResponseBody, ResponseFuture};
pub use http::response_aborted::ResponseAborted;
pub use http::token::TokenKey;
pub use hub::Hub;
pub use limits::Limits;
pub use method_options::MethodOptions;
pub use node::NodeId;
pub use options::HubOptions;
pub use origin::{InvalidOrigin, Origin};
pub use origin_policy::OriginPolicy;
pub use path_case::{IgnorePathCase, IgnorePathCaseService};
pub use raw::{RawConnection, RawService};
pub use resume::absentees::AbsenceBudget;
#[cfg(feature = "axum")]
pub use router::HubRouterExt;
pub use service::HubService;

pub use crate::connection::budget::MemoryBudget;
pub use crate::connection::rate::Rate;
pub use crate::connection::slow_consumer::SlowConsumer;
pub use crate::contract::dispatch::Reply;
pub use crate::protocol::TransferFormat;
pub use crate::transport::negotiate::TransportKind;
#[doc(no_inline)]
pub use crate::{HubError, HubProtocol, HubResult, ResultExt, Stream};

#[cfg(all(test, feature = "macros", feature = "test-util"))]
mod tests;
