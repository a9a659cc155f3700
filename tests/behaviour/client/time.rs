//! What happens when: over the in-memory transport, under a paused clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use signalr_runtime::client::ConnectionState;
use signalr_runtime::server::{Hub, HubContext, HubOptions, HubService};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubError, HubErrorKind, HubResult, hub};
use signalr_tests::test_hub::TestHubServer;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::server::Ui;

fn server(options: HubOptions) -> TestServer<TestHubServer> {
    TestServer::new(HubService::<TestHubServer>::new(TestHubServer::new).options(options))
}

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::test(start_paused = true)]
async fn an_idle_connection_stays() {
    let server = server(HubOptions::default());
    let connection = server.client().connect().await.unwrap();
    tokio::time::sleep(HOUR).await;
    assert_eq!(*connection.state().borrow(), ConnectionState::Connected);
    assert_eq!(connection.hub().add(1, 2).await.unwrap(), 3);
    connection.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up_after_the_server_timeout() {
    for (limit, text) in [(None, "30000.00"), (Some(Duration::from_micros(1_234_567)), "1234.57")] {
        let server = server(HubOptions { keep_alive_interval: HOUR, ..HubOptions::default() });
        let client = server.client();
        let client = match limit {
            Some(limit) => client.configure(|builder| builder.server_timeout(limit)),
            None => client,
        };
        let start = Instant::now();
        let connection = client.connect().await.unwrap();
        let call = tokio::spawn(connection.hub().sleep(3_600_000));
        let error = connection.closed().await.unwrap();
        let text = format!("Server timeout ({text}ms) elapsed without receiving a message from the server.");
        assert_eq!((error.kind(), error.message()), (HubErrorKind::Timeout, &*text));
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.message()), (HubErrorKind::Closed, &*text));
        let limit = limit.unwrap_or(Duration::from_secs(30));
        let waited = start.elapsed();
        assert!(waited >= limit && waited < limit + Duration::from_millis(20), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_ping_is_given_up_by_the_server() {
    let server = server(HubOptions::default());
    let client = server.client().configure(|builder| builder.keep_alive_interval(HOUR));
    let start = Instant::now();
    let error = client.connect().await.unwrap().closed().await.unwrap();
    let text = "The server closed the connection with the following error: Connection closed with an error.";
    assert_eq!(error.message(), text);
    // The ping after the handshake is what starts the server's patience.
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_call_has_its_own_time() {
    let server = server(HubOptions::default());
    let connection = server.client().connect().await.unwrap();
    let start = Instant::now();
    let error = connection.hub().sleep(60_000).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Timeout);
    assert_eq!(start.elapsed().as_secs(), 5);
    connection.hub().sleep(60_000).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 65);
    let error = connection.raw().invoke::<()>("Sleep", (60_000,)).timeout(Duration::from_secs(5)).await;
    assert_eq!(error.unwrap_err().kind(), HubErrorKind::Timeout);
}

#[hub]
trait Doorbell {
    async fn ring(&self) -> HubResult<String>;
    async fn wait(&self) -> HubResult;
}

struct Door {
    cx: HubContext<DoorbellContract>,
    left: mpsc::UnboundedSender<Option<String>>,
}

impl Hub for Door {
    type Contract = DoorbellContract;

    async fn on_disconnected(&self, error: Option<&HubError>) {
        let _ = self.left.send(error.map(ToString::to_string));
    }
}

impl Doorbell for Door {
    async fn ring(&self) -> HubResult<String> {
        let header = self.cx.request().headers.get("authorization").map(|value| value.to_str().unwrap());
        Ok(format!("{:?} {header:?}", self.cx.user_id()))
    }

    async fn wait(&self) -> HubResult {
        std::future::pending().await
    }
}

#[derive(Clone)]
struct Claims(&'static str);

#[tokio::test(start_paused = true)]
async fn both_sides_learn_of_a_loss_and_of_an_end() {
    let (left, mut leaving) = mpsc::unbounded_channel();
    let service = HubService::<Door>::new(move |cx| Door { cx, left: left.clone() })
        .user_id(|request| request.extensions.get::<Claims>().map(|claims| claims.0.to_owned()));
    let server = TestServer::new(service);
    let client = server.client().extension(Claims("ada"));
    let client = client.configure(|builder| builder.access_token(|| async { Ok("key".to_owned()) }));
    let connection = client.connect().await.unwrap();
    assert_eq!(connection.hub().ring().await.unwrap(), r#"Some("ada") Some("Bearer key")"#);
    let waiting = tokio::spawn(connection.hub().wait());
    tokio::task::yield_now().await;
    connection.lose();
    assert_eq!(connection.closed().await.unwrap().message(), "the connection was lost");
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), HubErrorKind::Closed);
    assert_eq!(leaving.recv().await.unwrap(), None);

    let connection = server.client().connect().await.unwrap();
    assert_eq!(connection.hub().ring().await.unwrap(), "None None");
    drop(connection);
    assert_eq!(leaving.recv().await.unwrap(), None);
    let connection = server.client().connect().await.unwrap();
    connection.stop().await;
    assert_eq!(leaving.recv().await.unwrap(), None);
    assert_eq!(server.handle().connection_count(), 0);
    server.handle().shut_down().await;
    server.client().connect().await.unwrap_err();
}

/// Everything that works over a socket works without one.
#[tokio::test(start_paused = true)]
async fn the_test_server_is_a_server() {
    let server = server(HubOptions::default());
    let (ui, mut messages) = Ui::new();
    let connection = server.client().handlers(ui).connect().await.unwrap();
    let other = server.client().connect().await.unwrap();
    let id = connection.hub().connection_id().await.unwrap();
    assert_eq!(connection.connection_id(), Some(id.clone()));
    other.hub().send_to_connection(&id, "hello").await.unwrap();
    assert_eq!(messages.recv().await.unwrap(), (other.connection_id().unwrap(), "hello".to_owned()));
    assert_eq!(connection.hub().ask_caller("now?").await.unwrap(), "yes, now?");
    let numbers = futures_util::stream::iter(1..=3).map(Ok);
    let doubled: Vec<i32> = connection.hub().doubled(numbers).map(Result::unwrap).collect().await;
    assert_eq!(doubled, [2, 4, 6]);
    let ticks = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let counting = connection.hub().counter(3, 1000).for_each(|item| {
        ticks.lock().unwrap().push((item.unwrap(), start.elapsed().as_secs()));
        std::future::ready(())
    });
    counting.await;
    assert_eq!(*ticks.lock().unwrap(), [(0, 1), (1, 2), (2, 3)]);
}
