//! Connections that do not come over HTTP.

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;

use super::connection_id::ConnectionId;
use super::http::accepted::{Accepted, Place};
use super::http::admit;
use super::http::application::Application;
use super::http::refused::Refused;
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::transport::negotiate::TransportKind;

/// Serves a connection whose transport is open already, and takes frames as they are. Or gives the status that its
/// client would be answered with over HTTP.
pub(crate) fn accept(
    app: Arc<dyn Application>,
    request: Parts,
    transport: Box<dyn Duplex>,
) -> Result<ConnectionId, StatusCode> {
    let status = |refused: Refused| refused.response().status();
    admit::unless_stopping(&*app).map_err(status)?;
    let endpoint = app.endpoint();
    let user_id = endpoint.identity.user_id(&request);
    admit::allowed(&*app, &request, user_id.as_ref().unwrap_or(&None)).map_err(status)?;
    let id = ConnectionId::random(endpoint.options.node_id);
    let accepted = Accepted {
        id: id.clone(),
        user_id,
        request: Arc::new(request),
        transport,
        frame_header: FrameHeader::None,
        kind: TransportKind::WebSockets,
        close_timeout: endpoint.options.close_timeout,
        place: Place::default(),
        resume: None,
        authentication: None,
    };
    app.accept(accepted);
    Ok(id)
}
