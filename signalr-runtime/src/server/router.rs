//! Hubs in an axum router.

use axum::Router;

use super::hub::Hub;
use super::service::HubService;

/// Adds hubs to an [`axum::Router`].
pub trait HubRouterExt {
    /// Serves a hub at `path` (`MapHub<THub>`), which must start with a slash. The hub answers at `path` itself and
    /// at `path/negotiate`; layers of the router apply to both.
    #[must_use]
    fn hub<H: Hub>(self, path: &str, hub: HubService<H>) -> Self;
}

impl<S> HubRouterExt for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn hub<H: Hub>(self, path: &str, hub: HubService<H>) -> Self {
        let negotiate = format!("{}/negotiate", path.trim_end_matches('/'));
        self.route_service(&negotiate, hub.clone()).route_service(path, hub)
    }
}
