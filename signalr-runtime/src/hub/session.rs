//! One connection of a hub, from its transport to its end.

mod handshake;

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::timeout;
use tracing::Instrument;

use self::handshake::shake_hands;
use super::call_credentials;
use super::call_slots::ClientQueues;
use super::connection::Connection;
use super::core::HubCore;
use super::dispatcher::HubDispatcher;
use super::options::HubOptions;
use super::shared::HubShared;
use crate::connection::budget::{MemoryBudget, Watched};
use crate::connection::clock::{Ping, Silence, Timing};
use crate::connection::duplex::{Duplex, End};
use crate::connection::ended::Ended;
use crate::connection::ending::EndRequest;
use crate::connection::engine::{Begun, Engine, EngineLimits, Linger, Pause};
use crate::connection::limit::Limit;
use crate::connection::panics::Panicked;
use crate::connection::scope::{self, Scope};
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::endpoint::connection_meter::ConnectionMeter;
use crate::endpoint::deadline::within;
use crate::endpoint::http::accepted::{Accepted, Place};
use crate::endpoint::http::authentication::Authentication;
use crate::endpoint::http::options::unless_zero;
use crate::hub::Hub;
use crate::hub::span;
use crate::protocol::framing::RecordReader;
use crate::protocol::message::Message;
use crate::transport::negotiate::TransportKind;

/// The transport of a connection, and what goes when it has ended.
struct Line {
    transport: Box<dyn Duplex>,
    kind: TransportKind,
    close_timeout: Duration,
    meter: ConnectionMeter,
    place: Place,
}

/// Serves a connection: its handshake, and then, in a task of its own that keeps nothing of it, its life.
pub(crate) fn spawn<H: Hub + 'static>(hub: Arc<HubShared<H>>, accepted: Accepted) {
    let open = Arc::clone(&hub.core.open);
    // Before the task runs, which may be never if the hub ends.
    let meter = ConnectionMeter::start(&open, accepted.kind);
    let tasks = Arc::clone(&open);
    open.spawn(async move {
        if let Some((line, reader, connection)) = shake_hands(&hub, accepted, meter).await {
            tasks.spawn(run(hub, line, reader, connection));
        }
    });
}

/// Registers a connection, and gives the rest of its life: a future that holds only what is needed until the end.
fn run<H: Hub + 'static>(
    hub: Arc<HubShared<H>>,
    line: Line,
    reader: RecordReader,
    connection: Arc<Connection>,
) -> impl Future<Output = ()> + Send + 'static {
    let Line { transport, kind, close_timeout, mut meter, place } = line;
    let options = &hub.options;
    let timing = Timing {
        // The polls of a client keep its connection alive by themselves.
        ping: (kind != TransportKind::LongPolling).then_some(Ping::Every(options.keep_alive_interval)),
        silence: Some(Silence::FromFirstPing(options.client_timeout_interval)),
        write: options.http.transport_send_timeout,
    };
    let registration = Registration::new(&hub.core, &connection, options.limits.memory.as_ref());
    let (shared, limits) = (Arc::clone(&connection.shared), Arc::clone(&hub.engine_limits));
    let role =
        HubDispatcher { hub: None, shared: Arc::clone(&hub), connection, queues: ClientQueues::default() };
    let mut engine = Engine::new(transport, reader, shared, role, limits, timing);

    async move {
        // Not before the answer to the handshake is on its way.
        if let Some(authentication) = &registration.connection.authentication {
            let close_on_expiration = hub.endpoint.options.close_on_authentication_expiration;
            let connection = Arc::clone(&registration.connection);
            hub.core.open.spawn(watch(connection, Arc::clone(authentication), close_on_expiration));
        }
        // What runs once is boxed: else the task keeps room for it as long as the connection lives.
        let connecting = Box::pin(connect(Arc::clone(&hub), Arc::clone(&registration.connection)));
        // What the client has sent before it went is still handled, its streams too.
        let lost = || registration.connection.aborted.cancel();
        let (ended, value) = match Box::pin(engine.begin(connecting, close_timeout, lost)).await {
            Begun::Done(Ok(value)) => {
                engine.role().hub = Some(Arc::clone(&value));
                (engine.run().await, Value::Made(value))
            }
            Begun::Done(Err(error)) => (Ended::Refused(error), Value::None),
            Begun::Over(ended, connecting) => (ended, Value::Connecting(connecting)),
        };
        meter.ended(&ended);
        hub.core.open.log_end("a connection ended", &registration.connection.id, &ended);
        let ending = end(&mut engine, registration, &hub, ended, value, close_timeout, place);
        let place = Box::pin(ending).await;
        // The hub goes before its place is given to somebody else.
        drop(engine);
        drop(place);
    }
}

/// The hub of a connection that is over.
enum Value<H> {
    Made(Arc<H>),
    /// Its connect callback still runs.
    Connecting(Pin<Box<dyn Future<Output = HubResult<Arc<H>>> + Send>>),
    None,
}

/// What each connection of a hub with these options may hold.
pub(crate) fn engine_limits(options: &HubOptions) -> EngineLimits {
    EngineLimits {
        parallel_calls: options.maximum_parallel_invocations_per_client.max(1),
        queued_calls: options.limits.queued_calls.max(1),
        queued_call_bytes: options.limits.queued_call_bytes.max(1),
        unordered_calls: options.limits.unordered_calls,
        id_length: options.limits.id_length,
        upload_streams: options.limits.upload_streams,
        stray_items: options.limits.stray_items,
        messages: options.limits.messages,
        stream_capacity: options.stream_buffer_capacity,
        backlog: unless_zero(options.http.application_max_buffer_size),
        pause: Pause::WhenFull,
        read_ahead: options.limits.read_ahead,
        longest_poll: options.blocking_warning,
    }
}

/// Ends a connection when its authentication does.
async fn watch(connection: Arc<Connection>, authentication: Arc<Authentication>, close_on_expiration: bool) {
    let over = authentication.over(close_on_expiration);
    if let Some(request) = connection.aborted.run_until_cancelled(over).await {
        connection.shared.end(request);
    }
}

/// What is left to do when a connection is over. Gives its place back.
async fn end<H: Hub + 'static>(
    engine: &mut Engine<HubDispatcher<H>>,
    mut registration: Registration,
    hub: &HubShared<H>,
    ended: Ended,
    value: Value<H>,
    close_timeout: Duration,
    mut place: Place,
) -> Place {
    let (patience, has_closed) = match &ended {
        Ended::Lost(_) => (Duration::ZERO, true),
        // Who has closed, or broken the transport, waits for our half of the close.
        Ended::Violated(_) | Ended::CutOff(_) | Ended::Left | Ended::PeerClosed { .. } => {
            (close_timeout, true)
        }
        // Who is still there is told of the end.
        Ended::Stopped(_) | Ended::Refused(_) | Ended::Failed(_) => (close_timeout, false),
    };
    let Farewell { close, error, start_queued } = Farewell::new(hub, ended);
    let linger = Linger { start_queued, longest: hub.endpoint.limits.call_linger };
    let mut left = engine.leave(close, linger);
    registration.disconnected();
    // As long as something waits to be written, it may be what is too much for all.
    let watched = registration.watched.take();
    let end = left
        .finish(patience, has_closed, async {
            let value = match value {
                Value::Made(value) => Some(value),
                // It comes to its end first, as `HubConnectionHandler` lets it.
                Value::Connecting(connecting) => connecting.await.ok(),
                Value::None => None,
            };
            let end = match value {
                Some(value) => disconnect(hub, &registration.connection, value, error).await,
                None => End::Normal,
            };
            registration.end().await;
            end
        })
        .await;
    // A client that does not answer the close in time is left.
    let _ = timeout(close_timeout, left.close(end)).await;
    drop((place.live.take(), watched));
    left.run_out().await;
    place
}

/// Makes the hub and runs its connect callback.
async fn connect<H: Hub + 'static>(hub: Arc<HubShared<H>>, connection: Arc<Connection>) -> HubResult<Arc<H>> {
    let (hub, connection) = (&*hub, &connection);
    // Boxed, or each layer around it would move it once more.
    let connecting = Box::pin(async {
        let value = Arc::new(hub.make_hub(connection).await?);
        let callee = Arc::clone(&value);
        let callback = Box::pin(async move { callee.on_connected().await });
        let callback = Box::pin(hub.filters.around_connect(connection, callback));
        call_credentials::keep_in_callback(connection.authentication.as_ref(), &connection.request, callback)
            .await?;
        Ok(value)
    });
    let name = hub.core.name();
    let span = span::connected(name, || hub.endpoint.identity.network(&connection.request));
    let connecting = hub.blocking.watch_polls("OnConnectedAsync", connecting);
    let connecting = within(hub.endpoint.limits.callback_timeout, Limit::CallbackTime, connecting);
    let mut connecting = pin!(AssertUnwindSafe(connecting.instrument(span.clone())).catch_unwind());
    let connected: Result<Option<HubResult<Arc<H>>>, _> =
        poll_fn(|cx| scope::enter(Scope::Connecting, || connecting.as_mut().poll(cx)).0).await;
    connection.has_connected();
    match connected {
        Ok(Some(connected)) => connected.inspect_err(|error| {
            span::failed(&span, error.name());
            match error.kind() {
                // Meant for the client.
                HubErrorKind::Hub => tracing::debug!(hub = name, "the connect callback refused a client"),
                kind => tracing::error!(hub = name, ?kind, %error, "the connect callback failed"),
            }
        }),
        Ok(None) => {
            let error =
                HubError::with_kind(HubErrorKind::Timeout, "The connect callback took longer than it may.");
            span::failed(&span, error.name());
            tracing::error!(hub = name, "{error}");
            Err(error)
        }
        Err(_) => {
            let error = HubError::with_kind(HubErrorKind::Internal, "the connect callback panicked");
            span::failed(&span, "panic");
            Panicked::Connect.count();
            tracing::error!(hub = name, "{error}");
            Err(error)
        }
    }
}

/// Runs the disconnect callback.
async fn disconnect<H: Hub + 'static>(
    hub: &HubShared<H>,
    connection: &Arc<Connection>,
    value: Arc<H>,
    error: Option<HubError>,
) -> End {
    let callback = Box::pin(async move { value.on_disconnected(error.as_ref()).await });
    let name = hub.core.name();
    let span = span::disconnected(name, || hub.endpoint.identity.network(&connection.request));
    let callback = Box::pin(hub.filters.around_disconnect(connection, callback));
    let disconnecting = Box::pin(call_credentials::keep_in_callback(
        connection.authentication.as_ref(),
        &connection.request,
        callback,
    ));
    let disconnecting = hub.blocking.watch_polls("OnDisconnectedAsync", disconnecting);
    let disconnecting = within(hub.endpoint.limits.callback_timeout, Limit::CallbackTime, disconnecting);
    match AssertUnwindSafe(disconnecting.instrument(span.clone())).catch_unwind().await {
        Ok(Some(())) => return End::Normal,
        Ok(None) => {
            span::failed(&span, "TimeoutException");
            tracing::error!(hub = name, "the disconnect callback took longer than it may");
        }
        Err(_) => {
            span::failed(&span, "panic");
            Panicked::Disconnect.count();
            tracing::error!(hub = name, "the disconnect callback panicked");
        }
    }
    End::Fault
}

/// What is said and done at the end of a connection.
struct Farewell {
    /// The Close message.
    close: Option<Message<'static>>,
    /// What the disconnect callback is told.
    error: Option<HubError>,
    /// Whether calls that wait for their turn still get it: they came before what ended the connection.
    start_queued: bool,
}

impl Farewell {
    fn new<H: Hub + 'static>(hub: &HubShared<H>, ended: Ended) -> Self {
        let close = |error: Option<String>, allow_reconnect| {
            Some(Message::Close { error: error.map(Into::into), allow_reconnect })
        };
        let failed = |error, allow_reconnect| {
            let text = hub.with_detail("Connection closed with an error.".to_owned(), &error);
            Self { close: close(Some(text), allow_reconnect), error: Some(error), start_queued: true }
        };
        match ended {
            Ended::PeerClosed { error, .. } => {
                Self { close: close(None, false), error: error.map(HubError::new), start_queued: true }
            }
            Ended::Left | Ended::Lost(_) => Self { close: None, error: None, start_queued: true },
            // The transport has its own word for it, as `ManagedWebSocket` has.
            Ended::Violated(error) => {
                let error = HubError::named(HubErrorKind::Closed, "WebSocketException", error.to_string());
                Self { close: None, error: Some(error), start_queued: true }
            }
            Ended::Stopped(request) => match request.error() {
                Some(error) => failed(error, request.allows_reconnect()),
                None => {
                    Self { close: close(None, request.allows_reconnect()), error: None, start_queued: false }
                }
            },
            Ended::Refused(error) => failed(error, false),
            Ended::CutOff(error) | Ended::Failed(error) => failed(error, true),
        }
    }
}

/// The entry of a connection in the registry. Dropping it takes the connection out at once, whatever ended it.
struct Registration {
    core: Arc<HubCore>,
    connection: Arc<Connection>,
    watched: Option<Watched>,
    /// Whether the connection has left the registry, and everyone knows.
    ended: bool,
}

impl Registration {
    fn new(core: &Arc<HubCore>, connection: &Arc<Connection>, budget: Option<&MemoryBudget>) -> Self {
        core.lifetime.connected(connection);
        let watched = budget.map(|budget| budget.watch(&connection.shared));
        let (core, connection) = (Arc::clone(core), Arc::clone(connection));
        let registration = Self { core, connection, watched, ended: false };
        if registration.core.open.stopping.is_cancelled() {
            // The shutdown may have told all others already.
            registration.connection.shared.end(EndRequest::Drain);
        }
        registration
    }

    /// Takes the connection out, in parts.
    async fn end(mut self) {
        self.core.lifetime.disconnected(&self.connection).await;
        self.ended = true;
    }

    /// Tells everyone who waits for the client.
    fn disconnected(&self) {
        self.connection.aborted.cancel();
        let error = HubError::with_kind(HubErrorKind::Canceled, "The underlying connection was closed.");
        self.connection.shared.pending.end_streams(&error);
        let text = format!("Connection '{}' disconnected.", self.connection.id);
        self.connection.shared.pending.close(&HubError::with_kind(HubErrorKind::Closed, text));
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.core.lifetime.forget(&self.connection);
        // A task that is ended says nothing more: nobody is to wait for room.
        self.connection.shared.send_last(None);
        self.disconnected();
    }
}
