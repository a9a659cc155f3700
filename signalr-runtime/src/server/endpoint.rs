//! The HTTP endpoints of a hub: what each request is, and its answer.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::request::Parts;
use http::{Method, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;
use tokio::time::timeout;

use super::hub::Hub;
use super::options::HubOptions;
use super::service::HubShared;
use super::session::{self, Accepted};
use super::token::new_connection_id;
use crate::connection::outbound::Framing;
use crate::transport::negotiate::{
    ConnectionToken, NegotiateVersion, NegotiatedConnection, Negotiation, TransportKind,
};
use crate::transport::websocket::socket::from_upgraded;
use crate::transport::websocket::stream::WebSocket;
use crate::transport::websocket::upgrade;

type HttpResponse = Response<Full<Bytes>>;

/// Answers one request. A WebSocket goes on in a task of its own.
pub(crate) fn answer<H: Hub>(hub: &Arc<HubShared<H>>, parts: Parts) -> HttpResponse {
    if parts.uri.path().ends_with("/negotiate") {
        return if parts.method == Method::POST {
            negotiate(hub, &parts)
        } else {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            response
        };
    }
    match parts.method {
        Method::GET if upgrade::is_requested(&parts) => websocket(hub, parts),
        Method::GET | Method::POST | Method::DELETE => match query(&parts, "id") {
            None => plain(StatusCode::BAD_REQUEST, "Connection ID required"),
            Some(_) => plain(StatusCode::NOT_FOUND, "No Connection with that ID"),
        },
        _ => plain(StatusCode::METHOD_NOT_ALLOWED, ""),
    }
}

/// Hands out what a client needs to connect. Nothing is remembered.
fn negotiate<H: Hub>(hub: &HubShared<H>, parts: &Parts) -> HttpResponse {
    if hub.core.stopping.is_cancelled() {
        return shutting_down(&hub.options);
    }
    let requested = query(parts, "negotiateVersion");
    let minimum = hub.options.minimum_protocol_version;
    let negotiation = match NegotiateVersion::choose(requested.as_deref(), minimum) {
        Err(refused) => Negotiation::Refused { error: refused.to_string() },
        Ok(version) => {
            let (id, token) = match version {
                NegotiateVersion::V0 => (hub.tokens.seal_id(), None),
                NegotiateVersion::V1 => {
                    let id = new_connection_id();
                    let token = hub.tokens.seal(&id);
                    (id, Some(ConnectionToken(token)))
                }
            };
            Negotiation::Connection(NegotiatedConnection {
                id: id.into(),
                token,
                stateful_reconnect: false,
                transports: vec![TransportKind::WebSockets.into()],
            })
        }
    };
    let mut response = Response::new(Full::new(negotiation.write().into()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn websocket<H: Hub>(hub: &Arc<HubShared<H>>, mut parts: Parts) -> HttpResponse {
    if hub.core.stopping.is_cancelled() {
        return shutting_down(&hub.options);
    }
    let response = match upgrade::accept(&parts) {
        Ok(response) => response.map(|()| Full::default()),
        Err(refused) => return refused.response().map(|text| Full::new(text.into())),
    };
    // Not before the request is found to be in order: a token opens one connection.
    let id = match query(&parts, "id") {
        // Negotiation was skipped.
        None => new_connection_id(),
        Some(token) => match hub.tokens.open(&token) {
            Some(id) => id,
            None => return plain(StatusCode::NOT_FOUND, "No Connection with that ID"),
        },
    };
    let Some(upgrade) = parts.extensions.remove::<OnUpgrade>() else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "This server cannot upgrade connections");
    };
    let hub = Arc::clone(hub);
    let deadline = hub.options.handshake_timeout;
    tokio::spawn(async move {
        // The client may go, or never take the response: nothing is left of it then.
        if let Ok(Ok(upgraded)) = timeout(deadline, upgrade).await {
            let (socket, early) = from_upgraded(upgraded);
            let transport = Box::new(WebSocket::server(socket, &early));
            // In a fresh task: what the upgrade has held would stay as long as the connection.
            let accepted = Accepted {
                id,
                request: detach(parts),
                transport,
                transport_kind: TransportKind::WebSockets,
                framing: Framing::WebSocket,
            };
            session::spawn(hub, accepted);
        }
    });
    response
}

/// Keeps of a request what the application may ask for. Everything is copied: the parts of a request are slices of
/// the buffer it was read into, which would otherwise stay as long as the connection.
fn detach(mut parts: Parts) -> Parts {
    let own = [CONNECTION, UPGRADE, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_EXTENSIONS];
    for name in own {
        parts.headers.remove(name);
    }
    let mut headers = HeaderMap::with_capacity(parts.headers.len());
    for (name, value) in &parts.headers {
        // Both were valid before.
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(mut copy)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            copy.set_sensitive(value.is_sensitive());
            headers.append(name, copy);
        }
    }
    parts.headers = headers;
    detach_uri(&mut parts.uri);
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = parts.extensions.get_mut() {
        detach_uri(uri);
    }
    parts
}

/// Copies a URI, without the connection token: whoever logs the URI of a connection must not log that.
fn detach_uri(uri: &mut Uri) {
    let mut text = uri.to_string();
    if let Some((path, query)) = text.split_once('?') {
        let is_token = |pair: &&str| {
            form_urlencoded::parse(pair.as_bytes()).any(|(key, _)| key.eq_ignore_ascii_case("id"))
        };
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_token(pair)).collect();
        text = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    }
    if let Ok(copy) = text.parse() {
        *uri = copy;
    }
}

/// The value of a query parameter, whose name is matched without regard to case.
fn query<'a>(parts: &'a Parts, name: &str) -> Option<Cow<'a, str>> {
    let pairs = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    pairs.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn shutting_down(options: &HubOptions) -> HttpResponse {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "The server is shutting down");
    response.headers_mut().insert(RETRY_AFTER, options.retry_after.as_secs().into());
    response
}

fn plain(status: StatusCode, text: &'static str) -> HttpResponse {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
