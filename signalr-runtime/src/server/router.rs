//! Hubs in an axum router.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use http::Response;
use tower_service::Service;

use super::http::response::{ResponseBody, ResponseFuture};
use super::hub::Hub;
use super::raw::RawService;
use super::service::HubService;

/// Adds hubs to an [`axum::Router`].
pub trait HubRouterExt {
    /// Serves a hub at `path` (`MapHub<THub>`), which must start with a slash. The hub answers at `path` itself and
    /// at `path/negotiate` and `path/refresh`, with or without a slash at the end of `path`, which must itself not end in
    /// one of these; layers of the router apply to all of them.
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
    fn hub<H: Hub>(self, path: &str, hub: HubService<H>) -> Self;

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
    fn hub<H: Hub>(self, path: &str, hub: HubService<H>) -> Self {
        endpoint(self, path, hub)
    }

    fn raw(self, path: &str, connections: RawService) -> Self {
        endpoint(self, path, connections)
    }
}

/// Routes everything that belongs to one endpoint.
fn endpoint<S, T>(router: Router<S>, path: &str, service: T) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    T: Service<Request, Response = Response<ResponseBody>, Error = Infallible, Future = ResponseFuture>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let base = path.trim_end_matches('/');
    let router = router
        .route_service(&format!("{base}/"), service.clone())
        .route_service(&format!("{base}/negotiate"), service.clone())
        .route_service(&format!("{base}/refresh"), service.clone());
    if base.is_empty() { router } else { router.route_service(base, service) }
}
