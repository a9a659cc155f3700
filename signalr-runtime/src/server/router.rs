//! Hubs in an axum router.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use http::Response;
use tower_service::Service;

use crate::endpoint::http::application::Application;
use crate::endpoint::http::endpoint;
use crate::endpoint::http::mount::{Mount, Route, endpoint_name};
use crate::endpoint::http::response::{ResponseBody, ResponseFuture};
use crate::hub::Hub;
use crate::hub::service::HubService;
use crate::raw::RawService;

/// Adds hubs to an [`axum::Router`].
pub trait HubRouterExt {
    /// Serves a hub at `path` (`MapHub<THub>`), which must start with a slash. The hub answers at `path` itself, with or
    /// without a slash at its end, at `path/negotiate`, and where
    /// [`enable_authentication_refresh`](super::HttpOptions::enable_authentication_refresh) is set at `path/refresh`; layers
    /// of the router apply to all of them.
    ///
    /// A connection token counts at the endpoint that made it: a client that negotiates at one endpoint cannot connect at
    /// another one, even if clones of one service serve both. An endpoint is known by the name of the hub and by `path` as
    /// it is given here, so that it has the same name on all nodes. Hence `/{tenant}/hub` is one endpoint, whoever the
    /// tenant is, and so are clones of one service that are given the same path in two routers, wherever these are nested.
    /// Where such places must not take each other's connections, give them different paths.
    ///
    /// In a router that is nested, give the hub a path of its own, and clients may end their URL in a slash or not:
    /// `nest("/api", Router::new().hub("/chat", hub))`. `/` of a nested router is one path to axum, which ends as the path
    /// of the nesting does:
    ///
    /// | | serves clients with the URL |
    /// |---|---|
    /// | `nest("/chat", Router::new().hub("/", hub))` | `/chat` |
    /// | `nest("/chat/", Router::new().hub("/", hub))` | `/chat/` |
    /// | `nest_service("/chat", hub)` | `/chat` and `/chat/` |
    ///
    /// The other client can negotiate, because both do so at `/chat/negotiate`, and gets 404 for the rest, which axum
    /// does not pass on to the hub.
    ///
    /// WebSockets send at once what there is. Server-Sent Events and long polling are at the mercy of the server that
    /// carries them: set `TCP_NODELAY` on what it accepts, or each event may wait for the acknowledgement of the one
    /// before:
    ///
    /// ```no_run
    /// # async fn run(app: axum::Router) -> std::io::Result<()> {
    /// use axum::serve::ListenerExt;
    ///
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    /// let listener = listener.tap_io(|socket| {
    ///     let _ = socket.set_nodelay(true);
    /// });
    /// axum::serve(listener, app).await
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Router::route`] does: when `path` is no path, is taken, or ends in a catch-all such as `/{*rest}`.
    #[must_use]
    fn hub<H: Hub + 'static>(self, path: &str, hub: HubService<H>) -> Self;

    /// Serves raw connections at `path` (`MapConnectionHandler`), as [`hub`](Self::hub) serves a hub.
    ///
    /// # Panics
    ///
    /// As [`hub`](Self::hub) does.
    #[must_use]
    fn raw(self, path: &str, connections: RawService) -> Self;
}

impl<S> HubRouterExt for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn hub<H: Hub + 'static>(self, path: &str, hub: HubService<H>) -> Self {
        mounted(self, path, &hub.application())
    }

    fn raw(self, path: &str, connections: RawService) -> Self {
        mounted(self, path, &connections.application())
    }
}

/// Routes everything that belongs to one endpoint.
fn mounted<S>(router: Router<S>, path: &str, app: &Arc<dyn Application>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let base = path.trim_end_matches('/');
    let endpoint: Arc<str> = endpoint_name(app.endpoint().identity.application(), base).into();
    let served = |route| EndpointRoute { app: Arc::clone(app), endpoint: Arc::clone(&endpoint), route };
    let mut router = router
        .route_service(&format!("{base}/"), served(Route::Transport))
        .route_service(&format!("{base}/negotiate"), served(Route::Negotiate));
    if app.endpoint().options.enable_authentication_refresh {
        router = router.route_service(&format!("{base}/refresh"), served(Route::Refresh));
    }
    if base.is_empty() { router } else { router.route_service(base, served(Route::Transport)) }
}

/// One route of an endpoint.
#[derive(Clone)]
struct EndpointRoute {
    app: Arc<dyn Application>,
    /// The name of the endpoint.
    endpoint: Arc<str>,
    route: Route,
}

impl Service<Request> for EndpointRoute {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> ResponseFuture {
        let mount = Mount { endpoint: &self.endpoint, route: Some(self.route) };
        endpoint::answer(&self.app, mount, request)
    }
}
