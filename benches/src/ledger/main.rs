//! The ledger: the bytes that a server believes to hold, beside those that it holds.
//!
//! ```text
//! cargo run --release -p signalr-benches --bin ledger
//! ```
//!
//! Clients make a server, a process of its own, hold one thing after the other, at a size just below 4 KiB and at one
//! far above. Three counts of what was added stand in a row: the bytes of the documented formula, those that
//! `MemoryBudget::held` gives, and those that a counting allocator has given out. Two factors follow: the bytes that are
//! allocated, divided by those that are counted; and the larger of both, divided by those of the formula. The program
//! fails if one of them is above its limit.

mod hub;
mod thing;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use signalr_benches::child::Server;
use signalr_benches::client::Outcome;
use signalr_benches::client::caller::Caller;
use signalr_benches::client::http::{exchange, request};
use signalr_benches::client::wire::Wire;
use signalr_benches::exit;
use signalr_benches::serve::serve_on_a_free_port;
use tokio::time::{sleep, timeout};

use thing::Thing;

/// How long one row may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Until the buffers of the system are full.
const FILLED: Duration = Duration::from_secs(2);

/// Compares the bytes that a server believes to hold with those that it holds
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The things that are measured; without it, all of them
    #[arg(long, value_enum, value_delimiter = ',')]
    things: Vec<Thing>,
    /// The largest factor
    #[arg(long, default_value_t = 2.0)]
    factor: f64,
}

#[derive(Subcommand)]
enum Command {
    /// Be the server (the ledger starts it itself)
    #[command(hide = true)]
    Serve,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Serve) => {
            serve_on_a_free_port(None, hub::application).map(|()| true).map_err(|error| error.to_string())
        }
        None => compare(&arguments).map_err(|fault| fault.to_string()),
    };
    exit::code("ledger", outcome)
}

/// Compares all things, prints the table, and says whether all of them hold.
#[tokio::main(flavor = "current_thread")]
async fn compare(arguments: &Arguments) -> Outcome<bool> {
    println!(
        "thing             | clients | bytes each |   formula |    held() | allocated | / held | / formula"
    );
    println!(
        "------------------|---------|------------|-----------|-----------|-----------|--------|----------"
    );
    let mut failed = 0;
    let things = if arguments.things.is_empty() { Thing::value_variants() } else { &arguments.things };
    for &thing in things {
        for size in thing.sizes() {
            match timeout(PATIENCE, Entry::of(thing, size)).await.map_err(Into::into).and_then(|entry| entry)
            {
                Ok(entry) => {
                    let holds =
                        entry.unseen() <= arguments.factor && entry.beyond_formula() <= arguments.factor;
                    failed += usize::from(!holds);
                    println!("{}{}", entry.row(), if holds { "" } else { " FALSE" });
                }
                Err(fault) => {
                    failed += 1;
                    println!("{thing:?} of {size} bytes: {fault}");
                }
            }
        }
    }
    println!("{failed} rows failed");
    Ok(failed == 0)
}

/// The counts of one thing.
struct Entry {
    thing: Thing,
    size: usize,
    clients: usize,
    formula: usize,
    held: usize,
    allocated: usize,
}

impl Entry {
    async fn of(thing: Thing, size: usize) -> Outcome<Self> {
        let server = Server::start(&[], &["serve".to_owned()]).await?;
        let count = thing.clients(size);
        let mut figures = Figures(Wire::connect(server.address).await?);
        let (mut clients, mut wires) = (Vec::new(), Vec::new());
        // What is allocated only once is not counted.
        let mut first = thing.connect(server.address).await?;
        thing.prepare(&mut first).await?;
        let empty = figures.settled().await?;
        for _ in 0..count {
            let mut client = thing.connect(server.address).await?;
            thing.prepare(&mut client).await?;
            clients.push(client);
        }
        let mut senders = Vec::new();
        for _ in 0..thing.senders() {
            let mut sender = Caller::connect(server.address).await?;
            thing.prepare_sender(&mut sender, size).await?;
            senders.push(sender);
        }
        let before = figures.settled().await?;
        let formula = thing.pile_up(&mut clients, &mut senders, &mut wires, server.address, size).await?;
        if thing.fills_sockets() {
            sleep(FILLED).await;
        }
        let after = figures.settled().await?;
        // New connections are compared with as many that hold nothing.
        let base = if wires.is_empty() { before } else { before.twice_less(empty) };
        Ok(Self {
            thing,
            size,
            clients: count,
            formula,
            held: after.held.saturating_sub(base.held),
            allocated: after.allocated.saturating_sub(base.allocated),
        })
    }

    /// How many times more is allocated than the server believes to hold.
    fn unseen(&self) -> f64 {
        ratio(self.allocated, self.held)
    }

    /// How many times more is allocated, or believed to be held, than the formula says.
    fn beyond_formula(&self) -> f64 {
        ratio(self.allocated.max(self.held), self.formula)
    }

    fn row(&self) -> String {
        format!(
            "{:17} | {:7} | {:10} | {:9} | {:9} | {:9} | {:6.2} | {:7.2}",
            format!("{:?}", self.thing),
            self.clients,
            self.size,
            self.formula,
            self.held,
            self.allocated,
            self.unseen(),
            self.beyond_formula(),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn ratio(bytes: usize, of: usize) -> f64 {
    bytes as f64 / of as f64
}

/// The counts of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    held: usize,
    allocated: usize,
}

impl Counts {
    /// These counts, with what was added since `empty` once more.
    fn twice_less(self, empty: Self) -> Self {
        Self {
            held: (2 * self.held).saturating_sub(empty.held),
            allocated: (2 * self.allocated).saturating_sub(empty.allocated),
        }
    }
}

/// The connection that asks for the counts.
struct Figures(Wire);

impl Figures {
    /// The counts, once they have stayed the same for a while.
    async fn settled(&mut self) -> Outcome<Counts> {
        let mut last = self.ask().await?;
        let mut same = 0;
        while same < 6 {
            sleep(Duration::from_millis(50)).await;
            let now = self.ask().await?;
            same = if now == last { same + 1 } else { 0 };
            last = now;
        }
        Ok(last)
    }

    async fn ask(&mut self) -> Outcome<Counts> {
        let answer =
            exchange(&mut self.0, &request("GET", "/figures", "", b"")).await?.expect(200, "figures")?;
        let text = std::str::from_utf8(&answer.body)?;
        let (held, allocated) = text.split_once(' ').ok_or("one figure alone")?;
        Ok(Counts { held: held.parse()?, allocated: allocated.parse()? })
    }
}
