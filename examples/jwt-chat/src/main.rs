//! Starts the chat whose users sign in.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use clap::Parser;
use jwt_chat::page;
use jwt_chat::shutdown;
use jwt_chat::tokens::Tokens;
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

/// A chat over SignalR whose users sign in.
#[derive(Parser)]
struct Arguments {
    /// The port to listen on; 0 takes any that is free
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// How long a token is valid, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(3..=86_400))]
    token_lifetime: u64,
    /// The folder of the page
    #[arg(long, default_value = page::FOLDER)]
    page: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // With every request: none of them shows an access token or a connection token.
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(LevelFilter::DEBUG).init();
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jwt-chat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Arguments { port, token_lifetime, page }: Arguments) -> io::Result<()> {
    if !page::is_built(&page) {
        return Err(io::Error::other(
            "the page is not built: run `npm ci` in examples/jwt-chat/page, or `cargo xtask jwt-chat`, which does it",
        ));
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::other(format!("cannot listen on {address} ({error}): choose another port with `--port`"))
    })?;
    let stop = shutdown::requested()?;
    println!("open http://{}", listener.local_addr()?);
    println!("and sign in as ada (password lovelace, moderator) or bob (password builder)");

    let hub = jwt_chat::chat::hub();
    let handle = hub.handle();
    let tokens = Arc::new(Tokens::new(Duration::from_secs(token_lifetime)));
    let app = jwt_chat::app(&tokens, hub).merge(page::router(&page));
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
        .await
}
