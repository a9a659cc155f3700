//! The requests of an endpoint: what each of them is.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;
use tokio::time::sleep_until;

use super::application::{Application, Place};
use super::authentication::Authentication;
use super::connections::Live;
use super::inbox::Inbox;
use super::mount::{Mount, Route};
use super::options::unless_zero;
use super::refused::Refused;
use super::request::{accepts_events, head_length};
use super::request_connection::{Attached, RequestConnection};
use super::requester::Requester;
use super::response::{HttpResponse, ResponseFuture, method_not_allowed, plain};
use super::send::{self, RequestBody, request_body};
use super::token::Claim;
use super::{admit, long_polling, negotiate, refresh, server_sent_events, websocket};
use crate::connection::limit::Limit;
use crate::transport::negotiate::TransportKind;
use crate::transport::websocket::upgrade;

/// Answers one request.
pub(crate) fn answer<B>(app: &Arc<dyn Application>, mount: Mount<'_>, request: Request<B>) -> ResponseFuture
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    let (parts, body) = request.into_parts();
    let body = request_body(body);
    let route = mount.route(&parts);
    let may_be_polled = route == Route::Transport
        && parts.method == Method::GET
        && !accepts_events(&parts)
        && !upgrade::is_requested(&parts);
    let response = serve(app, (mount.endpoint, route), parts, body).unwrap_or_else(Into::into);
    if may_be_polled { response.map(long_polling::not_cached) } else { response }
}

fn serve(
    app: &Arc<dyn Application>,
    (endpoint, route): (&str, Route),
    parts: Parts,
    body: RequestBody,
) -> Result<ResponseFuture, Refused> {
    if head_length(&parts) > app.limits().request_head {
        Limit::RequestHead.hit();
        return Err(Refused::TooLong);
    }
    if !app.options().origin_policy.allows(&parts) {
        return Err(Refused::Origin);
    }
    let requester = Requester::of(&**app, endpoint, &parts)?;
    if !app.identity().admits(&parts) {
        return Err(if requester.user_id.is_some() { Refused::Forbidden } else { Refused::Unauthenticated });
    }
    match route {
        Route::Negotiate if parts.method != Method::POST => {
            return Ok(ResponseFuture::now(method_not_allowed("POST")));
        }
        Route::Negotiate => {
            return negotiate::answer(&**app, &parts, &requester).map(ResponseFuture::now);
        }
        Route::Refresh => return Ok(refresh::answer(app, &requester, parts)),
        Route::Transport => {}
    }
    match parts.method {
        Method::GET if accepts_events(&parts) => {
            let connection = requests(app, &parts, &requester, TransportKind::ServerSentEvents)?;
            server_sent_events::answer(app, &connection, requester.user_id(), parts).map(ResponseFuture::now)
        }
        Method::GET | Method::CONNECT if upgrade::is_requested(&parts) => {
            websocket::answer(app, &requester, parts)
        }
        Method::GET => {
            let connection = requests(app, &parts, &requester, TransportKind::LongPolling)?;
            long_polling::answer(app, &connection, requester.user_id(), parts)
        }
        Method::POST => send(app, &parts, &requester, body),
        Method::DELETE => delete(app, &parts, &requester).map(ResponseFuture::now),
        _ => Ok(ResponseFuture::now(method_not_allowed("GET, POST, DELETE"))),
    }
}

/// What the token of a request stands for.
fn claim(app: &dyn Application, parts: &Parts, requester: &Requester<'_>) -> Result<Claim, Refused> {
    app.connections().claim(parts, requester)?.ok_or(Refused::NoToken)
}

/// The connection that a request for a transport belongs to, which may be new.
fn requests(
    app: &Arc<dyn Application>,
    parts: &Parts,
    requester: &Requester<'_>,
    kind: TransportKind,
) -> Result<Arc<RequestConnection>, Refused> {
    let claim = claim(&**app, parts, requester)?;
    if !app.options().transports.offers(kind) {
        return Err(Refused::NotOffered(kind));
    }
    find_or_make(app, parts, claim, requester, |_| {})
}

/// The connection of a token. One that is new is handed to `begin`.
fn find_or_make(
    app: &Arc<dyn Application>,
    parts: &Parts,
    claim: Claim,
    requester: &Requester<'_>,
    begin: impl FnOnce(&Arc<RequestConnection>),
) -> Result<Arc<RequestConnection>, Refused> {
    let options = app.options();
    let connections = app.connections();
    let (permit, authentication) = match connections.find(&claim) {
        Some(_) => (None, None),
        None if app.is_stopping() => return Err(Refused::ShuttingDown { retry_after: options.retry_after }),
        None => {
            let permit = admit::connect(&**app, parts, &requester.user_id)?;
            // The user's code runs before the table is locked: others go on finding their connections.
            (Some(permit), Authentication::of(&**app, parts, &requester.user_id))
        }
    };
    let entered = connections.enter(claim, |entry| {
        let inbox = Inbox::new(unless_zero(options.application_max_buffer_size))
            .with_room_to_wait(app.limits().queued_posts, app.limits().queued_post_bytes)
            .charged_to(app.limits().memory.clone());
        let id = entry.id().clone();
        let place = Place::new(Some(entry), permit);
        let connection =
            Arc::new(RequestConnection::new(id, place, requester.user_id(), authentication, inbox));
        (Live::Requests(Arc::clone(&connection)), connection)
    });
    match entered.ok_or(Refused::NoConnection)? {
        Ok(connection) => {
            begin(&connection);
            Ok(connection)
        }
        Err(Live::Requests(connection)) if connection.belongs_to(&requester.user_id) => Ok(connection),
        Err(Live::Requests(_)) => Err(Refused::NoConnection),
        Err(Live::Socket(_)) => Err(Refused::OtherTransport),
    }
}

/// Takes what a client sends. It may do so before it opens its transport.
fn send(
    app: &Arc<dyn Application>,
    parts: &Parts,
    requester: &Requester<'_>,
    body: RequestBody,
) -> Result<ResponseFuture, Refused> {
    let claim = claim(&**app, parts, requester)?;
    if let Some(Live::Socket(_)) = app.connections().find(&claim) {
        return Err(Refused::PostToWebSocket);
    }
    let (expiry, patience, version) = (claim.expiry, app.options().body_read_timeout, parts.version);
    let connection = find_or_make(app, parts, claim, requester, |connection| {
        let connection = Arc::clone(connection);
        tokio::spawn(async move {
            sleep_until(expiry).await;
            connection.abandon();
        });
    })?;
    Ok(ResponseFuture::later(async move { send::answer(connection.inbox(), body, version, patience).await }))
}

/// Ends a connection that polls.
fn delete(
    app: &Arc<dyn Application>,
    parts: &Parts,
    requester: &Requester<'_>,
) -> Result<HttpResponse, Refused> {
    let claim = claim(&**app, parts, requester)?;
    let connections = app.connections();
    match connections.find(&claim) {
        Some(Live::Requests(connection)) if connection.belongs_to(&requester.user_id) => {
            match connection.attached() {
                Attached::Polls(polls) => {
                    polls.leave();
                    connection.inbox().end();
                    Ok(plain(StatusCode::ACCEPTED, ""))
                }
                _ => Err(Refused::DeleteWithoutPolls),
            }
        }
        Some(Live::Socket(_)) => Err(Refused::DeleteWithoutPolls),
        None if connections.is_unused(&claim) => Err(Refused::DeleteWithoutPolls),
        Some(Live::Requests(_)) | None => Err(Refused::NoConnection),
    }
}
