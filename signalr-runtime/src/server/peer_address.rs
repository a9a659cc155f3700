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

/// Whether a proxy says for whom it asks.
pub(crate) fn is_forwarded(request: &Parts) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| request.headers.contains_key(*name))
}

/// Whether an address is none of the internet: of this machine, or of a network behind the same door.
pub(crate) fn is_of_a_private_network(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
