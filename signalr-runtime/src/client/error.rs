//! Why a connection could not be made.

use std::error::Error;
use std::time::Duration;

use http::StatusCode;

/// Why a client could not connect. No text holds a token or the query of a URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address given to the builder, or one that the server redirects to, cannot be used.
    #[error("'{url}' is not the address of a hub: {reason}")]
    InvalidUrl {
        /// The address, without its query.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The address begins with `https:`, and this build cannot do TLS.
    #[error("an https address needs TLS: build signalr-runtime with its feature `rustls`")]
    NoTls,
    /// The function given to [`access_token`](super::HubConnectionBuilder::access_token) failed, or its token
    /// cannot stand in a header.
    #[error("there is no access token: {0}")]
    AccessToken(#[source] Box<dyn Error + Send + Sync>),
    /// Nobody answers at this address.
    #[error("{host} could not be reached: {source}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What the operating system says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server did not answer a request in time.
    #[error("the server did not answer within {0:?}")]
    RequestTimeout(Duration),
    /// A request could not be sent, or its answer could not be read.
    #[error("a request to the server failed: {0}")]
    Request(#[source] Box<dyn Error + Send + Sync>),
    /// The server answered the negotiation with an HTTP status that is no success: 401 wants another access token,
    /// 404 says that there is no hub at this address.
    #[error(
        "Failed to complete negotiation with the server: Unexpected status code returned from negotiate '{}'{}",
        .0.as_u16(),
        hint(*.0)
    )]
    NegotiateStatus(StatusCode),
    /// The server refused to negotiate, and said why.
    #[error("Failed to complete negotiation with the server: {0}")]
    NegotiateRefused(String),
    /// The server's answer to the negotiation is not one of SignalR's.
    #[error("Failed to complete negotiation with the server: {0}")]
    NegotiateUnreadable(String),
    /// The server redirects without end.
    #[error("Negotiate redirection limit exceeded.")]
    TooManyRedirects,
    /// The server offers nothing that this client can use.
    #[error("None of the transports supported by the client are supported by the server.")]
    NoTransport,
    /// No transport could be opened; the texts say why each could not.
    #[error("Unable to connect to the server with any of the available transports.{reasons}")]
    Transports {
        /// One text for each transport that the server offers.
        reasons: String,
        /// What went wrong with the last one that was tried.
        source: Box<ConnectError>,
    },
    /// The server answered with an HTTP status where it should have opened a WebSocket.
    #[error("the server answered {0} instead of opening a WebSocket")]
    WebSocketStatus(StatusCode),
    /// The server's answer does not open a WebSocket.
    #[error("the WebSocket could not be opened: {0}")]
    WebSocket(#[source] Box<dyn Error + Send + Sync>),
    /// The server refused the hub protocol, and said why.
    #[error("Unable to complete handshake with the server due to an error: {0}")]
    HandshakeRefused(String),
    /// The server's answer to the handshake is not one of SignalR's.
    #[error("{0}")]
    HandshakeUnreadable(String),
    /// The server did not answer the handshake in time.
    #[error("Timed out waiting for the server to respond to the handshake message.")]
    HandshakeTimeout,
    /// The connection was lost before the server had answered the handshake, or the server closed it with an error.
    #[error("the connection ended before the server had answered the handshake: {0}")]
    HandshakeLost(#[source] Box<dyn Error + Send + Sync>),
    /// The server closed the connection instead of answering the handshake.
    #[error("The server disconnected before sending a handshake response")]
    HandshakeEnded,
}

impl ConnectError {
    /// The HTTP status with which the server refused the connection, if that is what happened.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::NegotiateStatus(status) | Self::WebSocketStatus(status) => Some(*status),
            Self::Transports { source, .. } => source.status(),
            _ => None,
        }
    }
}

fn hint(status: StatusCode) -> &'static str {
    if status == StatusCode::NOT_FOUND {
        ": there is no hub at this address, or a proxy does not let the request through"
    } else {
        ""
    }
}

/// An error and what caused it, in one text: the outer ones often say very little.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
