//! Where a request comes from, as far as the router knows.

use std::net::IpAddr;

use http::request::Parts;

/// What axum's `into_make_service_with_connect_info::<SocketAddr>()` tells.
#[cfg(feature = "axum")]
pub(crate) fn peer_address(request: &Parts) -> Option<IpAddr> {
    let info = request.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()?;
    Some(info.0.ip())
}

/// Other routers have ways of their own.
#[cfg(not(feature = "axum"))]
pub(crate) fn peer_address(_: &Parts) -> Option<IpAddr> {
    None
}
