//! The requests of an endpoint: what each of them is.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, StatusCode};
use tokio::time::sleep_until;

use super::accepted::{Application, UserId};
use super::authentication::Authentication;
use super::connections::Live;
use super::inbox::Inbox;
use super::options::unless_zero;
use super::request::{accepts_events, connection_token};
use super::requests::{Attached, RequestConnection};
use super::response::{
    HttpResponse, ResponseFuture, method_not_allowed, no_such_connection, other_transport, plain, refused,
    shutting_down,
};
use super::send::{self, RequestBody};
use super::token::Claim;
use super::{long_polling, negotiate, refresh, server_sent_events, websocket};
use crate::transport::negotiate::TransportKind;
use crate::transport::websocket::upgrade;

/// Answers one request.
pub(crate) fn answer(app: &Arc<dyn Application>, parts: Parts, body: RequestBody) -> ResponseFuture {
    if !app.options().origin_policy.allows(&parts) {
        return ResponseFuture::now(plain(
            StatusCode::FORBIDDEN,
            "Requests from this origin are not allowed",
        ));
    }
    let Ok(user_id) = app.user_id(&parts) else {
        return ResponseFuture::now(plain(StatusCode::INTERNAL_SERVER_ERROR, ""));
    };
    if parts.uri.path().ends_with("/negotiate") {
        return ResponseFuture::now(if parts.method == Method::POST {
            negotiate::answer(&**app, &parts, user_id.as_deref())
        } else {
            method_not_allowed("POST")
        });
    }
    if parts.uri.path().ends_with("/refresh") {
        return refresh::answer(app, user_id, parts);
    }
    match parts.method {
        Method::GET if accepts_events(&parts) => {
            ResponseFuture::now(match requests(app, &parts, &user_id, TransportKind::ServerSentEvents) {
                Ok(connection) => server_sent_events::answer(app, &connection, user_id, parts),
                Err(refused) => refused,
            })
        }
        Method::GET | Method::CONNECT if upgrade::is_requested(&parts) => {
            if app.is_stopping() {
                return ResponseFuture::now(shutting_down(app.options().retry_after));
            }
            websocket::answer(app, user_id, parts)
        }
        Method::GET => match requests(app, &parts, &user_id, TransportKind::LongPolling) {
            Ok(connection) => long_polling::answer(app, &connection, user_id, parts),
            Err(refused) => ResponseFuture::now(refused),
        }
        .map(long_polling::not_cached),
        Method::POST => send(app, &parts, &user_id, body),
        Method::DELETE => ResponseFuture::now(delete(app, &parts, &user_id)),
        _ => ResponseFuture::now(method_not_allowed("GET, POST, DELETE")),
    }
}

/// The connection that a request for a transport belongs to, which may be new.
fn requests(
    app: &Arc<dyn Application>,
    parts: &Parts,
    user_id: &UserId,
    kind: TransportKind,
) -> Result<Arc<RequestConnection>, HttpResponse> {
    let Some(token) = connection_token(parts) else {
        return Err(plain(StatusCode::BAD_REQUEST, "Connection ID required"));
    };
    let connections = app.connections();
    let claim = connections.tokens.open(&token, user_id.as_deref()).ok_or_else(no_such_connection)?;
    if !app.options().transports.offers(kind) {
        return Err(plain(
            StatusCode::NOT_FOUND,
            match kind {
                TransportKind::LongPolling => "LongPolling transport not supported by this end point type",
                _ => "ServerSentEvents transport not supported by this end point type",
            },
        ));
    }
    find_or_make(app, parts, claim, user_id, |_| {})
}

/// The connection of a token. One that is new is handed to `begin`.
fn find_or_make(
    app: &Arc<dyn Application>,
    parts: &Parts,
    claim: Claim,
    user_id: &UserId,
    begin: impl FnOnce(&Arc<RequestConnection>),
) -> Result<Arc<RequestConnection>, HttpResponse> {
    let options = app.options();
    let connections = app.connections();
    let permit = match connections.find(&claim) {
        Some(_) => None,
        None if app.is_stopping() => return Err(shutting_down(options.retry_after)),
        None => Some(connections.admission.connect(app.client_address(parts), user_id).map_err(refused)?),
    };
    let made = connections.enter(claim, |entry| {
        let inbox = Inbox::new(unless_zero(options.application_max_buffer_size))
            .charged_to(app.limits().memory.clone());
        let authentication = Authentication::of(&**app, parts, user_id);
        let connection =
            Arc::new(RequestConnection::new((entry, permit), user_id.clone(), authentication, inbox));
        (Live::Requests(Arc::clone(&connection)), connection)
    });
    match made {
        None => Err(no_such_connection()),
        Some(Ok(connection)) => {
            begin(&connection);
            Ok(connection)
        }
        Some(Err(Live::Requests(connection))) if connection.belongs_to(user_id) => Ok(connection),
        Some(Err(Live::Requests(_))) => Err(no_such_connection()),
        Some(Err(Live::Socket(_))) => Err(other_transport()),
    }
}

/// Takes what a client sends. It may do so before it opens its transport.
fn send(app: &Arc<dyn Application>, parts: &Parts, user_id: &UserId, body: RequestBody) -> ResponseFuture {
    let Some(token) = connection_token(parts) else {
        return ResponseFuture::now(plain(StatusCode::BAD_REQUEST, "Connection ID required"));
    };
    let connections = app.connections();
    let Some(claim) = connections.tokens.open(&token, user_id.as_deref()) else {
        return ResponseFuture::now(no_such_connection());
    };
    if let Some(Live::Socket(_)) = connections.find(&claim) {
        return ResponseFuture::now(plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "POST requests are not allowed for WebSocket connections.",
        ));
    }
    let (expiry, patience) = (claim.expiry, app.options().body_read_timeout);
    let made = find_or_make(app, parts, claim, user_id, |connection| {
        let connection = Arc::clone(connection);
        tokio::spawn(async move {
            sleep_until(expiry).await;
            connection.abandon();
        });
    });
    match made {
        Ok(connection) => {
            ResponseFuture::later(async move { send::answer(connection.inbox(), body, patience).await })
        }
        Err(refused) => ResponseFuture::now(refused),
    }
}

/// Ends a connection that polls.
fn delete(app: &Arc<dyn Application>, parts: &Parts, user_id: &UserId) -> HttpResponse {
    let Some(token) = connection_token(parts) else {
        return plain(StatusCode::BAD_REQUEST, "Connection ID required");
    };
    let connections = app.connections();
    let Some(claim) = connections.tokens.open(&token, user_id.as_deref()) else {
        return no_such_connection();
    };
    match connections.find(&claim) {
        Some(Live::Requests(connection)) if !connection.belongs_to(user_id) => no_such_connection(),
        Some(Live::Requests(connection)) => match connection.attached() {
            Attached::Polls(polls) => {
                polls.leave();
                connection.inbox().end();
                plain(StatusCode::ACCEPTED, "")
            }
            _ => not_polled(),
        },
        Some(Live::Socket(_)) => not_polled(),
        None if connections.is_unused(&claim) => not_polled(),
        None => no_such_connection(),
    }
}

fn not_polled() -> HttpResponse {
    plain(StatusCode::BAD_REQUEST, "Cannot terminate this connection using the DELETE endpoint.")
}
