//! Connections without a client: what is sent to them stays in their queues.

use std::sync::Arc;

use crate::HubProtocol;
use crate::connection::budget::MemoryBudget;
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::connection::pieces::Piece;
use crate::connection::shared::Shared;
use crate::endpoint::connection_id::ConnectionId;
use crate::hub::client_results::ClientResults;
use crate::hub::connection::{Connection, GroupLimits};
use crate::hub::lifetime::{LifetimeManager, LocalLifetime};
use crate::hub::registry::Registry;
use crate::transport::negotiate::TransportKind;

/// A hub without a hub.
pub(super) fn lifetime() -> LocalLifetime {
    LocalLifetime { registry: Arc::new(Registry::new()), client_results: Arc::new(ClientResults::new()) }
}

/// A connection that can be sent `frames` messages.
pub(super) fn connection(
    id: &str,
    user: Option<&str>,
    format: HubProtocol,
    frames: usize,
    budget: Option<&MemoryBudget>,
) -> Arc<Connection> {
    let (request, ()) = http::Request::new(()).into_parts();
    let outbound = Outbound::new(FrameHeader::None, QueueLimit { bytes: 1 << 20, frames });
    let shared = Arc::new(Shared::new(format, outbound.charged_to(budget.cloned())));
    let limits = GroupLimits { name_length: 256, groups: 1000 };
    let (id, user) = (ConnectionId::new(id), user.map(Into::into));
    let kind = TransportKind::WebSockets;
    Arc::new(Connection::new(id, user, Arc::new(request), None, shared, kind, limits))
}

/// So many connections of one hub, all of them in group `g`.
pub(super) fn crowd(lifetime: &LocalLifetime, count: usize) -> Vec<Arc<Connection>> {
    let crowd: Vec<_> =
        (0..count).map(|n| connection(&format!("c{n}"), None, HubProtocol::Json, 100, None)).collect();
    for connection in &crowd {
        lifetime.connected(connection);
        lifetime.registry.join(connection, "g").unwrap();
    }
    crowd
}

/// The texts that wait for a connection.
pub(super) fn queued(connection: &Connection) -> String {
    let mut batch = std::collections::VecDeque::new();
    connection.shared.outbound.take(&mut batch);
    let text = |piece: &Piece| String::from_utf8_lossy(piece.as_ref()).into_owned();
    batch.iter().map(text).collect()
}
