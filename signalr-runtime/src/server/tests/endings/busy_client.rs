//! No end of a client waits for the user's code: not for handlers that do not end, nor for a stream that it uploads.

use std::future::pending;
use std::sync::Mutex;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::super::broken::Broken;
use super::super::probe::ProbeClient;
use super::*;
use crate::client::ConnectionState;
use crate::{HubErrorKind, HubResult};

/// Handlers that do not end.
struct Busy(Arc<Mutex<Vec<&'static str>>>);

impl Busy {
    async fn forever<T>(&self, what: &'static str) -> T {
        self.0.lock().unwrap().push(what);
        pending().await
    }
}

impl ProbeClient for Busy {
    async fn said(&self, _: &str) {
        self.forever::<()>("said").await;
    }

    async fn confirm(&self, _: &str) -> HubResult<String> {
        self.forever("confirm").await
    }

    async fn broken(&self, _: Broken) {
        self.forever::<()>("broken").await;
    }
}

/// A way to end, by the server or, where it does nothing, by the client itself; and the status that the client answers with.
type Case = (&'static str, Option<Act>, Option<u16>);

const CASES: [Case; 5] = [
    ("the client stops", None, Some(1000)),
    ("Close", Some(|peer| peer.record(CLOSE)), Some(1000)),
    ("a close frame", Some(|peer| peer.close(Some(1000))), Some(1000)),
    ("a violation", Some(|peer| peer.frame(0xC1, b"x")), Some(1002)),
    ("a loss", Some(Peer::cut), None),
];

#[tokio::test(start_paused = true)]
async fn an_end_waits_for_no_handler_and_no_stream() {
    for (what, deed, status) in CASES {
        let running = Arc::<Mutex<Vec<&str>>>::default();
        let busy = Busy(Arc::clone(&running));
        let (connection, mut peer) = client(ROOMY, |client| client.handlers(busy)).await;
        // One that runs, one that waits for its turn, and one that is to answer.
        for _ in 0..2 {
            peer.record(&call_of_client("Said"));
        }
        peer.record(r#"{"type":1,"invocationId":"s1","target":"Confirm","arguments":["?"]}"#);
        let hub = connection.hub();
        let mut sum = Box::pin(hub.sum(futures_util::stream::pending()).into_future());
        assert!((&mut sum).now_or_never().is_none());
        settle().await;
        assert_eq!(*running.lock().unwrap(), ["said", "confirm"]);
        let begun = Instant::now();
        let (closed, got, call) = tokio::join!(
            async {
                if deed.is_some() {
                    return connection.closed().await;
                }
                connection.stop().await;
                None
            },
            async {
                if let Some(deed) = deed {
                    deed(&mut peer);
                }
                peer.rest().await
            },
            sum,
        );
        assert_eq!(begun.elapsed().as_secs(), 0, "{what}");
        assert_eq!(got.close, status, "{what}");
        assert_eq!(closed.is_some(), status != Some(1000), "{what}");
        assert_eq!(call.unwrap_err().kind(), HubErrorKind::Closed, "{what}");
        assert_eq!(*connection.state().borrow(), ConnectionState::Disconnected);
    }
}

fn call_of_client(target: &str) -> String {
    format!(r#"{{"type":1,"target":"{target}","arguments":["x"]}}"#)
}
