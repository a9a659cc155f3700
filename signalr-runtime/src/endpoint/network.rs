//! The network of a connection, as spans tell of it: `ConnectionEndpointTags` of ASP.NET Core.

use std::net::{IpAddr, SocketAddr};

use tracing::Span;
use tracing::field::display;

/// An address of the server, at which a client has connected (`IConnectionEndPointFeature.LocalEndPoint`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalAddress {
    /// Of a TCP socket.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(String),
    /// The name of a pipe of Windows.
    Pipe(String),
}

impl From<SocketAddr> for LocalAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

/// What is known of the network of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    Local(LocalAddress),
    /// Only where the client is: at the other end of a TCP socket.
    Peer(IpAddr),
    Unknown,
}

impl Network {
    /// Fills in the fields of a span.
    pub(crate) fn record(&self, span: &Span) {
        let tcp = |address: IpAddr| {
            span.record("network.type", if address.is_ipv4() { "ipv4" } else { "ipv6" });
            span.record("network.transport", "tcp");
        };
        let named = |name: &str, transport: &str| {
            span.record("server.address", name).record("network.transport", transport);
        };
        match self {
            Self::Local(LocalAddress::Tcp(address)) => {
                span.record("server.address", display(address.ip())).record("server.port", address.port());
                tcp(address.ip());
            }
            Self::Local(LocalAddress::Unix(path)) => named(path, "unix"),
            Self::Local(LocalAddress::Pipe(name)) => named(name, "pipe"),
            Self::Peer(address) => tcp(*address),
            Self::Unknown => {}
        }
    }
}
