//! Serves the bench hub at `/hub` for a load generator: `bench-server 127.0.0.1:5000 [WORKERS]`.
//!
//! Without a number of workers everything runs on the one thread of a current-thread runtime.

use std::error::Error;

use signalr_benches::Bench;
use signalr_runtime::server::{HubRouterExt, HubService};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: bench-server ADDRESS:PORT [WORKERS]")?;
    let runtime = match arguments.next() {
        None => Builder::new_current_thread().enable_all().build()?,
        Some(workers) => Builder::new_multi_thread().worker_threads(workers.parse()?).enable_all().build()?,
    };
    runtime.block_on(async {
        let app: axum::Router = axum::Router::new().hub("/hub", HubService::<Bench>::new(Bench::new));
        let listener = TcpListener::bind(address).await?;
        println!("listening on http://{}", listener.local_addr()?);
        axum::serve(listener, app).await?;
        Ok(())
    })
}
