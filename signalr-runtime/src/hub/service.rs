//! The hub as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, ready};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

#[cfg(feature = "test-util")]
use http::StatusCode;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::call_slots::CallSlots;
use super::context::HubContext;
use super::core::HubCore;
use super::filter::{Filter, Filters, Invocation};
use super::handle::HubHandle;
use super::method_options::{MethodGuards, MethodOptions};
use super::options::HubOptions;
use super::session;
use super::shared::{Factory, HubShared, Rule};
use super::trace_context::TraceContext;
#[cfg(feature = "test-util")]
use crate::connection::duplex::Duplex;
use crate::connection::limit::Limit;
use crate::connection::methods::MethodTable;
use crate::contract::dispatch::Dispatch;
use crate::contract::error::HubResult;
use crate::contract::hub::{HubContract, MethodName};
use crate::endpoint::authentication_refresh::AuthenticationRefresh;
use crate::endpoint::blocking_detector::BlockingDetector;
#[cfg(feature = "test-util")]
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::http::accepted::Accepted;
use crate::endpoint::http::application::{Application, Endpoint};
use crate::endpoint::http::endpoint;
use crate::endpoint::http::mount::Mount;
use crate::endpoint::http::response::{ResponseBody, ResponseFuture};
#[cfg(feature = "test-util")]
use crate::endpoint::in_memory;
use crate::endpoint::limits::Limits;
use crate::endpoint::network::LocalAddress;
use crate::hub::Hub;

/// The threads of one hub.
fn threads(limits: &Limits) -> Arc<CallSlots> {
    Arc::new(CallSlots::new(limits.blocking_threads.max(1), Limit::BlockingThreads))
}

impl<H: Hub + 'static> Application for HubShared<H> {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn allows_resumes(&self) -> bool {
        self.endpoint.options.allow_stateful_reconnects
    }

    fn accept(self: Arc<Self>, accepted: Accepted) {
        session::spawn(self, accepted);
    }
}

/// A hub, ready to be served: a [`tower_service::Service`] over HTTP requests.
///
/// Give it to the `hub` of an axum router (feature `axum`), or route `path`, `path/negotiate` and, where refreshes are on,
/// `path/refresh` to it with any other router. Without [`Router::hub`](crate::server::HubRouterExt::hub) the end of the path of a
/// request says which of these it is for, so that the path of the hub must not end in `/negotiate` or `/refresh` itself, and
/// all places where the service stands are one endpoint: a client may negotiate at one of them and connect at another.
///
/// ```
/// use signalr_runtime::server::*;
/// use signalr_runtime::{HubResult, hub};
///
/// #[hub]
/// trait Greeter {
///     async fn greet(&self, name: &str) -> HubResult<String>;
/// }
///
/// struct Polite;
///
/// impl Hub for Polite {
///     type Contract = GreeterContract;
/// }
///
/// impl Greeter for Polite {
///     async fn greet(&self, name: &str) -> HubResult<String> {
///         Ok(format!("Good morning, {name}"))
///     }
/// }
///
/// let app: axum::Router = axum::Router::new().hub("/greeter", HubService::<Polite>::new(|_| Polite));
/// ```
pub struct HubService<H: Hub + 'static> {
    pub(crate) shared: Arc<HubShared<H>>,
}

impl<H: Hub + 'static> HubService<H> {
    /// A hub whose values are made by `factory`, one for each connection.
    pub fn new<F>(factory: F) -> Self
    where
        H::Contract: Dispatch<H>,
        F: Fn(HubContext<H::Contract>) -> H + Send + Sync + 'static,
    {
        Self::with_factory(Arc::new(move |context| Box::pin(ready(Ok(factory(context))))))
    }

    /// A hub whose values are made by `factory`, which may wait and may refuse a connection: with an error the
    /// client is told that the connection was closed, and does not try again.
    ///
    /// A closure that lends what it has captured to its future is refused by the compiler: give each future a clone
    /// of its own.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use signalr_runtime::server::{Hub, HubContext, HubService};
    /// # use signalr_runtime::{HubError, HubResult, hub};
    /// # #[hub]
    /// # trait Library { async fn search(&self, words: &str) -> HubResult<Vec<String>>; }
    /// # struct Reader { database: Arc<Database>, cx: HubContext<LibraryContract> }
    /// # impl Hub for Reader { type Contract = LibraryContract; }
    /// # impl Library for Reader {
    /// #     async fn search(&self, words: &str) -> HubResult<Vec<String>> { Ok(Vec::new()) }
    /// # }
    /// # struct Database;
    /// # impl Database { async fn has_reader(&self, name: &str) -> bool { true } }
    /// # fn service(database: Arc<Database>) -> HubService<Reader> {
    /// HubService::<Reader>::try_new(move |cx| {
    ///     let database = database.clone();
    ///     async move {
    ///         let name = cx.user_id().ok_or_else(|| HubError::new("please sign in first"))?;
    ///         if !database.has_reader(name).await {
    ///             return Err(HubError::new("you have no card"));
    ///         }
    ///         Ok(Reader { database, cx })
    ///     }
    /// })
    /// # }
    /// ```
    pub fn try_new<F, Fut>(factory: F) -> Self
    where
        H::Contract: Dispatch<H>,
        F: Fn(HubContext<H::Contract>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = HubResult<H>> + Send + 'static,
    {
        Self::with_factory(Arc::new(move |context| Box::pin(factory(context))))
    }

    fn with_factory(factory: Arc<Factory<H>>) -> Self
    where
        H::Contract: Dispatch<H>,
    {
        let core = Arc::new(HubCore::new(H::Contract::NAME));
        Self {
            shared: Arc::new(HubShared {
                endpoint: Endpoint::new(Arc::clone(&core.open)),
                core,
                engine_limits: Arc::new(session::engine_limits(&HubOptions::default())),
                options: HubOptions::default(),
                methods: Arc::new(MethodTable::new::<H::Contract>()),
                filters: Filters::default(),
                factory,
                rules: Vec::new(),
                method_guards: MethodGuards::default(),
                threads: threads(&Limits::default()),
                blocking: BlockingDetector::new(H::Contract::NAME, Some(BlockingDetector::DEFAULT)),
                trace_parent: None,
            }),
        }
    }

    /// Replaces the options.
    #[must_use]
    pub fn options(mut self, options: HubOptions) -> Self {
        let shared = self.configure();
        shared.endpoint.configure(options.http.clone(), options.limits.clone());
        shared.threads = threads(&options.limits);
        shared.engine_limits = Arc::new(session::engine_limits(&options));
        shared.blocking = BlockingDetector::new(shared.core.name(), options.blocking_warning);
        shared.endpoint.identity.blocking = shared.blocking.clone();
        shared.options = options;
        self
    }

    /// Says who a client is (`IUserIdProvider`). Unless there is an [`identity`](Self::identity), all requests of a
    /// connection must be of the same user.
    #[must_use]
    pub fn user_id<F>(mut self, user_id: F) -> Self
    where
        F: Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.user_id = Some(Arc::new(user_id));
        self
    }

    /// Says by what a client is recognized on the later requests of its connection (ASP.NET Core compares `sub`, or all
    /// claims). Default: the [user id](Self::user_id).
    ///
    /// Every request that brings a connection token, for a transport, a poll, a POST or its end, must be of the identity
    /// that has negotiated; others are answered with status 403 and change nothing. `None` is nobody, which equals nobody
    /// only: a client that negotiates anonymously cannot connect as somebody. The connection token holds a keyed hash of the
    /// identity, nothing else is remembered.
    ///
    /// ```
    /// # use signalr_runtime::server::{Hub, HubService};
    /// # #[derive(Clone)]
    /// # struct Claims { issuer: String, subject: String, name: String }
    /// # fn known<H: Hub + 'static>(service: HubService<H>) -> HubService<H> {
    /// service
    ///     .user_id(|request| Some(request.extensions.get::<Claims>()?.name.clone()))
    ///     // Two people may have one name, and a name may change.
    ///     .identity(|request| {
    ///         let claims = request.extensions.get::<Claims>()?;
    ///         Some(format!("{}\n{}", claims.issuer, claims.subject))
    ///     })
    /// # }
    /// ```
    #[must_use]
    pub fn identity<F>(mut self, identity: F) -> Self
    where
        F: Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.key = Some(Arc::new(identity));
        self
    }

    /// Says when the credentials of a request end (the ticket's `ExpiresUtc`). `None` where they do not. It is asked for
    /// each request that shows credentials, and has an effect with the options
    /// [`close_on_authentication_expiration`](crate::server::HttpOptions::close_on_authentication_expiration) and
    /// [`enable_authentication_refresh`](crate::server::HttpOptions::enable_authentication_refresh).
    #[must_use]
    pub fn authentication_expiry<F>(mut self, expiry: F) -> Self
    where
        F: Fn(&Parts) -> Option<SystemTime> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.expiry = Some(Arc::new(expiry));
        self
    }

    /// Says whether a connection may go on with new credentials (`OnAuthenticationRefresh`): they have been verified by
    /// the layers around the hub, and take the place of the old ones unless this answers `false`, or takes longer than
    /// [`callback_timeout`](crate::server::Limits::callback_timeout). Without it, all are accepted. It needs
    /// [`enable_authentication_refresh`](crate::server::HttpOptions::enable_authentication_refresh).
    ///
    /// Rules and filters see the new request from the next call on, and the hub is told by
    /// [`Hub::on_authentication_refreshed`]. It is not asked about credentials of another [identity](Self::identity) or
    /// another user, which are refused, about those that end before the old ones, which change nothing, and before the
    /// connection has a transport. After a refusal the connection goes on with its old credentials; a poll, or a WebSocket
    /// in place of a lost one, that shows the refused ones ends it. A later poll shows other credentials if their end is
    /// another one, or the bearer token.
    ///
    /// ```
    /// # use signalr_runtime::server::{Hub, HubService};
    /// # #[derive(Clone)]
    /// # struct Claims { is_suspended: bool }
    /// # fn careful<H: Hub + 'static>(service: HubService<H>) -> HubService<H> {
    /// service.on_authentication_refresh(async |refresh| {
    ///     refresh.request().extensions.get::<Claims>().is_some_and(|claims| !claims.is_suspended)
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn on_authentication_refresh<F, Fut>(mut self, accepts: F) -> Self
    where
        F: Fn(AuthenticationRefresh) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        self.configure().endpoint.identity.refresh =
            Some(Arc::new(move |refresh| Box::pin(accepts(refresh))));
        self
    }

    /// Says where a request comes from, for the limits that hold for one address. `None` where that is not known:
    /// they do not hold then.
    ///
    /// Without this it is, with the feature `axum`, the peer's address that
    /// [`into_make_service_with_connect_info::<SocketAddr>()`][info] makes known. Behind a proxy that is the proxy's:
    /// read the header that it sets instead, and only if every request comes through it, because everybody else can set it
    /// too.
    ///
    /// [info]: https://docs.rs/axum/0.8/axum/struct.Router.html#method.into_make_service_with_connect_info
    ///
    /// ```
    /// # use signalr_runtime::server::{Hub, HubService};
    /// # fn behind_a_proxy<H: Hub + 'static>(service: HubService<H>) -> HubService<H> {
    /// service.client_address(|request| request.headers.get("x-real-ip")?.to_str().ok()?.parse().ok())
    /// # }
    /// ```
    #[must_use]
    pub fn client_address<F>(mut self, address: F) -> Self
    where
        F: Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.address = Some(Arc::new(address));
        self
    }

    /// Says at which address of this server a request has arrived (`LocalEndPoint`), for the
    /// [spans](crate::server::telemetry#spans). Asked only while they are recorded. Default: unknown. Where the server listens at
    /// one address:
    ///
    /// ```
    /// # use signalr_runtime::server::{Hub, HubService};
    /// # async fn bind<H: Hub + 'static>(hub: HubService<H>) -> std::io::Result<HubService<H>> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// let address = listener.local_addr()?;
    /// # Ok(
    /// hub.local_address(move |_| Some(address.into()))
    /// # )
    /// # }
    /// ```
    #[must_use]
    pub fn local_address<F>(mut self, address: F) -> Self
    where
        F: Fn(&Parts) -> Option<LocalAddress> + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.local_address = Some(Arc::new(address));
        self
    }

    /// Serves only requests that `allows` allows: every request of every connection, from negotiation on
    /// (`RequireAuthorization` of an endpoint, or `[Authorize]` of a hub class). Others are answered `401 Unauthorized`
    /// if no [`user_id`](Self::user_id) is known, and `403 Forbidden` otherwise. A hub with several rules needs all of
    /// them.
    #[must_use]
    pub fn authorize_hub<F>(mut self, allows: F) -> Self
    where
        F: Fn(&Parts) -> bool + Send + Sync + 'static,
    {
        self.configure().endpoint.identity.rules.push(Arc::new(allows));
        self
    }

    /// Lets only those call `methods` whom `allows` allows. A method with several rules needs all of them. They are
    /// asked when the call's turn has come, after the calls before it.
    #[must_use]
    pub fn authorize<F>(mut self, methods: &[MethodName<H::Contract>], allows: F) -> Self
    where
        F: Fn(&Invocation) -> bool + Send + Sync + 'static,
    {
        let methods = methods.iter().map(MethodName::as_str).collect();
        self.configure().rules.push(Arc::new(Rule { methods, allows: Box::new(allows) }));
        self
    }

    /// Sets the options of some methods: each of them has its own count of running calls.
    ///
    /// ```
    /// # use signalr_runtime::{HubResult, hub};
    /// # use signalr_runtime::server::{Hub, HubService, MethodOptions};
    /// # #[hub]
    /// # trait Library { async fn search(&self, words: &str) -> HubResult<Vec<String>>; }
    /// # fn bounded<H: Hub<Contract = LibraryContract> + 'static>(service: HubService<H>) -> HubService<H> {
    /// let options = MethodOptions { maximum_concurrency: Some(4), ..MethodOptions::default() };
    /// service.method_options(&[LibraryContract::SEARCH], &options)
    /// # }
    /// ```
    #[must_use]
    pub fn method_options(mut self, methods: &[MethodName<H::Contract>], options: &MethodOptions) -> Self {
        for method in methods {
            self.configure().method_guards.set(method.as_str(), options);
        }
        self
    }

    /// Runs `filter` around every call, inside the filters that were added before.
    #[must_use]
    pub fn filter<F: Filter>(mut self, filter: F) -> Self {
        self.configure().filters.push(filter);
        self
    }

    /// Makes the caller's span the parent of the [span](crate::server::telemetry#spans) of its call. Runs for each traced call that
    /// brings a trace context in its headers, before its span is entered. With OpenTelemetry:
    ///
    /// ```text
    /// .trace_parent(|span, caller| {
    ///     let caller = SpanContext::new(
    ///         TraceId::from(caller.trace_id()),
    ///         SpanId::from(caller.parent_id()),
    ///         TraceFlags::new(caller.flags()),
    ///         true,
    ///         caller.state().and_then(|state| state.parse().ok()).unwrap_or_default(),
    ///     );
    ///     let _ = span.set_parent(Context::new().with_remote_span_context(caller));
    /// })
    /// ```
    #[must_use]
    pub fn trace_parent<F>(mut self, trace_parent: F) -> Self
    where
        F: Fn(&tracing::Span, &TraceContext) + Send + Sync + 'static,
    {
        self.configure().trace_parent = Some(Arc::new(trace_parent));
        self
    }

    /// Reaches the clients of this hub from anywhere. Take it before the router takes the service.
    pub fn handle(&self) -> HubHandle<H::Contract> {
        HubHandle::new(Arc::clone(&self.shared.core))
    }

    /// Serves a connection that does not come over HTTP; see [`in_memory::accept`].
    #[cfg(feature = "test-util")]
    pub(crate) fn accept(
        &self,
        request: Parts,
        transport: Box<dyn Duplex>,
    ) -> Result<ConnectionId, StatusCode> {
        in_memory::accept(self.application(), request, transport)
    }

    /// The hub, as its requests see it.
    pub(crate) fn application(&self) -> Arc<dyn Application> {
        self.shared.clone()
    }

    fn configure(&mut self) -> &mut HubShared<H> {
        Arc::make_mut(&mut self.shared)
    }
}

impl<H: Hub + 'static> Clone for HubService<H> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<H: Hub + 'static> fmt::Debug for HubService<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubService").field("hub", &self.shared.core.name()).finish_non_exhaustive()
    }
}

impl<H: Hub + 'static, B> Service<Request<B>> for HubService<H>
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
