//! How many connections there are, and how long they last.

use std::sync::Arc;

#[cfg(feature = "metrics")]
use tokio::time::Instant;

#[cfg(feature = "metrics")]
use super::{ACTIVE_CONNECTIONS, CONNECTION_DURATION};
use crate::connection::engine::Ended;
use crate::contract::error::HubErrorKind;
use crate::server::open_connections::OpenConnections;
use crate::transport::negotiate::TransportKind;

/// One connection, counted from the opening of its transport until this is dropped.
pub(crate) struct ConnectionMeter {
    open: Arc<OpenConnections>,
    timed_out: bool,
    #[cfg(feature = "metrics")]
    metered: Metered,
}

/// What is known of a connection when it ends.
#[cfg(feature = "metrics")]
struct Metered {
    transport: &'static str,
    since: Instant,
    /// The gauge that was increased: another recorder, installed meanwhile, has not counted this connection.
    active: metrics::Gauge,
}

impl ConnectionMeter {
    pub(crate) fn start(
        open: &Arc<OpenConnections>,
        #[cfg_attr(not(feature = "metrics"), expect(unused))] transport: TransportKind,
    ) -> Self {
        open.opened();
        Self {
            open: Arc::clone(open),
            timed_out: false,
            #[cfg(feature = "metrics")]
            metered: Metered::start(transport),
        }
    }

    /// The client did not do in time what it had to.
    pub(crate) fn timed_out(&mut self) {
        self.timed_out = true;
    }

    /// Notes what ended the connection.
    pub(crate) fn ended(&mut self, ended: &Ended) {
        if let Ended::Failed(error) = ended
            && error.kind() == HubErrorKind::Timeout
        {
            self.timed_out();
        }
    }
}

impl Drop for ConnectionMeter {
    fn drop(&mut self) {
        self.open.ended();
        #[cfg(feature = "metrics")]
        self.metered.end(if self.open.stopping.is_cancelled() {
            "app_shutdown"
        } else if self.timed_out {
            "timeout"
        } else {
            "normal_closure"
        });
    }
}

#[cfg(feature = "metrics")]
impl Metered {
    fn start(transport: TransportKind) -> Self {
        let transport = match transport {
            TransportKind::WebSockets => "web_sockets",
            TransportKind::ServerSentEvents => "server_sent_events",
            TransportKind::LongPolling => "long_polling",
        };
        let active = metrics::gauge!(ACTIVE_CONNECTIONS, "signalr.transport" => transport);
        active.increment(1);
        Self { transport, since: Instant::now(), active }
    }

    fn end(&self, status: &'static str) {
        self.active.decrement(1);
        let labels = [("signalr.connection.status", status), ("signalr.transport", self.transport)];
        metrics::histogram!(CONNECTION_DURATION, &labels).record(self.since.elapsed());
    }
}
