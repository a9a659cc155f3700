//! Connections that do not come over HTTP.

use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;

use super::service::HubService;
use super::session;
use crate::connection::duplex::Duplex;
use crate::connection::frame::FrameHeader;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::http::accepted::{Accepted, Place};
use crate::endpoint::http::application::Application;
use crate::hub::Hub;
use crate::transport::negotiate::TransportKind;

impl<H: Hub + 'static> HubService<H> {
    /// Serves a connection whose transport is open already, and takes hub frames as they are. Or gives the
    /// status that its client would be answered with over HTTP.
    pub(crate) fn accept(
        &self,
        request: Parts,
        transport: Box<dyn Duplex>,
    ) -> Result<ConnectionId, StatusCode> {
        if self.shared.core.open.stopping.is_cancelled() {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let user_id = self.shared.identity.user_id(&request);
        if !self.shared.identity.admits(&request) {
            let is_known = matches!(user_id, Ok(Some(_)));
            return Err(if is_known { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED });
        }
        let id = ConnectionId::random(self.shared.options().node_id);
        let accepted = Accepted {
            id: id.clone(),
            user_id,
            request: Arc::new(request),
            transport,
            frame_header: FrameHeader::None,
            kind: TransportKind::WebSockets,
            close_timeout: self.shared.options().close_timeout,
            place: Place::default(),
            resume: None,
            authentication: None,
        };
        session::spawn(Arc::clone(&self.shared), accepted);
        Ok(id)
    }
}
