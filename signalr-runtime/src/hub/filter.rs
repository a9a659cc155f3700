//! Code that runs around every call of a hub.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use serde::Serialize;

use super::connection::Connection;
use crate::connection::budget::{Charge, ChargeKind, MemoryBudget};
use crate::contract::arguments::Arguments;
use crate::contract::dispatch::{Answer, Reply, Running};
use crate::contract::encoding::Encoding;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::value::{Encoded, HubProtocol, Payload, WireValue};
use crate::endpoint::connection_id::ConnectionId;
use crate::transport::negotiate::TransportKind;

/// A hub filter (`IHubFilter`): runs around every call, and around the connect and disconnect callbacks.
///
/// An `async fn(Invocation, Next) -> Reply` and a closure of that shape are filters, also an `async` closure that
/// captures nothing; one with state is a closure that returns an `async move` block, or a struct that implements
/// this trait. The filter that was added first is the outermost. Filters run when the arguments have been bound and the caller is authorized; around
/// a method that streams its results they run until it has returned the stream.
///
/// ```
/// use signalr_runtime::server::{Invocation, Next, Reply};
///
/// async fn audit(call: Invocation, next: Next) -> Reply {
///     let method = call.method().to_owned();
///     let reply = next.run(call).await;
///     println!("{method}: {}", if reply.as_error().is_some() { "failed" } else { "done" });
///     reply
/// }
///
/// fn counting(calls: std::sync::Arc<std::sync::atomic::AtomicU64>) -> impl signalr_runtime::server::Filter {
///     move |call, next: Next| {
///         calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         async move { next.run(call).await }
///     }
/// }
/// ```
pub trait Filter: Send + Sync + 'static {
    /// Runs around a call. Not running `next` means that the method does not run.
    fn invoke(&self, call: Invocation, next: Next) -> impl Future<Output = Reply> + Send;

    /// Runs around the connect callback.
    fn connect(
        &self,
        connection: ConnectionInfo,
        next: NextConnect,
    ) -> impl Future<Output = HubResult> + Send {
        let _ = connection;
        next.run()
    }

    /// Runs around the disconnect callback.
    fn disconnect(
        &self,
        connection: ConnectionInfo,
        next: NextDisconnect,
    ) -> impl Future<Output = ()> + Send {
        let _ = connection;
        next.run()
    }
}

impl<F, Fut> Filter for F
where
    F: Fn(Invocation, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Reply> + Send,
{
    fn invoke(&self, call: Invocation, next: Next) -> impl Future<Output = Reply> + Send {
        self(call, next)
    }
}

/// The connection that a filter or a rule looks at.
#[derive(Clone)]
pub struct ConnectionInfo {
    connection: Arc<Connection>,
    /// The request that counted when somebody began to look.
    request: Arc<http::request::Parts>,
}

impl ConnectionInfo {
    pub(crate) fn of(connection: &Arc<Connection>) -> Self {
        Self { connection: Arc::clone(connection), request: connection.authenticated_request() }
    }

    /// Looks again at who the client is.
    pub(crate) fn look_again(&mut self) {
        self.request = self.connection.authenticated_request();
    }

    /// The public id of the connection.
    pub fn connection_id(&self) -> &ConnectionId {
        &self.connection.id
    }

    /// Who the client is.
    pub fn user_id(&self) -> Option<&str> {
        self.connection.user_id.as_deref()
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

    /// The request that says who the client is: the one that opened the connection or, before a call that came later,
    /// the latest that has refreshed its authentication.
    pub fn request(&self) -> &http::request::Parts {
        &self.request
    }
}

impl fmt::Debug for ConnectionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionInfo").field("connection_id", &self.connection.id).finish_non_exhaustive()
    }
}

/// One call, as a filter sees it (`HubInvocationContext`). It owns its arguments.
pub struct Invocation {
    pub(crate) method: &'static str,
    pub(crate) format: HubProtocol,
    pub(crate) arguments: Arc<KeptArguments>,
    pub(crate) connection: ConnectionInfo,
}

impl Invocation {
    /// The same call for somebody else who looks at it.
    pub(crate) fn share(&self) -> Self {
        let Self { method, format, arguments, connection } = self;
        Self { method, format: *format, arguments: Arc::clone(arguments), connection: connection.clone() }
    }

    /// The name of the method on the wire, as the contract declares it.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The connection that made the call.
    pub fn connection(&self) -> &ConnectionInfo {
        &self.connection
    }

    /// Who the client is.
    pub fn user_id(&self) -> Option<&str> {
        self.connection.user_id()
    }

    /// Decodes the argument at `index`, streams not counted (`HubMethodArguments`): `call.argument::<String>(0)?`.
    ///
    /// # Errors
    ///
    /// Of the kind [`Codec`](HubErrorKind::Codec), if there is no such argument or it is no `T`.
    pub fn argument<T: WireValue>(&self, index: usize) -> HubResult<T> {
        let list = Payload { format: self.format, bytes: &self.arguments.bytes };
        Arguments::nth(list, index)
            .map_err(|error| HubError::with_kind(HubErrorKind::Codec, error.to_string()))
    }

    /// An answer with `value`, in place of the method's. It must be what the client expects of that method. A value that
    /// cannot be written makes it an answer with an error.
    pub fn reply<T: Serialize + ?Sized>(&self, value: &T) -> Reply {
        Reply(
            Encoded::write(|out| Encoding::of_value(self.format).write(value, out))
                .map(Answer::Value)
                .map_err(|error| HubError::with_kind(HubErrorKind::Codec, error.to_string())),
        )
    }
}

/// The arguments of a call, for its filters and rules: one copy for all of them, which is charged as long as one of them
/// has it.
pub(crate) struct KeptArguments {
    bytes: Box<[u8]>,
    _charge: Charge,
}

impl KeptArguments {
    pub(crate) fn new(bytes: &[u8], budget: Option<&MemoryBudget>) -> Self {
        let mut charge = Charge::new(budget.cloned(), ChargeKind::Calls);
        charge.set(bytes.len());
        Self { bytes: bytes.into(), _charge: charge }
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("method", &self.method)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// What comes after a filter: the next filter, or the method.
pub struct Next {
    rest: Filters,
    method: Running,
}

impl Next {
    /// Goes on with the call.
    pub async fn run(self, call: Invocation) -> Reply {
        let Self { mut rest, method } = self;
        match rest.pop_outermost() {
            Some(filter) => filter.invoke(call, Next { rest, method }).await,
            None => method.await,
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// What comes after a filter's connect hook.
pub struct NextConnect {
    rest: Filters,
    connection: ConnectionInfo,
    callback: BoxFuture<'static, HubResult>,
}

impl NextConnect {
    /// Goes on connecting.
    pub async fn run(self) -> HubResult {
        let Self { mut rest, connection, callback } = self;
        match rest.pop_outermost() {
            Some(filter) => {
                filter.connect(connection.clone(), NextConnect { rest, connection, callback }).await
            }
            None => callback.await,
        }
    }
}

impl fmt::Debug for NextConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextConnect").finish_non_exhaustive()
    }
}

/// What comes after a filter's disconnect hook.
pub struct NextDisconnect {
    rest: Filters,
    connection: ConnectionInfo,
    callback: BoxFuture<'static, ()>,
}

impl NextDisconnect {
    /// Goes on disconnecting.
    pub async fn run(self) {
        let Self { mut rest, connection, callback } = self;
        match rest.pop_outermost() {
            Some(filter) => {
                filter.disconnect(connection.clone(), NextDisconnect { rest, connection, callback }).await;
            }
            None => callback.await,
        }
    }
}

impl fmt::Debug for NextDisconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextDisconnect").finish_non_exhaustive()
    }
}

/// The filters of a hub, or those that are still to run.
#[derive(Clone, Default)]
pub(crate) struct Filters {
    all: Arc<Vec<Arc<dyn DynFilter>>>,
    done: usize,
}

impl Filters {
    /// Adds a filter inside the others.
    pub(crate) fn push(&mut self, filter: impl Filter) {
        let mut all = Vec::clone(&self.all);
        all.push(Arc::new(filter));
        self.all = Arc::new(all);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Wraps a bound call.
    pub(crate) fn around_call(&self, mut call: Invocation, method: Running) -> Running {
        let next = Next { rest: self.clone(), method };
        Box::pin(async move {
            call.connection.look_again();
            next.run(call).await
        })
    }

    /// Wraps the connect callback.
    pub(crate) async fn around_connect(
        &self,
        connection: &Arc<Connection>,
        callback: BoxFuture<'static, HubResult>,
    ) -> HubResult {
        let connection = ConnectionInfo::of(connection);
        NextConnect { rest: self.clone(), connection, callback }.run().await
    }

    /// Wraps the disconnect callback.
    pub(crate) async fn around_disconnect(
        &self,
        connection: &Arc<Connection>,
        callback: BoxFuture<'static, ()>,
    ) {
        let connection = ConnectionInfo::of(connection);
        NextDisconnect { rest: self.clone(), connection, callback }.run().await;
    }

    fn pop_outermost(&mut self) -> Option<Arc<dyn DynFilter>> {
        let filter = self.all.get(self.done).cloned();
        self.done += usize::from(filter.is_some());
        filter
    }
}

/// A [`Filter`] of any type.
pub(crate) trait DynFilter: Send + Sync {
    fn invoke(&self, call: Invocation, next: Next) -> BoxFuture<'_, Reply>;
    fn connect(&self, connection: ConnectionInfo, next: NextConnect) -> BoxFuture<'_, HubResult>;
    fn disconnect(&self, connection: ConnectionInfo, next: NextDisconnect) -> BoxFuture<'_, ()>;
}

impl<F: Filter> DynFilter for F {
    fn invoke(&self, call: Invocation, next: Next) -> BoxFuture<'_, Reply> {
        Box::pin(Filter::invoke(self, call, next))
    }

    fn connect(&self, connection: ConnectionInfo, next: NextConnect) -> BoxFuture<'_, HubResult> {
        Box::pin(Filter::connect(self, connection, next))
    }

    fn disconnect(&self, connection: ConnectionInfo, next: NextDisconnect) -> BoxFuture<'_, ()> {
        Box::pin(Filter::disconnect(self, connection, next))
    }
}
