//! WebSockets: one request, which becomes the connection.

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use tokio::time::timeout;

use super::accepted::{Accepted, Application, UserId};
use super::connections::Live;
use super::request::{connection_token, detach};
use super::response::{HttpResponse, ResponseBody, no_such_connection, other_transport, plain};
use super::token::new_connection_id;
use crate::connection::outbound::Framing;
use crate::transport::negotiate::TransportKind;
use crate::transport::websocket::socket::from_upgraded;
use crate::transport::websocket::stream::WebSocket;
use crate::transport::websocket::upgrade;

/// Opens a WebSocket, which goes on in a task of its own.
pub(super) fn answer(app: &Arc<dyn Application>, user_id: UserId, mut parts: Parts) -> HttpResponse {
    let connections = app.connections();
    let claim = match connection_token(&parts) {
        // Negotiation was skipped.
        None => None,
        Some(token) => match connections.tokens.open(&token, user_id.as_deref()) {
            Some(claim) => Some(claim),
            None => return no_such_connection(),
        },
    };
    if !app.options().transports.web_sockets {
        return plain(StatusCode::NOT_FOUND, "WebSockets transport not supported by this end point type");
    }
    let response = match upgrade::accept(&parts) {
        Ok(response) => response.map(|()| ResponseBody::from(bytes::Bytes::new())),
        Err(refused) => {
            return refused.response().map(|text| bytes::Bytes::from_static(text.as_bytes()).into());
        }
    };
    // Not before the request is found to be in order: a token opens one connection.
    let (id, live) = match claim {
        None => (new_connection_id(), None),
        Some(claim) => match connections.enter(claim, |entry| (Live::Socket, entry)) {
            None => return no_such_connection(),
            Some(Ok(entry)) => (entry.id().clone(), Some(entry)),
            Some(Err(Live::Socket)) => return plain(StatusCode::CONFLICT, ""),
            Some(Err(Live::Requests(_))) => return other_transport(),
        },
    };
    let Some(upgrade) = parts.extensions.remove::<OnUpgrade>() else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "This server cannot upgrade connections");
    };
    let app = Arc::clone(app);
    let deadline = app.options().disconnect_timeout;
    tokio::spawn(async move {
        // The client may go, or never take the response: nothing is left of it then.
        if let Ok(Ok(upgraded)) = timeout(deadline, upgrade).await {
            let (socket, early) = from_upgraded(upgraded);
            let accepted = Accepted {
                id,
                user_id: Ok(user_id),
                // In a fresh task: what the upgrade has held would stay as long as the connection.
                request: detach(parts),
                transport: Box::new(WebSocket::server(socket, &early)),
                framing: Framing::WebSocket,
                kind: TransportKind::WebSockets,
                close_timeout: app.options().close_timeout,
                live,
            };
            app.accept(accepted);
        }
    });
    response
}
