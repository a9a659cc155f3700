//! Starts the chat whose users sign in.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jwt_chat::page;
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
}

#[tokio::main]
async fn main() -> ExitCode {
    // With every request: none of them shows an access token.
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(LevelFilter::DEBUG).init();
    let folder = Path::new(page::FOLDER);
    if !page::is_built(folder) {
        eprintln!("jwt-chat: the page is not built: run `npm ci` in examples/jwt-chat/page");
        return ExitCode::FAILURE;
    }
    match serve(Arguments::parse(), folder).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("jwt-chat: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments, page: &Path) -> io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        io::Error::other(format!("cannot listen on {address} ({error}): choose another port with `--port`"))
    })?;
    println!("open http://{}", listener.local_addr()?);
    println!("and sign in as ada (password lovelace, moderator) or bob (password builder)");
    let tokens = Arc::new(Tokens::new(Duration::from_secs(arguments.token_lifetime)));
    axum::serve(listener, jwt_chat::app(&tokens).merge(page::router(page))).await
}
