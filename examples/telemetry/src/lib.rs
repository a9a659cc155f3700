//! A hub with everything an operator looks at: [`observe`] first, then [`app`].

mod observe;
pub mod shutdown;
mod trace_parent;
mod weather;

use axum::Router;
use axum::routing::get;
pub use observe::{Observed, observe};
use signalr_runtime::server::{HubHandle, HubRouterExt, HubService};
use weather::Station;
pub use weather::WeatherContract;

/// The hub at `/weather`, and its metrics at `/metrics`, which should not be open to everybody.
pub fn app(observed: &Observed) -> (Router, HubHandle<WeatherContract>) {
    let hub = HubService::<Station>::new(|_| Station).trace_parent(trace_parent::set);
    let handle = hub.handle();
    let prometheus = observed.prometheus.clone();
    let app = Router::new().hub("/weather", hub).route("/metrics", get(async move || prometheus.render()));
    (app, handle)
}
