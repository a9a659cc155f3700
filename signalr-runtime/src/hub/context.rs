//! What a hub knows of its connection.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tokio_util::sync::CancellationToken;

use super::clients::CallerClients;
use super::connection::Connection;
use super::core::HubCore;
use super::groups::CallerGroups;
use crate::HubProtocol;
use crate::connection::returned_permits::CallNumber;
use crate::connection::scope;
use crate::contract::hub::HubContract;
use crate::endpoint::connection_id::ConnectionId;
use crate::transport::negotiate::TransportKind;

/// One connection of the hub with contract `C`, for the hub itself (`HubCallerContext`, `Clients` and `Groups`
/// of ASP.NET Core's `Hub`). Given to the factory of the [`HubService`](crate::server::HubService); cheap to clone.
pub struct HubContext<C> {
    core: Arc<HubCore>,
    connection: Arc<Connection>,
    /// The call that has made this clone.
    call: Option<CallNumber>,
    contract: PhantomData<fn() -> C>,
}

impl<C: HubContract> HubContext<C> {
    pub(crate) fn new(core: Arc<HubCore>, connection: Arc<Connection>) -> Self {
        Self { core, connection, call: None, contract: PhantomData }
    }

    /// The public id of this connection.
    pub fn connection_id(&self) -> &ConnectionId {
        &self.connection.id
    }

    /// Who the client is, as [`HubService::user_id`](crate::server::HubService::user_id) found when it connected.
    pub fn user_id(&self) -> Option<&str> {
        self.connection.user_id.as_deref()
    }

    /// The request that opened the connection, with what the layers of the application put into its extensions.
    pub fn request(&self) -> &Parts {
        &self.connection.request
    }

    /// The request whose credentials count (`User`): the one that opened the connection, or the latest that has refreshed
    /// its authentication.
    ///
    /// A call keeps those with which it began, to its end: in the method, in the stream that it may have returned, and on a
    /// thread of its own. So do its rules and filters, and the callbacks. Everything else sees those of the moment, the tasks
    /// that a call has spawned included; give them what they are to keep.
    pub fn authenticated_request(&self) -> Arc<Parts> {
        self.connection.authenticated_request()
    }

    /// What carries the connection.
    pub fn transport(&self) -> TransportKind {
        self.connection.transport
    }

    /// The hub protocol that was agreed on in the handshake.
    pub fn protocol(&self) -> HubProtocol {
        self.connection.shared.format
    }

    /// How long the client has been connected: since its handshake, whatever sockets it has used meanwhile.
    pub fn connected_for(&self) -> Duration {
        self.connection.since.elapsed()
    }

    /// Takes something out of the request that opened the connection, with any extractor of axum that needs no body:
    /// `Path`, `Query`, `Extension`, `TypedHeader`, one of your own; `state` is what `State` and its like take from,
    /// `&()` for all others. For the factory of a hub, which may be async and
    /// [may refuse the connection](crate::server::HubService::try_new):
    ///
    /// ```
    /// # use signalr_runtime::{HubContract, HubError, HubResult};
    /// # use signalr_runtime::server::HubContext;
    /// use axum::extract::Query;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Wish {
    ///     room: String,
    /// }
    ///
    /// # struct App;
    /// async fn room_of<C: HubContract>(cx: &HubContext<C>, app: &App) -> HubResult<String> {
    ///     let wish = cx.extract::<Query<Wish>, _>(app).await;
    ///     let Query(wish) = wish.map_err(|_| HubError::new("say which room you want"))?;
    ///     Ok(wish.room)
    /// }
    /// ```
    #[cfg(feature = "axum")]
    pub async fn extract<T, S>(&self, state: &S) -> Result<T, T::Rejection>
    where
        T: axum::extract::FromRequestParts<S>,
        S: Send + Sync,
    {
        let mut request = self.request().clone();
        T::from_request_parts(&mut request, state).await
    }

    /// Cancelled when the connection is over (`ConnectionAborted`). Streams end by themselves then; a call that
    /// takes long may watch this to stop early.
    pub fn aborted(&self) -> &CancellationToken {
        &self.connection.aborted
    }

    /// Ends the connection. The client is told not to connect again by itself; what is sent to it from now on
    /// is dropped, answers included.
    pub fn abort(&self) {
        self.connection.abort();
    }

    /// The groups of this connection.
    pub fn groups(&self) -> CallerGroups {
        CallerGroups::new(Arc::clone(&self.core), Arc::clone(&self.connection))
    }

    /// The clients that can be called. While a method waits for the answer of a client, the next call may start, also where
    /// the method has spawned the question: what it chooses here, or by a clone of this context, is known to be its own.
    pub fn clients(&self) -> CallerClients<C> {
        CallerClients::new(Arc::clone(&self.core), Arc::clone(&self.connection), self.chosen_by())
    }
}

impl<C> HubContext<C> {
    /// The call that chooses clients now, or has made this clone.
    fn chosen_by(&self) -> Option<CallNumber> {
        scope::call_of(&self.connection.shared).or(self.call)
    }
}

impl<C> Clone for HubContext<C> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
            connection: Arc::clone(&self.connection),
            call: self.chosen_by(),
            contract: PhantomData,
        }
    }
}

impl<C> fmt::Debug for HubContext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubContext").field("connection_id", &self.connection.id).finish_non_exhaustive()
    }
}
