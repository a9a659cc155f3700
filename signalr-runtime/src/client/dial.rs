//! The stream to a server: TCP, and TLS above it for `https`.

use std::error::Error;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::either::Either;
use tower_service::Service;

use super::error::{ConnectError, with_causes};
use super::url::HubUrl;
use crate::transport::websocket::socket::Socket;

/// What HTTP runs on.
#[cfg(feature = "rustls")]
pub(crate) type Io = hyper_rustls::MaybeHttpsStream<TokioIo<TcpStream>>;
/// What HTTP runs on.
#[cfg(not(feature = "rustls"))]
pub(crate) type Io = TokioIo<TcpStream>;

/// Connects to the server of a hub.
pub(crate) async fn dial(url: &HubUrl) -> Result<Io, ConnectError> {
    if url.is_secure() {
        return tls(url).await;
    }
    let tcp = tcp().call(url.origin().map_err(|error| unreachable(url, &error))?).await;
    tcp.map(io).map_err(|error| unreachable(url, &error))
}

fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    // Without it a message may wait for the server's acknowledgement of the one before.
    connector.set_nodelay(true);
    connector
}

fn unreachable(url: &HubUrl, error: &(dyn Error + 'static)) -> ConnectError {
    ConnectError::Unreachable { host: url.authority().to_owned(), source: with_causes(error).into() }
}

#[cfg(feature = "rustls")]
async fn tls(url: &HubUrl) -> Result<Io, ConnectError> {
    use std::sync::OnceLock;

    use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};

    /// The certificates that the operating system trusts are read once.
    static CONNECTOR: OnceLock<HttpsConnector<HttpConnector>> = OnceLock::new();

    let mut connector = if let Some(connector) = CONNECTOR.get() {
        connector.clone()
    } else {
        let mut tcp = tcp();
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| unreachable(url, &error))?
            .https_only()
            .enable_http1()
            .wrap_connector(tcp);
        CONNECTOR.get_or_init(|| connector).clone()
    };
    let origin = url.origin().map_err(|error| unreachable(url, &error))?;
    connector.call(origin).await.map_err(|error| unreachable(url, &*error))
}

#[cfg(not(feature = "rustls"))]
#[expect(clippy::unused_async, reason = "it takes the place of one that waits")]
async fn tls(_: &HubUrl) -> Result<Io, ConnectError> {
    Err(ConnectError::NoTls)
}

#[cfg(feature = "rustls")]
fn io(tcp: TokioIo<TcpStream>) -> Io {
    Io::Http(tcp)
}

#[cfg(not(feature = "rustls"))]
fn io(tcp: TokioIo<TcpStream>) -> Io {
    tcp
}

/// The stream as a WebSocket takes it.
#[cfg(feature = "rustls")]
pub(crate) fn socket(io: Io) -> Socket {
    match io {
        Io::Http(tcp) => Either::Left(tcp.into_inner()),
        tls @ Io::Https(_) => Either::Right(Box::new(TokioIo::new(tls))),
    }
}

/// The stream as a WebSocket takes it.
#[cfg(not(feature = "rustls"))]
pub(crate) fn socket(io: Io) -> Socket {
    Either::Left(io.into_inner())
}

#[cfg(all(test, not(feature = "rustls")))]
mod tests {
    use super::{ConnectError, HubUrl, dial};

    #[tokio::test]
    async fn https_needs_a_feature() {
        let error = dial(&HubUrl::parse("https://localhost/hub").unwrap()).await.unwrap_err();
        assert!(matches!(error, ConnectError::NoTls));
    }
}
