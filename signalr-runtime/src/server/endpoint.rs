//! The HTTP endpoints of a hub: what each request is, and its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body_util::Full;

use super::hub::Hub;
use super::service::HubShared;
use super::session::{self, Accepted};
use super::token::new_connection_id;
use crate::transport::negotiate;
use crate::transport::websocket::upgrade;

/// Answers one request. A WebSocket goes on in a task of its own.
pub(crate) fn answer<H: Hub>(hub: &Arc<HubShared<H>>, parts: Parts) -> Response<Full<Bytes>> {
    if parts.uri.path().ends_with("/negotiate") {
        return negotiate(hub, &parts);
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
