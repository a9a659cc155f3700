//! The end of what is taken out of service: nobody is let in, everybody is sent away, and what does not end in
//! time is ended.

use std::future::{Future, ready};
use std::time::Duration;

use tokio::select;
use tokio::time::{Instant, sleep, timeout};

use super::connection_id::ConnectionId;
use super::core::HubCore;
use super::open_connections::OpenConnections;
use crate::connection::ending::EndRequest;

/// What the last connections that are sent away have, to end by themselves.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// How a hub was emptied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Connections that ended in good order: their disconnect callback returned and their calls came to an end, by
    /// themselves or after [`call_linger`](super::Limits::call_linger).
    pub closed: usize,
    /// Connections that were still busy when the time was over, and were cut short.
    pub aborted: usize,
}

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

impl OpenConnections {
    /// Lets nobody in, sends those that are there away, and ends those that have not ended after `longest`.
    async fn drain(&self, send_away: impl Future<Output = ()>, longest: Duration) -> DrainReport {
        self.stopping.cancel();
        self.tasks.close();
        let open = self.len();
        let ended = async {
            select! {
                () = self.tasks.wait() => {}
                () = send_away => self.tasks.wait().await,
            }
        };
        let mut aborted = 0;
        if timeout(longest, ended).await.is_err() {
            aborted = self.len();
            tracing::warn!(
                hub = self.name,
                aborted,
                "connections are still busy after {longest:?}: ending them"
            );
            self.kill.cancel();
            self.tasks.wait().await;
        }
        DrainReport { closed: open.saturating_sub(aborted), aborted }
    }

    /// Ends all connections of a handler of bytes. They find out by themselves that they are to stop.
    pub(crate) async fn shut_down(&self) -> DrainReport {
        self.drain(ready(()), LAST_WAIT).await
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
