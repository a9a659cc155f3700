//! Starts the chat's server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use axum::Router;
use axum::serve::ListenerExt;
use chat_server::page::{self, PageNotBuilt};
use chat_server::shutdown;
use clap::Parser;
use signalr_runtime::server::HubRouterExt;
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

/// A chat over SignalR, for browsers and terminals.
#[derive(Parser)]
struct Arguments {
    /// The port to listen on; 0 takes any that is free
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The folder of the page
    #[arg(long, default_value = page::FOLDER)]
    page: PathBuf,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    PageNotBuilt(#[from] PageNotBuilt),
    #[error("port {0} is in use: stop the program that has it, or choose another one with `--port`")]
    PortInUse(u16),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    #[error("the server failed: {0}")]
    Serve(#[from] io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(LevelFilter::WARN).init();
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("chat-server: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Arguments { port, page }: Arguments) -> Result<(), Problem> {
    let listener = listen(port).await?;
    let hub = chat_server::hub();
    let handle = hub.handle();
    let app = Router::new().hub("/chat", hub).merge(page::router(&page)?);

    let stop = shutdown::requested()?;
    print_where_to_look(listener.local_addr()?);
    // An event of Server-Sent Events is sent at once, and does not wait for more to go with it.
    let listener = listener.tap_io(|socket| {
        // A socket that refuses is gone already.
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            stop.await;
            handle.shut_down().await;
        })
        .await?;
    Ok(())
}

async fn listen(port: u16) -> Result<TcpListener, Problem> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Problem::PortInUse(port),
        _ => Problem::Listen(address, error),
    })
}

fn print_where_to_look(address: SocketAddr) {
    println!("listening on http://{address}");
    println!("  in a browser:   open http://{address}");
    println!(
        "  in a terminal:  cargo run -p chat-client -- --name Ada --room lobby --url http://{address}/chat"
    );
    println!("  Ctrl-C stops it");
}
