//! The hub from outside its connections.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::clients::Clients;
use super::core::HubCore;
use super::drain::Pace;
use super::groups::Groups;
use crate::contract::hub::HubContract;
use crate::endpoint::open_connections::DrainReport;

/// Reaches the clients of a hub from anywhere: another request handler, a timer, a message queue
/// (`IHubContext<THub>`). Cheap to clone.
pub struct HubHandle<C> {
    core: Arc<HubCore>,
    contract: PhantomData<fn() -> C>,
}

impl<C: HubContract> HubHandle<C> {
    pub(crate) fn new(core: Arc<HubCore>) -> Self {
        Self { core, contract: PhantomData }
    }

    /// The clients that can be called.
    pub fn clients(&self) -> Clients<C> {
        Clients::new(Arc::clone(&self.core))
    }

    /// The groups of the hub.
    pub fn groups(&self) -> Groups {
        Groups::new(Arc::clone(&self.core))
    }

    /// How many connections the hub has on this node.
    pub fn connection_count(&self) -> usize {
        self.core.registry.len()
    }

    /// How many connections a user has on this node.
    pub fn user_connection_count(&self, user_id: &str) -> usize {
        self.core.registry.user_len(user_id)
    }

    /// Ends one connection, as [`HubContext::abort`](crate::server::HubContext::abort) does.
    pub fn abort(&self, connection_id: &str) {
        if let Some(connection) = self.core.registry.get(connection_id) {
            connection.abort();
        }
    }

    /// Takes the hub out of service without a storm of clients that come back all at once: for deployments.
    ///
    /// From now on new clients are refused with `503 Service Unavailable` and
    /// [`retry_after`](crate::server::HttpOptions::retry_after). Those that are there work on until, one after the other and
    /// at random moments of equal parts of the time, each is told that it may connect again. Its running calls
    /// come to their end or to that of [`call_linger`](crate::server::Limits::call_linger), and its disconnect callback runs. The last of them have five seconds for that (half of the
    /// time, if that is less); what is still busy at the `deadline` is ended. Done when all connections have ended.
    ///
    /// axum does not wait for WebSockets when it shuts down, so let it wait for this. Hubs of one application are
    /// drained side by side:
    ///
    /// ```no_run
    /// # use signalr_runtime::{HubContract, server::HubHandle};
    /// # use std::time::Duration;
    /// # async fn run<A: HubContract, B: HubContract>(
    /// #     app: axum::Router, chat: HubHandle<A>, news: HubHandle<B>, stop: impl Future<Output = ()> + Send + 'static,
    /// # ) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// axum::serve(listener, app)
    ///     .with_graceful_shutdown(async move {
    ///         stop.await;
    ///         let deadline = Duration::from_secs(30);
    ///         let (chat, news) = tokio::join!(chat.drain(deadline), news.drain(deadline));
    ///         println!("{} connections were cut short", chat.aborted + news.aborted);
    ///     })
    ///     .await
    /// # }
    /// ```
    pub async fn drain(&self, deadline: Duration) -> DrainReport {
        self.core.drain(Pace::Within(deadline)).await
    }

    /// Ends the hub as ASP.NET Core does when its host stops: like [`drain`](Self::drain), but all clients are told to
    /// go at once, and have five seconds for it.
    ///
    /// ```no_run
    /// # use signalr_runtime::{HubContract, server::HubHandle};
    /// # async fn run<C: HubContract>(app: axum::Router, hub: HubHandle<C>, stop: impl Future<Output = ()> + Send + 'static)
    /// # -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// axum::serve(listener, app)
    ///     .with_graceful_shutdown(async move {
    ///         stop.await;
    ///         hub.shut_down().await;
    ///     })
    ///     .await
    /// # }
    /// ```
    pub async fn shut_down(&self) -> DrainReport {
        self.core.drain(Pace::AtOnce).await
    }
}

impl<C> Clone for HubHandle<C> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), contract: PhantomData }
    }
}

impl<C> fmt::Debug for HubHandle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubHandle").field("hub", &self.core.name()).finish_non_exhaustive()
    }
}
