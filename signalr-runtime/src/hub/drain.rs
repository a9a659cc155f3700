//! The end of what is taken out of service: nobody is let in, everybody is sent away, and what does not end in
//! time is ended.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::core::HubCore;
use crate::connection::ending::EndRequest;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::open_connections::{DrainReport, LAST_WAIT};

/// When the connections are sent away.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// All at once. [`LAST_WAIT`] is for all of them.
    AtOnce,
    /// One after the other, so that all have ended after this time.
    Within(Duration),
}

impl Pace {
    /// How long the sending away takes, and how long everything may take.
    fn times(self) -> (Duration, Duration) {
        match self {
            Self::AtOnce => (Duration::ZERO, LAST_WAIT),
            Self::Within(deadline) => (deadline.saturating_sub(LAST_WAIT.min(deadline / 2)), deadline),
        }
    }
}

impl HubCore {
    /// Ends every connection: each client is told that it may connect again, each disconnect callback runs.
    pub(crate) async fn drain(&self, pace: Pace) -> DrainReport {
        let (sending, longest) = pace.times();
        self.open.drain(self.send_away(sending), longest).await
    }

    /// Sends one client after the other away. Each has an equal part of the time and goes at some moment of it:
    /// clients that come back at once come back one by one, also when several hubs or nodes are drained together.
    async fn send_away(&self, sending: Duration) {
        let ids: Vec<ConnectionId> = self.registry.ids();
        let part = sending / u32::try_from(ids.len()).unwrap_or(u32::MAX).max(1);
        let (start, mut begins) = (Instant::now(), Duration::ZERO);
        for id in ids {
            if !part.is_zero() {
                let moment = begins.saturating_add(part.mul_f64(rand::random()));
                let wait = moment.saturating_sub(start.elapsed());
                // The timer knows nothing shorter: thousands of clients would be given a millisecond each.
                if wait >= Duration::from_millis(1) {
                    sleep(wait).await;
                }
                begins = begins.saturating_add(part);
            }
            if let Some(connection) = self.registry.get(&id) {
                connection.shared.end(EndRequest::Drain);
            }
        }
    }
}
