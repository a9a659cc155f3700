//! The seam between connections and what lives on them.

use std::sync::Arc;

use super::accepted::Accepted;
use super::connections::Connections;
use super::options::{HttpOptions, unless_zero};
use crate::connection::frame::FrameHeader;
use crate::connection::outbound::{Outbound, QueueLimit};
use crate::endpoint::identity::Identity;
use crate::endpoint::limits::Limits;

/// What lives on connections: a hub, or a handler of bytes.
pub(crate) trait Application: Send + Sync + 'static {
    fn options(&self) -> &HttpOptions;

    /// What clients can make it hold.
    fn limits(&self) -> &Limits;

    /// The connections it has, and the tokens of those it may get.
    fn connections(&self) -> &Arc<Connections>;

    /// Whether a client that has lost its WebSocket may come back.
    fn allows_resumes(&self) -> bool;

    /// Whether no new connection is accepted.
    fn is_stopping(&self) -> bool;

    /// What it says of who its clients are.
    fn identity(&self) -> &Identity;

    /// Takes a connection whose transport is open, and serves it in tasks of its own.
    fn accept(self: Arc<Self>, accepted: Accepted);

    /// The way out of one of its connections, which holds no more than it may.
    fn outbound(&self, frame_header: FrameHeader) -> Outbound {
        let bytes = unless_zero(self.options().transport_max_buffer_size);
        let limits = self.limits();
        Outbound::new(frame_header, QueueLimit { bytes, frames: limits.queued_messages })
            .for_slow_consumers(limits.slow_consumer, limits.send_patience)
            .charged_to(limits.memory.clone())
    }
}
