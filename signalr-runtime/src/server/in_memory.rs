//! Connections that do not come over HTTP.

use std::sync::Arc;

use http::request::Parts;

use super::connection::ConnectionId;
use super::hub::Hub;
use super::service::HubService;
use super::session::{self, Accepted};
use super::token::new_connection_id;
use crate::connection::duplex::Duplex;
use crate::connection::outbound::Framing;
use crate::transport::negotiate::TransportKind;

impl<H: Hub> HubService<H> {
    /// Serves a connection whose transport is open already, and takes hub frames as they are. `None` when the hub is
    /// shutting down.
    pub(crate) fn accept(&self, request: Parts, transport: Box<dyn Duplex>) -> Option<ConnectionId> {
        if self.shared.core.stopping.is_cancelled() {
            return None;
        }
        let id = new_connection_id();
        let accepted = Accepted {
            id: id.clone(),
            request,
            transport,
            transport_kind: TransportKind::WebSockets,
            framing: Framing::Bare,
        };
        session::spawn(Arc::clone(&self.shared), accepted);
        Some(id)
    }
}
