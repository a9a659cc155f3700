//! Access tokens and connection tokens never come to be read where logs are read.

use std::io;
use std::sync::{Arc, Mutex};

use signalr_runtime::server::{AccessTokenLayer, HubRouterExt, HubService};
use signalr_tests::test_hub::TestHubServer;

use super::victim::serve;
use super::wire::{Http, Socket};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn everything_is_logged_but_them() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);

    let service = HubService::<TestHubServer>::new(TestHubServer::new);
    let app: axum::Router = axum::Router::new().hub("/hub", service);
    // What people put there, outside of everything, to log requests.
    let uri = |request: http::Request<axum::body::Body>, next: axum::middleware::Next| async {
        tracing::info!(uri = %request.uri(), headers = ?request.headers(), "request");
        next.run(request).await
    };
    let app = app.layer(axum::middleware::from_fn(uri)).layer(AccessTokenLayer::new());
    let http = Http { address: serve(app).await };
    let secret = "swordfish-in-the-query";
    let token = http.token().await;
    let target = format!("/hub?id={token}&access_token={secret}");
    let mut socket =
        Socket::open_at(http.address, &target, "Authorization: Bearer swordfish-in-a-header\r\n")
            .await
            .ok()
            .unwrap();
    socket.shake_hands().await;
    assert!(socket.call("1", "Crash", "[]").await.contains("\"error\""));
    assert!(socket.call("2", "Echo", "[\"payload-of-a-user\"]").await.contains("payload-of-a-user"));
    socket.send(r#"{"type":1,"target":"payload-of-a-user","arguments":["#).await;
    let _ = socket.end().await;
    http.request("GET", &format!("/hub?id=x{token}&access_token={secret}"), "", "").await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("uri=/hub"), "{text}");
    for secret in ["swordfish", "payload-of-a-user\"]"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
