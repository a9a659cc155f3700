//! How many connections there are, and how long they last.

use std::sync::Arc;

#[cfg(feature = "metrics")]
use tokio::time::Instant;

#[cfg(feature = "metrics")]
use super::metrics::{ACTIVE_CONNECTIONS, CONNECTION_DURATION};
use crate::connection::ended::Ended;
use crate::connection::ending::EndRequest;
use crate::endpoint::open_connections::OpenConnections;
use crate::transport::negotiate::TransportKind;

/// One connection, counted from the opening of its transport until this is dropped.
pub(crate) struct ConnectionMeter {
    open: Arc<OpenConnections>,
    /// None as long as nothing is known of its end.
    status: Option<Status>,
    #[cfg(feature = "metrics")]
    metered: Metered,
}

/// How a connection ended (`HttpConnectionStopStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    NormalClosure,
    Timeout,
    AppShutdown,
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
            status: None,
            #[cfg(feature = "metrics")]
            metered: Metered::start(transport),
        }
    }

    /// The client did not do in time what it had to.
    pub(crate) fn timed_out(&mut self) {
        self.status = Some(Status::Timeout);
    }

    /// Notes what ended the connection: what happens until it is gone changes nothing of that.
    pub(crate) fn ended(&mut self, ended: &Ended) {
        self.status = Some(match ended {
            Ended::Stopped(EndRequest::Drain) => Status::AppShutdown,
            ended if ended.is_timeout() => Status::Timeout,
            _ => Status::NormalClosure,
        });
    }

    /// One whose end was not noted was cut short.
    #[cfg(feature = "metrics")]
    fn status(&self) -> Status {
        self.status.unwrap_or(if self.open.stopping.is_cancelled() {
            Status::AppShutdown
        } else {
            Status::NormalClosure
        })
    }
}

#[cfg(feature = "metrics")]
impl Status {
    /// The value of the attribute `signalr.connection.status`.
    fn name(self) -> &'static str {
        match self {
            Self::NormalClosure => "normal_closure",
            Self::Timeout => "timeout",
            Self::AppShutdown => "app_shutdown",
        }
    }
}

impl Drop for ConnectionMeter {
    fn drop(&mut self) {
        self.open.ended();
        #[cfg(feature = "metrics")]
        self.metered.end(self.status().name());
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
