//! The hub from outside its connections.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::clients::Clients;
use super::core::HubCore;
use super::groups::Groups;
use crate::contract::hub::HubContract;

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
        self.core.lifetime.len()
    }

    /// Ends one connection, as [`HubContext::abort`](super::HubContext::abort) does.
    pub fn abort(&self, connection_id: &str) {
        if let Some(connection) = self.core.lifetime.get(connection_id) {
            connection.abort();
        }
    }

    /// Ends the hub: new clients are refused, those that are there are told that they may connect again, and
    /// every disconnect callback runs. Done when all connections have ended, after about five seconds at the
    /// most.
    ///
    /// axum does not wait for WebSockets when it shuts down, so let it wait for this:
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
    pub async fn shut_down(&self) {
        self.core.shut_down().await;
    }
}

impl<C> Clone for HubHandle<C> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), contract: PhantomData }
    }
}

impl<C> fmt::Debug for HubHandle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubHandle").field("hub", &self.core.name).finish_non_exhaustive()
    }
}
