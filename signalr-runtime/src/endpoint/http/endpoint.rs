//! The requests of an endpoint: what each of them is.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;

use super::application::Application;
use super::connections::{Live, Ticket};
use super::mount::{Mount, Route};
use super::refused::Refused;
use super::request::{accepts_events, head_length, take_connection_token};
use super::request_connection::Carrier;
use super::requester::Requester;
use super::response::{HttpResponse, ResponseFuture, method_not_allowed, plain};
use super::send::{self, RequestBody, request_body};
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
    mut parts: Parts,
    body: RequestBody,
) -> Result<ResponseFuture, Refused> {
    if head_length(&parts) > app.endpoint().limits.request_head {
        Limit::RequestHead.hit();
        return Err(Refused::TooLong);
    }
    if !app.endpoint().options.origin_policy.allows(&parts) {
        return Err(Refused::Origin);
    }
    // Before the application's own code sees the request.
    let token = take_connection_token(&mut parts);
    let requester = match Requester::of(&app.endpoint().identity, endpoint, &parts) {
        Err(Refused::UnknownUser) if route == Route::Refresh => return Ok(refresh::unknown_user()),
        requester => requester?,
    };
    admit::allowed(&**app, &parts, &requester.user_id)?;
    match route {
        Route::Negotiate if parts.method != Method::POST => {
            return Ok(ResponseFuture::now(method_not_allowed("POST")));
        }
        Route::Negotiate => {
            return negotiate::answer(&**app, &parts, &requester).map(ResponseFuture::now);
        }
        Route::Refresh => return Ok(refresh::answer(app, &requester, token.as_deref(), parts)),
        Route::Transport => {}
    }
    match parts.method {
        Method::GET if accepts_events(&parts) => {
            let ticket = offered(app, &parts, &requester, TransportKind::ServerSentEvents)?;
            server_sent_events::answer(app, ticket, &requester, parts).map(ResponseFuture::now)
        }
        Method::GET | Method::CONNECT if upgrade::is_requested(&parts) => {
            websocket::answer(app, &requester, parts)
        }
        Method::GET => {
            let ticket = match offered(app, &parts, &requester, TransportKind::LongPolling) {
                Err(Refused::OtherIdentity { polling: true })
                    if app.endpoint().options.enable_authentication_refresh =>
                {
                    return Err(Refused::RefreshRequired);
                }
                ticket => ticket?,
            };
            long_polling::answer(app, ticket, &requester, parts)
        }
        Method::POST => send(&**app, &parts, &requester, body),
        Method::DELETE => delete(&**app, &parts, &requester).map(ResponseFuture::now),
        _ => Ok(ResponseFuture::now(method_not_allowed("GET, POST, DELETE"))),
    }
}

/// What the token of a request stands for, which must bring one.
fn ticket(app: &dyn Application, parts: &Parts, requester: &Requester<'_>) -> Result<Ticket, Refused> {
    app.endpoint().connections.ticket(parts, requester)?.ok_or(Refused::NoToken)
}

/// The same, for a request for a transport.
fn offered(
    app: &Arc<dyn Application>,
    parts: &Parts,
    requester: &Requester<'_>,
    kind: TransportKind,
) -> Result<Ticket, Refused> {
    let ticket = ticket(&**app, parts, requester)?;
    if app.endpoint().options.transports.offers(kind) { Ok(ticket) } else { Err(Refused::NotOffered(kind)) }
}

/// Takes what a client sends.
fn send(
    app: &dyn Application,
    parts: &Parts,
    requester: &Requester<'_>,
    body: RequestBody,
) -> Result<ResponseFuture, Refused> {
    match ticket(app, parts, requester)?.live {
        Some(Live::Requests(connection)) => {
            let (patience, version) = (app.endpoint().options.body_read_timeout, parts.version);
            Ok(ResponseFuture::later(async move {
                send::answer(connection.inbox(), body, version, patience).await
            }))
        }
        Some(Live::Socket(_)) => Err(Refused::PostToWebSocket),
        None => Err(Refused::TooEarly),
    }
}

/// Ends a connection that polls.
fn delete(app: &dyn Application, parts: &Parts, requester: &Requester<'_>) -> Result<HttpResponse, Refused> {
    match ticket(app, parts, requester)?.live {
        Some(Live::Requests(connection)) => match connection.carrier() {
            Carrier::Polls(polls) => {
                polls.leave();
                connection.inbox().end();
                Ok(plain(StatusCode::ACCEPTED, ""))
            }
            Carrier::Events => Err(Refused::DeleteWithoutPolls),
        },
        Some(Live::Socket(_)) | None => Err(Refused::DeleteWithoutPolls),
    }
}
