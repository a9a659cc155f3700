//! The address that a request came from: that of the client, or of a proxy in front of the server.

use std::net::IpAddr;

use http::request::Parts;

/// The address of the other end of the connection, which a router has by
/// `into_make_service_with_connect_info::<SocketAddr>()`.
#[cfg(feature = "axum")]
pub(crate) fn peer_address(request: &Parts) -> Option<IpAddr> {
    let info = request.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()?;
    Some(info.0.ip())
}

/// Without axum there is no one place for it: `HubService::client_address` reads it from wherever the application has it.
#[cfg(not(feature = "axum"))]
pub(crate) fn peer_address(_: &Parts) -> Option<IpAddr> {
    None
}

/// Whether a proxy says that it has passed the request on: by `Forwarded` (RFC 7239) or one of the older headers.
pub(crate) fn is_forwarded(request: &Parts) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| request.headers.contains_key(*name))
}

/// Whether an address belongs to this machine or to a private network, and not to the internet: loopback, private
/// (RFC 1918), unique local (RFC 4193) or link-local (RFC 3927, RFC 4291).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}
