//! A connection to a hub, in the hands of the user.

pub(crate) mod builder;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use tokio::sync::watch;

use self::builder::HubConnectionBuilder;
use super::life::{ConnectionEvents, ConnectionState};
use super::link::{ClientLink, Held};
use super::raw::RawHub;
use crate::contract::error::HubError;
use crate::contract::hub::HubContract;
use crate::contract::link::Link;

/// A connection to the hub with contract `C`. Cheap to clone; all clones are one connection.
///
/// It ends with [`stop`](Self::stop), when the server ends it, when it breaks, or when the last clone, stub and call
/// is dropped.
pub struct HubConnection<C> {
    held: Arc<Held>,
    contract: PhantomData<fn() -> C>,
}

impl<C> HubConnection<C> {
    /// Prepares a connection to the hub at `url`, e.g. `http://localhost:3000/chat`. A query is kept and sent with
    /// every request.
    pub fn builder(url: impl Into<String>) -> HubConnectionBuilder<C>
    where
        C: HubContract,
    {
        HubConnectionBuilder::new(url.into())
    }
}

impl<C: HubContract> HubConnection<C> {
    pub(crate) fn new(held: Arc<Held>) -> Self {
        Self { held, contract: PhantomData }
    }

    /// The typed stub: calls the methods of the hub. Keeps the connection alive.
    pub fn hub(&self) -> C::Stub {
        C::Stub::from(self.link())
    }

    /// Calls the methods of the hub by name, for names that are known only when the program runs.
    pub fn raw(&self) -> RawHub {
        RawHub::new(self.link())
    }

    /// The state, now and whenever it changes (`State`).
    pub fn state(&self) -> watch::Receiver<ConnectionState> {
        self.held.line.life.state()
    }

    /// The public id of this connection, by which the server can address it. None when negotiation was skipped, or
    /// when the connection has ended.
    pub fn connection_id(&self) -> Option<String> {
        if self.held.line.life.is_over() { None } else { self.held.id.clone() }
    }

    /// Ends the connection in good order (`StopAsync`): tells the server, and waits until the transport is closed, for
    /// [`close_timeout`](HubConnectionBuilder::close_timeout) at the most. What was sent before is still delivered;
    /// calls that wait for an answer fail with [`HubErrorKind::Closed`](crate::HubErrorKind::Closed).
    ///
    /// May be called anywhere, also inside a handler, and more than once.
    pub async fn stop(&self) {
        self.held.stop();
        let _ = self.held.line.life.closed().await;
    }

    /// Waits for the end of the connection (`Closed`): `None` when this side or the server ended it in good order, else what
    /// went wrong.
    pub async fn closed(&self) -> Option<HubError> {
        self.held.line.life.closed().await
    }

    /// What happens to the connection from now on.
    pub fn events(&self) -> ConnectionEvents {
        self.held.line.life.events()
    }

    fn link(&self) -> Arc<dyn Link> {
        Arc::new(ClientLink(Arc::clone(&self.held)))
    }
}

impl<C> Clone for HubConnection<C> {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held), contract: PhantomData }
    }
}

impl<C> fmt::Debug for HubConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubConnection")
            .field("state", &*self.held.line.life.state().borrow())
            .field("connection_id", &self.held.id)
            .finish_non_exhaustive()
    }
}
