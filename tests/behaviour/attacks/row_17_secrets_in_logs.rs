//! Access tokens and connection tokens never come to be read where logs are read.

use signalr_runtime::server::{AccessTokenLayer, HubRouterExt, HubService};
use signalr_tests::log_scan::Log;
use signalr_tests::test_hub::TestHubServer;

use super::victim::serve;
use super::wire::{Http, Socket};

#[tokio::test]
async fn everything_is_logged_but_them() {
    let (log, _guard) = Log::of_this_thread();

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

    let text = log.text();
    assert!(text.contains("uri=/hub"), "{text}");
    for secret in ["swordfish", "payload-of-a-user\"]"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
