//! Serves the test hubs for clients in other languages: prints where it listens, and ends when its standard input
//! does. Clients say who they are: `/hub?user=ada`. With `--scan-log` it logs everything, and says in the end whether
//! a secret of a client is in there.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn};
use axum::serve::ListenerExt;
use signalr_runtime::server::{HttpOptions, HubOptions, HubRouterExt, HubService, Limits};
use signalr_tests::log_scan::{LogScan, Verdict};
use signalr_tests::secure_hub;
use signalr_tests::test_hub::TestHubServer;
use signalr_tests::values_hub::ValuesServer;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let scan = std::env::args().any(|argument| argument == "--scan-log").then(LogScan::start);
    let http = HttpOptions { allow_stateful_reconnects: true, ..HttpOptions::default() };
    // The suites cut connections many times in a second.
    let limits = Limits { resumes_per_minute: 1000, ..Limits::default() };
    let mut hub = HubService::<TestHubServer>::new(TestHubServer::new)
        .options(HubOptions { http, limits, ..HubOptions::default() })
        .user_id(user_id);
    let mut values = HubService::<ValuesServer>::new(ValuesServer::new);
    let mut secure = secure_hub::service(HubOptions::default());
    if let Some(scan) = &scan {
        hub = hub.filter(scan.filter());
        values = values.filter(scan.filter());
        secure = secure.filter(scan.filter());
    }
    let (handle, values_handle, secure_handle) = (hub.handle(), values.handle(), secure.handle());
    let mut app: axum::Router =
        axum::Router::new().hub("/hub", hub).hub("/values", values).hub("/secure", secure);
    if let Some(scan) = scan.clone() {
        app = app.layer(from_fn(move |request: Request, next: Next| {
            scan.see_request(&request);
            next.run(request)
        }));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|tcp| {
        // Or an event would wait until the client has acknowledged the one before it. An error means that it is gone.
        let _ = tcp.set_nodelay(true);
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // Whatever ends the input, an error too, ends the server.
            let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
            tokio::join!(handle.shut_down(), values_handle.shut_down(), secure_handle.shut_down());
        })
        .await?;
    match scan.map(|scan| scan.finish()) {
        None | Some(Verdict::NothingHappened) => {}
        Some(Verdict::Kept { secrets, lines }) => {
            println!("PASS interop-server/log-scan: {secrets} secrets are in none of {lines} lines");
        }
        Some(Verdict::Leaked(line)) => println!("FAIL interop-server/log-scan: {line}"),
    }
    Ok(())
}

fn user_id(request: &Parts) -> Option<String> {
    let query = request.uri.query()?;
    query.split('&').find_map(|pair| pair.strip_prefix("user=")).map(str::to_owned)
}
