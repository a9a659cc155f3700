//! Why a request is not served, and what its client reads.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;

use super::response::{HttpResponse, ResponseFuture, empty, plain, with_type};
use crate::connection::limit::Limit;
use crate::endpoint::admission;
use crate::transport::negotiate::TransportKind;
use crate::transport::websocket::upgrade;

/// Why a request is not served.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refused {
    /// The page that sends it may not use the application.
    Origin,
    /// The application could not say whose request it is.
    UnknownUser,
    /// Nobody is known to send it, and the application asks who it is.
    Unauthenticated,
    /// Whoever sends it may not use the application.
    Forbidden,
    /// Its address and its headers are too long.
    TooLong,
    /// It does not say which connection it is for.
    NoToken,
    /// The token was never given out here, has expired, or its connection is over: all look the same.
    NoConnection,
    /// It comes from another identity than the negotiation. `polling` says whether the connection polls.
    OtherIdentity {
        polling: bool,
    },
    /// A poll does so where the client may refresh its credentials and poll again.
    RefreshRequired,
    /// A client sends before it has opened its transport.
    TooEarly,
    NotOffered(TransportKind),
    OtherTransport,
    /// The connection has a transport, and keeps it.
    Taken,
    /// The connection is about to end.
    Closing,
    /// A client asks for something too often.
    TooOften {
        retry_after: Duration,
    },
    PostToWebSocket,
    DeleteWithoutPolls,
    /// It is no good WebSocket handshake.
    Upgrade(upgrade::Refusal),
    /// The server that carries the hub cannot hand over its connections.
    CannotUpgrade,
    /// There is no room for a new connection.
    Admission(admission::Refusal),
    ShuttingDown {
        retry_after: Duration,
    },
}

impl Refused {
    /// What the client is told. Browsers show nothing of it to somebody who wonders why a WebSocket does not open, so it
    /// is in the log as well.
    pub(crate) fn response(self) -> HttpResponse {
        if !matches!(self, Self::Closing) {
            tracing::debug!(reason = ?self, "a request was refused");
        }
        match self {
            Self::Origin => Limit::Origin.hit(),
            Self::NoConnection | Self::OtherIdentity { .. } | Self::RefreshRequired => {
                Limit::UnknownConnection.hit();
            }
            // The others are counted where they are found, or are no attack.
            _ => {}
        }
        self.answer()
    }

    fn answer(self) -> HttpResponse {
        let (status, text) = match self {
            Self::Origin => (StatusCode::FORBIDDEN, "Requests from this origin are not allowed"),
            Self::UnknownUser => (StatusCode::INTERNAL_SERVER_ERROR, ""),
            Self::Unauthenticated => return empty(StatusCode::UNAUTHORIZED),
            Self::Forbidden => return empty(StatusCode::FORBIDDEN),
            Self::TooLong => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, ""),
            Self::NoToken => (StatusCode::BAD_REQUEST, "Connection ID required"),
            Self::NoConnection => (StatusCode::NOT_FOUND, "No Connection with that ID"),
            Self::NotOffered(kind) => (
                StatusCode::NOT_FOUND,
                match kind {
                    TransportKind::WebSockets => "WebSockets transport not supported by this end point type",
                    TransportKind::ServerSentEvents => {
                        "ServerSentEvents transport not supported by this end point type"
                    }
                    TransportKind::LongPolling => {
                        "LongPolling transport not supported by this end point type"
                    }
                },
            ),
            Self::OtherIdentity { .. } => {
                (StatusCode::FORBIDDEN, "The user associated with this connection changed.")
            }
            Self::RefreshRequired => {
                let body = Bytes::from_static(br#"{"error":"authentication_refresh_required"}"#);
                return with_type(StatusCode::CONFLICT, "application/json", body);
            }
            Self::TooEarly => return empty(StatusCode::BAD_REQUEST),
            Self::OtherTransport => (StatusCode::BAD_REQUEST, "Cannot change transports mid-connection"),
            Self::Taken => (StatusCode::CONFLICT, ""),
            Self::Closing => (StatusCode::NO_CONTENT, ""),
            Self::TooOften { retry_after } => {
                return later(StatusCode::TOO_MANY_REQUESTS, "", retry_after);
            }
            Self::PostToWebSocket => {
                (StatusCode::METHOD_NOT_ALLOWED, "POST requests are not allowed for WebSocket connections.")
            }
            Self::DeleteWithoutPolls => {
                (StatusCode::BAD_REQUEST, "Cannot terminate this connection using the DELETE endpoint.")
            }
            Self::Upgrade(refusal) => {
                return refusal.response().map(|text| Bytes::from_static(text.as_bytes()).into());
            }
            Self::CannotUpgrade => {
                (StatusCode::INTERNAL_SERVER_ERROR, "This server cannot upgrade connections")
            }
            Self::Admission(refusal) => {
                return later(refusal.status(), refusal.text(), refusal.retry_after());
            }
            Self::ShuttingDown { retry_after } => {
                return later(StatusCode::SERVICE_UNAVAILABLE, "The server is shutting down", retry_after);
            }
        };
        plain(status, text)
    }
}

/// An answer to a client that may try again later: the header counts whole seconds.
fn later(status: StatusCode, text: &'static str, wait: Duration) -> HttpResponse {
    let mut response = plain(status, text);
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

impl From<Refused> for ResponseFuture {
    fn from(refused: Refused) -> Self {
        Self::now(refused.response())
    }
}

impl From<admission::Refusal> for Refused {
    fn from(refusal: admission::Refusal) -> Self {
        Self::Admission(refusal)
    }
}
