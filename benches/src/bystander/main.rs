//! A bystander beside a flood: how long one client waits while others do all they can to keep the server busy.
//!
//! ```text
//! cargo run --release -p signalr-benches --bin bystander
//! cargo run --release -p signalr-benches --bin bystander -- --kinds calls,maps --clients 1,8 --runtimes current
//! ```
//!
//! The server is a process of its own, and so are the flooding clients. A server with one thread has core 0 to itself;
//! one with two workers has both cores. The bystander, in this process, and the flood run on core 1: the bystander with
//! real-time priority, the flood with the lowest. So only the server can hold the bystander up. That takes root;
//! otherwise a call may be late because the system lets something else run. The time is real, or, on a machine that is
//! busy with something else, the processor time of the server.
//!
//! The bystander calls every 5 ms. While a call is late, those that would have been made meanwhile count as late, too.
//! Each row has a fresh server. The program fails if the bystander's p99 rises by more than the margin, or if a join
//! beside broadcasts to 10,000 clients takes longer than its limit.

mod flood;
mod hub;
mod kind;
mod row;
mod sample;

use std::net::SocketAddr;
use std::process::{self, ExitCode};
use std::thread::available_parallelism;
use std::time::Duration;

use axum::Router;
use clap::{Parser, Subcommand, ValueEnum};
use signalr_benches::client::Outcome;
use signalr_benches::exit;
use signalr_benches::serve::serve_on_a_free_port;
use signalr_runtime::server::HubRouterExt;

use kind::Kind;
use row::{Case, HEADING, Workers};
use sample::Clock;

/// Measures how long one client waits beside clients that flood the server
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The kinds of flood; without it, all of them
    #[arg(long, value_enum, value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// The numbers of flooding clients
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    clients: Vec<usize>,
    /// The runtimes of the server
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Workers::value_variants().to_vec())]
    runtimes: Vec<Workers>,
    /// The time of each measurement, in milliseconds
    #[arg(long, default_value_t = 1_500)]
    time: u64,
    /// The clock of the bystander
    #[arg(long, value_enum, default_value_t = Clock::Real)]
    clock: Clock,
    /// How much later the bystander's p99 may be beside a flood, in milliseconds
    #[arg(long, default_value_t = 20)]
    margin: u64,
    /// The longest p99 of a join beside broadcasts, in milliseconds
    #[arg(long, default_value_t = 5)]
    join: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Be the server (the bystander starts it itself)
    #[command(hide = true)]
    Serve { workers: Option<usize> },
    /// Be the flood (the bystander starts it itself)
    #[command(hide = true)]
    Flood { address: SocketAddr, kind: Kind, clients: usize },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Serve { workers }) => {
            serve_on_a_free_port(workers, || Router::new().hub("/hub", hub::service()))
                .map(|()| true)
                .map_err(|error| error.to_string())
        }
        Some(Command::Flood { address, kind, clients }) => {
            flood::flood(address, kind, clients).map(|()| true).map_err(|fault| fault.to_string())
        }
        None => measure(&arguments).map_err(|fault| fault.to_string()),
    };
    exit::code("bystander", outcome)
}

/// Runs this process before whatever else runs, if the system lets it, and on a core without the server if there are two.
/// Gives whether there are. Its children do not inherit the priority, but they do inherit the core.
fn come_first() -> Outcome<bool> {
    let own = process::id().to_string();
    let apart = available_parallelism()?.get() > 1;
    let core: &[&str] = if apart { &["taskset", "-c", "-p", "1"] } else { &[] };
    let priority = ["chrt", "--reset-on-fork", "--fifo", "-p", "1"];
    for command in [core, &priority] {
        let Some((program, arguments)) = command.split_first() else { continue };
        let output = process::Command::new(program).args(arguments).arg(&own).output()?;
        if !output.status.success() {
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    Ok(apart)
}

/// Measures every case, prints the table, and says whether all of them hold.
#[tokio::main(flavor = "current_thread")]
async fn measure(arguments: &Arguments) -> Outcome<bool> {
    let apart = come_first()?;
    let all = Kind::value_variants();
    let kinds = if arguments.kinds.is_empty() { all } else { &arguments.kinds };
    println!("{HEADING}");
    let mut failed = 0;
    for &kind in kinds {
        for &workers in &arguments.runtimes {
            for &clients in &arguments.clients {
                let case = Case { kind, clients, workers, apart };
                match case.measure(Duration::from_millis(arguments.time), arguments.clock).await {
                    Ok(row) => {
                        let late = row.above() > Duration::from_millis(arguments.margin);
                        let joins =
                            kind != Kind::Broadcasts || row.joins() <= Duration::from_millis(arguments.join);
                        failed += usize::from(late || !joins);
                        println!(
                            "{row}{}{}",
                            if late { " LATE" } else { "" },
                            if joins { "" } else { " JOIN" }
                        );
                    }
                    Err(fault) => {
                        failed += 1;
                        println!("{case:?}: {fault}");
                    }
                }
            }
        }
    }
    println!("{failed} rows failed");
    Ok(failed == 0)
}
