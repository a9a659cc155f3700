//! Serves the hub, as a process of its own.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use clap::Args;
use signalr_runtime::server::{HubRouterExt, HubService};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::Bench;

/// Where and how long to serve.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where to listen, such as 127.0.0.1:5000; port 0 takes any that is free
    pub address: SocketAddr,
    /// The number of worker threads; without it everything runs on one thread
    pub workers: Option<usize>,
    /// Serve until standard input ends, then take these seconds to send everybody away
    #[arg(long, value_name = "SECONDS")]
    pub drain: Option<u64>,
}

/// Serves the hub at `/hub`, and prints where that is. With [`Options::drain`] it ends with standard input, and prints
/// how; without, it does not.
pub fn serve(options: &Options) -> Result<(), Box<dyn Error>> {
    runtime(options.workers)?.block_on(async {
        let listener = TcpListener::bind(options.address).await?;
        println!("listening on http://{}", listener.local_addr()?);
        match options.drain {
            None => {
                until_killed(listener, Router::new().hub("/hub", HubService::<Bench>::new(Bench::new))).await
            }
            Some(seconds) => until_drained(listener, Duration::from_secs(seconds)).await,
        }
    })
}

/// Serves any application on a free port, prints where that is, and does not end.
pub fn serve_on_a_free_port(
    workers: Option<usize>,
    application: impl FnOnce() -> Router,
) -> Result<(), Box<dyn Error>> {
    runtime(workers)?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("listening on http://{}", listener.local_addr()?);
        until_killed(listener, application()).await
    })
}

fn runtime(workers: Option<usize>) -> io::Result<Runtime> {
    match workers {
        None => Builder::new_current_thread().enable_all().build(),
        Some(workers) => Builder::new_multi_thread().worker_threads(workers).enable_all().build(),
    }
}

async fn until_killed(listener: TcpListener, application: Router) -> Result<(), Box<dyn Error>> {
    let listener = listener.tap_io(|tcp| {
        // An error means that the client is gone.
        let _ = tcp.set_nodelay(true);
    });
    axum::serve(listener, application).await?;
    Ok(())
}

async fn until_drained(listener: TcpListener, deadline: Duration) -> Result<(), Box<dyn Error>> {
    let left = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&left);
    let hub = HubService::<Bench>::new(move |cx| Bench::counted(cx, Arc::clone(&counter)));
    let handle = hub.handle();
    let app: Router = Router::new().hub("/hub", hub);
    let listener = listener.tap_io(|tcp| {
        // Or an event would wait until the client has acknowledged the one before it. An error means that it is gone.
        let _ = tcp.set_nodelay(true);
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // Whatever ends the input, an error too, ends the server.
            let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
            let start = Instant::now();
            let report = handle.drain(deadline).await;
            println!(
                "drained in {:.2} s: {} closed, {} aborted, {} disconnect callbacks",
                start.elapsed().as_secs_f64(),
                report.closed,
                report.aborted,
                left.load(Ordering::Relaxed)
            );
        })
        .await?;
    Ok(())
}
