//! The client: against this project's server, against a server that says exactly what a test wants, and against
//! ASP.NET Core.

mod aspnetcore;
mod bytes;
mod calls;
mod connect;
mod end;
mod fake;
mod frames;
mod handlers;
mod messagepack;
mod nesting;
mod pressure;
mod secrets;
mod server;
mod time;
mod tls;

use std::time::Duration;

/// Asks again and again until `is_true`. Each question is a round trip, so nothing sleeps.
async fn eventually(is_true: impl AsyncFn() -> bool) {
    let asking = async {
        while !is_true().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asking)
        .await
        .expect("it did not become true in 10 seconds");
}
