//! The seam between connections and what lives on them.

use std::sync::Arc;

use super::accepted::Accepted;
use super::connections::Connections;
use super::options::{HttpOptions, unless_zero};
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::endpoint::identity::Identity;
use crate::endpoint::limits::Limits;
use crate::endpoint::open_connections::OpenConnections;

/// What lives on connections: a hub, or a handler of bytes.
pub(crate) trait Application: Send + Sync + 'static {
    /// The endpoint that it gives its connections.
    fn endpoint(&self) -> &Endpoint;

    /// Whether a client that has lost its WebSocket may come back.
    fn allows_resumes(&self) -> bool;

    /// Takes a connection whose transport is open, and serves it in tasks of its own.
    fn accept(self: Arc<Self>, accepted: Accepted);
}

/// All that an application gives to its endpoint.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// The connections that are open, and the tasks in which they run.
    pub(crate) open: Arc<OpenConnections>,
    pub(crate) options: HttpOptions,
    /// What clients can make it hold.
    pub(crate) limits: Limits,
    /// The connections that are found by their tokens, and the tokens of those that may come.
    pub(crate) connections: Arc<Connections>,
    /// What the application says of who its clients are.
    pub(crate) identity: Identity,
}

impl Endpoint {
    /// The endpoint of these connections, with the default options.
    pub(crate) fn new(open: Arc<OpenConnections>) -> Self {
        let (options, limits) = (HttpOptions::default(), Limits::default());
        let connections = Arc::new(Connections::new(&options, &limits));
        let identity = Identity::new(open.name);
        Self { open, options, limits, connections, identity }
    }

    /// Replaces the options. Connections that are found by their tokens are forgotten.
    pub(crate) fn configure(&mut self, options: HttpOptions, limits: Limits) {
        self.connections = Arc::new(Connections::new(&options, &limits));
        (self.options, self.limits) = (options, limits);
    }

    /// Whether no new connection is accepted.
    pub(crate) fn is_stopping(&self) -> bool {
        self.open.stopping.is_cancelled()
    }

    /// The way out of one of the connections, which holds no more than it may.
    pub(crate) fn outbound(&self, frame_header: FrameHeader) -> Outbound {
        let bytes = unless_zero(self.options.transport_max_buffer_size);
        let limits = &self.limits;
        Outbound::new(frame_header, QueueLimit { bytes, frames: limits.queued_messages })
            .for_slow_consumers(limits.slow_consumer, limits.send_patience)
            .charged_to(limits.memory.clone())
    }
}
