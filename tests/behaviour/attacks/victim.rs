//! A server to attack, with the test hub, and what its limits have counted.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use signalr_runtime::server::{HttpOptions, HubHandle, HubOptions, HubRouterExt, HubService, Limits};
use signalr_tests::test_hub::{TestHubContract, TestHubServer};
use tokio::net::TcpListener;

use super::wire::{Http, Socket};

/// A server on a real socket, in the test's own thread. It ends with its test.
pub(super) struct Victim {
    pub(super) address: SocketAddr,
    pub(super) hub: HubHandle<TestHubContract>,
    hits: Hits,
}

impl Victim {
    pub(super) async fn new() -> Self {
        Self::with(HubOptions::default()).await
    }

    pub(super) async fn limited(limits: Limits) -> Self {
        Self::with(HubOptions { limits, ..HubOptions::default() }).await
    }

    pub(super) async fn with(options: HubOptions) -> Self {
        Self::of(|service| service.options(options)).await
    }

    /// One that waits for nobody for long.
    pub(super) async fn impatient() -> Self {
        Self::with(HubOptions { http: impatience(), ..HubOptions::default() }).await
    }

    pub(super) async fn of(
        configure: impl FnOnce(HubService<TestHubServer>) -> HubService<TestHubServer>,
    ) -> Self {
        let service = configure(HubService::new(TestHubServer::new));
        let hub = service.handle();
        let address = serve(axum::Router::new().hub("/hub", service)).await;
        Self { address, hub, hits: Hits::record() }
    }

    /// Begins a WebSocket, without a handshake.
    pub(super) async fn open(&self) -> Socket {
        Socket::open(self.address, "").await.expect("the WebSocket was refused")
    }

    /// A client that has shaken hands.
    pub(super) async fn connect(&self) -> Socket {
        let mut socket = self.open().await;
        socket.shake_hands().await;
        socket
    }

    pub(super) fn http(&self) -> Http {
        Http { address: self.address }
    }

    /// How often a limit was reached.
    pub(super) fn hits(&self, kind: &str) -> u64 {
        self.hits.count(kind)
    }

    /// Somebody else's call is answered: what the attacker does is his own affair.
    pub(super) async fn serves_others(&self) {
        let mut other = self.connect().await;
        assert_eq!(other.call("1", "Add", "[1,2]").await, r#"{"type":3,"invocationId":"1","result":3}"#);
        other.leave().await;
    }

    /// Nothing is left of those who were connected.
    pub(super) async fn forgets_everybody(&self) {
        super::until(|| self.hub.connection_count() == 0).await;
    }
}

/// Options that let nobody be away, or take his time to end, for long.
pub(super) fn impatience() -> HttpOptions {
    let short = Duration::from_millis(300);
    HttpOptions {
        disconnect_timeout: short,
        close_timeout: short,
        transport_send_timeout: short,
        body_read_timeout: short,
        ..HttpOptions::default()
    }
}

/// Serves an application at an address that it gives.
pub(super) async fn serve(app: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// The counters of this thread.
pub(super) struct Hits {
    snapshotter: Snapshotter,
    /// A snapshot takes what it shows.
    seen: RefCell<HashMap<String, u64>>,
    _recording: metrics::LocalRecorderGuard<'static>,
}

impl Hits {
    pub(super) fn record() -> Self {
        let recorder: &'static DebuggingRecorder = Box::leak(Box::default());
        let recording = metrics::set_default_local_recorder(recorder);
        Self { snapshotter: recorder.snapshotter(), seen: RefCell::default(), _recording: recording }
    }

    pub(super) fn count(&self, kind: &str) -> u64 {
        let mut seen = self.seen.borrow_mut();
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let (DebugValue::Counter(more), MetricKind::Counter) = (value, key.kind()) else { continue };
            if key.key().name() == "signalr.server.limit_hit"
                && let Some(label) = key.key().labels().find(|label| label.key() == "kind")
            {
                *seen.entry(label.value().to_owned()).or_default() += more;
            }
        }
        seen.get(kind).copied().unwrap_or_default()
    }
}

/// Long enough for a machine that is busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
