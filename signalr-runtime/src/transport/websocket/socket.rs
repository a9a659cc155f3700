//! What a WebSocket of the server runs on.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::either::Either;

/// A byte stream: TCP with nothing in between where it can be had; else TLS, or the stream of a server that
/// does not show what it runs on.
pub(crate) type Socket = Either<TcpStream, Box<dyn Io>>;

/// A byte stream of any kind.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Takes the stream back from hyper after the upgrade, with what hyper has read beyond the request.
#[cfg(feature = "server")]
pub(crate) fn from_upgraded(upgraded: hyper::upgrade::Upgraded) -> (Socket, bytes::Bytes) {
    use hyper_util::rt::TokioIo;
    use hyper_util::server::conn::auto::upgrade::downcast;

    // hyper-util, and so axum, wraps the stream once more than hyper alone does.
    let (tcp, early) = match downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => (parts.io, parts.read_buf),
        Err(upgraded) => match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => (parts.io, parts.read_buf),
            Err(upgraded) => return (Either::Right(Box::new(TokioIo::new(upgraded))), bytes::Bytes::new()),
        },
    };
    let tcp = tcp.into_inner();
    // Without it an answer may wait for the peer's acknowledgement. A socket that refuses is gone already.
    let _ = tcp.set_nodelay(true);
    (Either::Left(tcp), early)
}

#[cfg(all(test, feature = "server"))]
mod tests;
