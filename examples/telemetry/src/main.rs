//! Starts the server. Its traces go to the standard output; in production an exporter of `opentelemetry-otlp` takes the
//! place of this one.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use telemetry_example::{app, observe, shutdown};
use tokio::net::TcpListener;

/// A hub whose metrics Prometheus reads and whose traces OpenTelemetry exports.
#[derive(Parser)]
struct Arguments {
    /// The port to listen on; 0 takes any that is free
    #[arg(long, default_value_t = 3001)]
    port: u16,
    /// How long a deployment may take, in seconds: less than what the orchestrator waits before it kills
    #[arg(long, default_value_t = 25)]
    deadline: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("telemetry-example: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Arguments { port, deadline }: Arguments) -> Result<(), Box<dyn Error>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address} ({error}): choose another port with `--port`")
    })?;
    let observed = observe(opentelemetry_stdout::SpanExporter::default())?;
    let (app, hub) = app(&observed);
    let stop = shutdown::requested()?;
    let address = listener.local_addr()?;
    println!("the hub is http://{address}/weather, its metrics are on http://{address}/metrics");
    println!(
        "ask for the weather with: cargo run -p telemetry-example --example ask -- Bern http://{address}/weather"
    );
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            stop.await;
            let report = hub.drain(Duration::from_secs(deadline)).await;
            println!("{} connections closed, {} cut short", report.closed, report.aborted);
        })
        .await?;
    observed.traces.shutdown()?;
    Ok(())
}
