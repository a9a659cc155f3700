//! Starts the server. Its traces go to the standard output; in production an exporter of `opentelemetry-otlp` takes the
//! place of this one.

use std::error::Error;
use std::time::Duration;

use telemetry_example::{app, observe};
use tokio::net::TcpListener;

/// How long a deployment may take: less than what the orchestrator waits before it kills.
const DEADLINE: Duration = Duration::from_secs(25);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let observed = observe(opentelemetry_stdout::SpanExporter::default())?;
    let (app, hub) = app(&observed);
    let listener = TcpListener::bind("127.0.0.1:3001").await?;
    println!("the hub is http://{0}/weather, its metrics are on http://{0}/metrics", listener.local_addr()?);
    println!("ask for the weather with: cargo run -p telemetry-example --example ask -- Bern");
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            let _ = tokio::signal::ctrl_c().await;
            let report = hub.drain(DEADLINE).await;
            println!("{} connections closed, {} cut short", report.closed, report.aborted);
        })
        .await?;
    observed.traces.shutdown()?;
    Ok(())
}
