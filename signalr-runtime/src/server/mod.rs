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

#[cfg(feature = "__fuzzing")]
pub(crate) mod fuzzing;
#[cfg(feature = "axum")]
mod router;
pub mod telemetry;
#[cfg(all(test, feature = "macros", feature = "test-util"))]
mod tests;

#[cfg(feature = "axum")]
pub use router::HubRouterExt;

pub use crate::endpoint::access_token::{AccessToken, AccessTokenLayer, AccessTokenService};
pub use crate::endpoint::authentication_refresh::AuthenticationRefresh;
pub use crate::endpoint::connection_id::ConnectionId;
pub use crate::endpoint::http::options::{HttpOptions, Transports};
pub use crate::endpoint::http::response::{ResponseBody, ResponseFuture};
pub use crate::endpoint::http::response_aborted::ResponseAborted;
pub use crate::endpoint::http::token::TokenKey;
pub use crate::endpoint::limits::Limits;
pub use crate::endpoint::node::NodeId;
pub use crate::endpoint::open_connections::DrainReport;
pub use crate::endpoint::origin::{InvalidOrigin, Origin};
pub use crate::endpoint::origin_policy::OriginPolicy;
pub use crate::endpoint::path_case::{IgnorePathCase, IgnorePathCaseService};
pub use crate::endpoint::resume::absentees::AbsenceBudget;
pub use crate::hub::Hub;
pub use crate::hub::clients::{CallerClients, Clients};
pub use crate::hub::context::HubContext;
pub use crate::hub::filter::{ConnectionInfo, Filter, Invocation, Next, NextConnect, NextDisconnect};
pub use crate::hub::groups::{CallerGroups, Groups};
pub use crate::hub::handle::HubHandle;
pub use crate::hub::method_options::MethodOptions;
pub use crate::hub::options::HubOptions;
pub use crate::hub::service::HubService;
pub use crate::raw::{RawConnection, RawService};

pub use crate::connection::budget::MemoryBudget;
pub use crate::connection::rate::Rate;
pub use crate::connection::slow_consumer::SlowConsumer;
pub use crate::contract::dispatch::Reply;
pub use crate::protocol::TransferFormat;
pub use crate::transport::negotiate::TransportKind;
#[doc(no_inline)]
pub use crate::{HubError, HubProtocol, HubResult, ResultExt, Stream};
