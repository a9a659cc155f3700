//! Serves the test hub for clients in other languages: prints where it listens, and ends when its standard input
//! does. Clients say who they are: `/hub?user=ada`.

use axum::http::request::Parts;
use signalr_runtime::server::{HttpOptions, HubOptions, HubRouterExt, HubService};
use signalr_tests::test_hub::TestHubServer;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let http = HttpOptions {
        allow_stateful_reconnects: true,
        // The suites cut connections many times in a second.
        stateful_reconnects_per_minute: 1000,
        ..HttpOptions::default()
    };
    let hub = HubService::<TestHubServer>::new(TestHubServer::new)
        .options(HubOptions { http, ..HubOptions::default() })
        .user_id(user_id);
    let handle = hub.handle();
    let app: axum::Router = axum::Router::new().hub("/hub", hub);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // Whatever ends the input, an error too, ends the server.
            let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
            handle.shut_down().await;
        })
        .await
}

fn user_id(request: &Parts) -> Option<String> {
    let query = request.uri.query()?;
    query.split('&').find_map(|pair| pair.strip_prefix("user=")).map(str::to_owned)
}
