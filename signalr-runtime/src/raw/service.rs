//! A handler of bytes as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tokio::time::timeout;
use tower_service::Service;

use super::connection::{Line, Outgoing, RawConnection};
use super::pump::Pump;
use crate::connection::duplex::End;
use crate::connection::ended::Ended;
use crate::connection::ending::EndRequest;
use crate::connection::panics::Panicked;
use crate::endpoint::connection_meter::ConnectionMeter;
use crate::endpoint::http::accepted::Accepted;
use crate::endpoint::http::application::{Application, Endpoint};
use crate::endpoint::http::authentication::Authentication;
use crate::endpoint::http::endpoint;
use crate::endpoint::http::inbox::Inbox;
use crate::endpoint::http::mount::Mount;
use crate::endpoint::http::options::{HttpOptions, unless_zero};
use crate::endpoint::http::response::{ResponseBody, ResponseFuture};
use crate::endpoint::limits::Limits;
use crate::endpoint::open_connections::{DrainReport, OpenConnections};
use crate::protocol::TransferFormat;

type Handler = dyn Fn(RawConnection) -> BoxFuture<'static, ()> + Send + Sync;

/// A handler of bytes over negotiation and all three transports, without a hub (`MapConnectionHandler`).
///
/// For protocols of your own, on the transports of SignalR. Clients connect as they do to a hub (`HttpConnection` of
/// the .NET and JavaScript clients), or with a plain WebSocket.
///
/// ```
/// use signalr_runtime::server::{HubRouterExt, RawConnection, RawService};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// let echo = RawService::new(|mut connection: RawConnection| async move {
///     let mut buffer = [0; 1024];
///     while let Ok(length @ 1..) = connection.read(&mut buffer).await {
///         if connection.write_all(&buffer[..length]).await.is_err() {
///             break;
///         }
///     }
/// });
/// let app: axum::Router = axum::Router::new().raw("/echo", echo);
/// ```
///
/// Without [`Router::raw`](crate::server::HubRouterExt::raw) the end of the path of a request says whether it is a
/// negotiation, and all places where the service stands are one endpoint, as for a
/// [`HubService`](crate::server::HubService).
#[derive(Clone)]
pub struct RawService {
    shared: Arc<RawShared>,
}

#[derive(Clone)]
struct RawShared {
    endpoint: Endpoint,
    handler: Arc<Handler>,
}

/// What logs call it.
const NAME: &str = "raw connections";

impl RawService {
    /// Every connection is given to `handler`, and closed when its future is done.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(RawConnection) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self {
            shared: Arc::new(RawShared {
                endpoint: Endpoint::new(Arc::new(OpenConnections::new(NAME))),
                handler: Arc::new(move |connection| Box::pin(handler(connection))),
            }),
        }
    }

    /// Replaces the options, and the limits beyond them.
    #[must_use]
    pub fn options(mut self, options: HttpOptions, limits: Limits) -> Self {
        self.configure().endpoint.configure(options, limits);
        self
    }

    /// Says who a client is, from each of its requests (`IUserIdProvider`).
    #[must_use]
    pub fn user_id<F>(mut self, user_id: F) -> Self
    where
        F: Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.user_id = Some(Arc::new(user_id));
        self
    }

    /// Says by what a client is recognized on the later requests of its connection; see
    /// [`HubService::identity`](crate::server::HubService::identity).
    #[must_use]
    pub fn identity<F>(mut self, identity: F) -> Self
    where
        F: Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.key = Some(Arc::new(identity));
        self
    }

    /// Says when the credentials of a request end; see
    /// [`HubService::authentication_expiry`](crate::server::HubService::authentication_expiry). A connection that ends with them is
    /// closed, as if the client had.
    #[must_use]
    pub fn authentication_expiry<F>(mut self, expiry: F) -> Self
    where
        F: Fn(&Parts) -> Option<SystemTime> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.expiry = Some(Arc::new(expiry));
        self
    }

    /// Says where a request comes from, for the limits that hold for one address; see
    /// [`HubService::client_address`](crate::server::HubService::client_address).
    #[must_use]
    pub fn client_address<F>(mut self, address: F) -> Self
    where
        F: Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.address = Some(Arc::new(address));
        self
    }

    /// Ends all connections: their handlers find the reader at its end, and have five seconds to return. New ones are
    /// refused.
    pub async fn shut_down(&self) -> DrainReport {
        self.shared.endpoint.open.shut_down().await
    }

    /// The handler, as its requests see it.
    pub(crate) fn application(&self) -> Arc<dyn Application> {
        self.shared.clone()
    }

    fn configure(&mut self) -> &mut RawShared {
        Arc::make_mut(&mut self.shared)
    }
}

impl RawShared {
    /// Serves one connection, from its opening to its end.
    async fn serve(self: Arc<Self>, accepted: Accepted, mut meter: ConnectionMeter) {
        let Accepted {
            id,
            user_id,
            request,
            transport,
            frame_header,
            close_timeout,
            mut place,
            authentication,
            ..
        } = accepted;
        let Ok(user_id) = user_id else { return };
        // Whatever its client says first, it is no handshake.
        if let Some(permit) = &mut place.permit {
            permit.shaken();
        }
        let budget = self.endpoint.limits.memory.clone();
        let line = Line {
            incoming: Arc::new(
                Inbox::new(unless_zero(self.endpoint.options.application_max_buffer_size))
                    .charged_to(budget.clone()),
            ),
            outgoing: Arc::new(Outgoing::new(self.endpoint.outbound(frame_header))),
        };
        let _watched = budget.map(|budget| budget.watch(&line.outgoing));
        let mut pump = Pump::new(transport, line.clone(), self.endpoint.options.transport_send_timeout);
        let name = id.clone();
        let connection =
            RawConnection { id, user_id, request, line: line.clone(), format: TransferFormat::Text };
        let panicked = AtomicBool::new(false);
        let handling = async {
            let handled = async { (self.handler)(connection).await };
            let handled =
                self.endpoint.identity.blocking.watch_polls("the handler of a raw connection", handled);
            let handled = AssertUnwindSafe(handled).catch_unwind().await;
            if handled.is_err() {
                Panicked::Handler.count();
                tracing::error!("the handler of a raw connection panicked");
                panicked.store(true, Ordering::Relaxed);
            }
        };
        let carrying = async {
            let ended = self.carry(&mut pump, &line, authentication.as_deref()).await;
            meter.ended(&ended);
            self.endpoint.open.log_end("a connection ended", &name, &ended);
            let end = if panicked.load(Ordering::Relaxed) { End::Fault } else { End::Normal };
            // A client that does not answer the close in time is left.
            let _ = timeout(close_timeout, pump.close(end)).await;
            line.outgoing.queue.discard();
            // What its handler still does is nobody else's affair.
            drop((pump, place));
        };
        // The handler first: when it panics, the connection it drops has ended for that reason.
        tokio::join!(biased; handling, carrying);
        drop(meter);
    }

    /// Carries bytes in both directions until one side ends the connection, or it must end.
    async fn carry(&self, pump: &mut Pump, line: &Line, authentication: Option<&Authentication>) -> Ended {
        // Who is told to stop may still write what it has.
        let told = async {
            self.endpoint.open.stopping.cancelled().await;
            line.incoming.end();
            pending().await
        };
        let unauthenticated = async {
            match authentication {
                Some(authentication) => {
                    authentication.over(self.endpoint.options.close_on_authentication_expiration).await
                }
                None => pending().await,
            }
        };
        let mut ended = tokio::select! {
            ended = pump.run() => ended,
            ended = told => ended,
            request = unauthenticated => {
                line.outgoing.end(request);
                Ended::Stopped(request)
            }
        };
        // Nothing more comes, whoever has ended it: a handler that waits for more learns so.
        match &mut ended {
            Ended::Lost(error) | Ended::Violated(error) => line.lose(error),
            Ended::Stopped(request) => {
                if let Some(error) = request.error() {
                    line.lose(&io::Error::new(io::ErrorKind::TimedOut, error));
                }
                line.incoming.end();
                if *request == EndRequest::Abort && self.endpoint.open.stopping.is_cancelled() {
                    // The handler has done what it was told.
                    *request = EndRequest::Drain;
                }
            }
            _ => line.incoming.end(),
        }
        line.outgoing.end(EndRequest::Abort);
        ended
    }
}

impl Application for RawShared {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn allows_resumes(&self) -> bool {
        // Bytes have no numbers.
        false
    }

    fn accept(self: Arc<Self>, accepted: Accepted) {
        let open = Arc::clone(&self.endpoint.open);
        let meter = ConnectionMeter::start(&open, accepted.kind);
        if self.endpoint.is_stopping() {
            // Its transport has opened too late: the handler is not told of it any more.
            open.spawn(turn_away(accepted, meter));
        } else {
            open.spawn(self.serve(accepted, meter));
        }
    }
}

/// Closes a connection that nobody serves.
async fn turn_away(accepted: Accepted, meter: ConnectionMeter) {
    let Accepted { mut transport, close_timeout, .. } = accepted;
    // A client that does not answer the close in time is left.
    let _ = timeout(close_timeout, poll_fn(|cx| transport.poll_close(cx, End::Normal))).await;
    drop(meter);
}

impl fmt::Debug for RawService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawService").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for RawService
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let app = self.application();
        let mount = Mount { endpoint: app.endpoint().identity.application(), route: None };
        endpoint::answer(&app, mount, request)
    }
}
