//! Clients that call a method which blocks its thread, and the longest echo of another client meanwhile.
//!
//! ```text
//! cargo run --release -p signalr-benches --bin blocking                            # starts a server for each row
//! cargo run --release -p signalr-benches --bin blocking -- --plain                 # the same without the option
//! cargo run --release -p signalr-benches --bin blocking -- --address 127.0.0.1:5000 --clients 16
//! ```
//!
//! The hub at `/hub` needs `Block(milliseconds)` and `Echo(text)`, whoever wrote it: an ASP.NET Core server can be
//! measured in the same way.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use clap::{Parser, Subcommand};
use signalr_benches::child::Server;
use signalr_benches::client::Outcome;
use signalr_benches::client::caller::Caller;
use signalr_benches::client::messages::Message;
use signalr_benches::exit;
use signalr_benches::serve::serve_on_a_free_port;
use signalr_runtime::server::{Hub, HubContext, HubRouterExt, HubService, MethodOptions};
use signalr_runtime::{HubResult, hub};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The time between two echoes.
const EVERY: Duration = Duration::from_millis(20);

/// Measures one client beside others that call a method which blocks its thread
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// A server that runs already; without it, one is started for each row
    #[arg(long)]
    address: Option<SocketAddr>,
    /// Leave the method on the runtime's workers
    #[arg(long)]
    plain: bool,
    /// The numbers of clients that call the method
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 16, 64])]
    clients: Vec<usize>,
    /// The time for which the method blocks, in milliseconds
    #[arg(long, default_value_t = 20_000)]
    block: u64,
    /// The seconds after which a row ends
    #[arg(long, default_value_t = 120)]
    patience: u64,
    /// The name of the rows
    #[arg(long, default_value = "here")]
    name: String,
}

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Be the server (the program starts it itself)
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        plain: bool,
    },
}

/// The methods of the hub.
#[hub]
trait BlockingHub {
    /// Answers with its argument.
    async fn echo(&self, text: String) -> HubResult<String>;
    /// Blocks its thread.
    async fn block(&self, milliseconds: u64) -> HubResult;
}

struct Blocking;

impl Hub for Blocking {
    type Contract = BlockingHubContract;
}

impl BlockingHub for Blocking {
    async fn echo(&self, text: String) -> HubResult<String> {
        Ok(text)
    }

    async fn block(&self, milliseconds: u64) -> HubResult {
        thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }
}

fn service(plain: bool) -> HubService<Blocking> {
    let options = MethodOptions { blocking: !plain, ..MethodOptions::default() };
    HubService::new(|_: HubContext<BlockingHubContract>| Blocking)
        .method_options(&[BlockingHubContract::BLOCK], &options)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Serve { plain }) => {
            serve_on_a_free_port(Some(2), || Router::new().hub("/hub", service(plain)))
                .map_err(|error| error.to_string())
        }
        None => measure(&arguments).map_err(|fault| fault.to_string()),
    };
    exit::code("blocking", outcome.map(|()| true))
}

#[tokio::main(flavor = "current_thread")]
async fn measure(arguments: &Arguments) -> Outcome<()> {
    println!(
        "server          | clients that block | worst echo of another | first answer | last answer | answers"
    );
    println!(
        "----------------|--------------------|-----------------------|--------------|-------------|--------"
    );
    for &clients in &arguments.clients {
        let mut own = None;
        if arguments.address.is_none() {
            let plain = arguments.plain.then(|| "--plain".to_owned());
            let options: Vec<_> = ["serve".to_owned()].into_iter().chain(plain).collect();
            own = Some(Server::start(&[], &options).await?);
        }
        let address = own.as_ref().map(|server| server.address).or(arguments.address);
        row(arguments, address.ok_or("no address")?, clients).await?;
    }
    Ok(())
}

async fn row(arguments: &Arguments, address: SocketAddr, clients: usize) -> Outcome<()> {
    let mut bystander = Caller::connect(address).await?;
    for _ in 0..20 {
        bystander.call("Echo", "warm".to_owned()).await?;
    }
    let mut blockers = Vec::new();
    for _ in 0..clients {
        blockers.push(Caller::connect(address).await?);
    }
    let patience = Duration::from_secs(arguments.patience);
    let mut calls = JoinSet::new();
    for blocker in blockers {
        calls.spawn(timeout(patience, block(blocker, arguments.block)));
    }
    let start = Instant::now();
    let (mut worst, mut answers) = (Duration::ZERO, Vec::new());
    while !calls.is_empty() && start.elapsed() < patience {
        let begun = Instant::now();
        let left = patience.saturating_sub(start.elapsed());
        if let Ok(echo) = timeout(left, bystander.call("Echo", "beside".to_owned())).await {
            echo?;
        }
        worst = worst.max(begun.elapsed());
        sleep(EVERY).await;
        while let Some(answer) = calls.try_join_next() {
            if let Ok(answer) = answer? {
                answers.push(answer?);
            }
        }
    }
    answers.sort_unstable();
    let seconds = |time: Option<&Duration>| time.map_or(f64::INFINITY, Duration::as_secs_f64);
    println!(
        "{:15} | {clients:18} | {:18.3} ms | {:10.2} s | {:9.2} s | {}/{clients}",
        arguments.name,
        worst.as_secs_f64() * 1e3,
        seconds(answers.first()),
        seconds(answers.last()),
        answers.len(),
    );
    Ok(())
}

/// The time until the method has answered.
async fn block(mut caller: Caller, milliseconds: u64) -> Outcome<Duration> {
    let begun = Instant::now();
    let call = format!(r#"{{"type":1,"invocationId":"b","target":"Block","arguments":[{milliseconds}]}}"#);
    caller.send(&call).await?;
    while !matches!(caller.next().await?, Message::Result { .. }) {}
    Ok(begun.elapsed())
}
