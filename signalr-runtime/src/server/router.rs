//! Hubs in an axum router.

use axum::Router;

use super::hub::Hub;
use super::service::HubService;

/// Adds hubs to an [`axum::Router`].
pub trait HubRouterExt {
    /// Serves a hub at `path` (`MapHub<THub>`), which must start with a slash. The hub answers at `path` itself and
    /// at `path/negotiate` and `path/refresh`, with or without a slash at the end of `path`, which must itself not end in
    /// one of these; layers of the router apply to all of them.
    ///
    /// # Panics
    ///
    /// As [`Router::route`] does: when `path` is no path, is taken, or ends in a catch-all such as `/{*rest}`.
    #[must_use]
    fn hub<H: Hub>(self, path: &str, hub: HubService<H>) -> Self;
}

impl<S> HubRouterExt for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn hub<H: Hub>(self, path: &str, hub: HubService<H>) -> Self {
        let base = path.trim_end_matches('/');
        let router = self
            .route_service(&format!("{base}/"), hub.clone())
            .route_service(&format!("{base}/negotiate"), hub.clone())
            .route_service(&format!("{base}/refresh"), hub.clone());
        if base.is_empty() { router } else { router.route_service(base, hub) }
    }
}
