//! The client: calls a hub, and is called by it.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use signalr_runtime::client::*;
//! use signalr_runtime::{HubResult, client_proxy, hub};
//!
//! #[hub(client = ChatClient)]
//! trait ChatHub {
//!     async fn join(&self, room: &str) -> HubResult<Vec<String>>;
//! }
//!
//! #[client_proxy]
//! trait ChatClient {
//!     async fn message_received(&self, text: &str);
//! }
//!
//! struct Screen;
//!
//! impl ChatClient for Screen {
//!     async fn message_received(&self, text: &str) {
//!         println!("{text}");
//!     }
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let connection =
//!     HubConnection::<ChatHubContract>::builder("http://localhost:3000/chat").handlers(Screen).connect().await?;
//! let chat = connection.hub();
//! for text in chat.join("lobby").timeout(Duration::from_secs(5)).await? {
//!     println!("{text}");
//! }
//! connection.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # How a connection ends
//!
//! A connection lives while somebody can use it: a [`HubConnection`], a stub from [`HubConnection::hub`], a
//! [`RawHub`], a call that is waiting or a stream that is being read. When the last of them is dropped the
//! connection is closed in good order, as with [`HubConnection::stop`]. Handlers that own a stub therefore keep
//! their own connection alive until somebody stops it.
//!
#![cfg_attr(
    feature = "server",
    doc = "A table has the answer of [`HubConnection::closed`] to each end: see [`server`](crate::server#found-out-by-the-client)."
)]
//!
//! # What waits for what
//!
//! Calls from the server without an answer run strictly one after another; those that want an answer run beside
//! them. A handler may call the hub and wait for its answer, and may stop the connection.
//!
//! Results that a stream brings faster than they are read are kept in memory. From
//! [`HubConnectionBuilder::stream_buffer`] bytes on the connection stops reading, and with it all that the server
//! sends: until some of them have been read, or somebody waits for an answer or an item that can only come behind
//! them. A server gives up a client that does not read for about ten seconds.

mod connection;
mod cookies;
mod dial;
mod dispatcher;
mod error;
mod exchange;
mod life;
mod link;
mod negotiate;
mod raw;
mod session;
mod settings;
mod token;
mod transports;
mod url;
mod websocket;

pub use connection::HubConnection;
pub use connection::builder::HubConnectionBuilder;
pub use error::ConnectError;
pub use life::{ConnectionEvent, ConnectionEvents, ConnectionState};
pub use raw::{RawCall, RawHub};

pub use crate::connection::rate::Rate;
pub use crate::contract::arguments::EncodeArguments;
#[doc(no_inline)]
pub use crate::{HubError, HubErrorKind, HubProtocol, HubResult, Stream};

#[cfg(feature = "test-util")]
pub(crate) use session::{Opened, start};
#[cfg(all(test, feature = "metrics", feature = "test-util"))]
pub(crate) use {settings::Settings, websocket::over};
