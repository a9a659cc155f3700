//! Serves the bench hub at `/hub` for a load generator: `bench-server 127.0.0.1:5000 [WORKERS]`.

use std::error::Error;

use clap::Parser;
use signalr_benches::serve::{Options, serve};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

fn main() -> Result<(), Box<dyn Error>> {
    serve(&Arguments::parse().options)
}
