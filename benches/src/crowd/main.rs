//! A crowd of clients, spread over the three transports: they connect, call, receive broadcasts and are sent away.
//!
//! ```text
//! cargo run --release -p signalr-benches --bin crowd -- --connections 10000 --protocol messagepack
//! ```
//!
//! It starts the server as a process of its own and checks everything that a client sees: each answer, each broadcast
//! once and in order, the close message that allows to connect again, and the end of the connection. Anything else ends
//! it with an error. Memory is what the server has resident; its processor time is that of all its threads, kernel
//! included. The clients run on one thread of this process.
//!
//! Each client negotiates. A WebSocket is one TCP connection, the others are two, one of them for POSTs: for 10 000
//! clients each process needs 16 700 file descriptors (`ulimit -n`).

mod figures;
mod member;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use signalr_benches::child::Server;
use signalr_benches::client::Outcome;
use signalr_benches::client::link::Transport;
use signalr_benches::client::messages::Protocol;
use signalr_benches::exit;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};

use figures::{Figures, percentile, table};
use member::{Event, Member, Task, hundred_bytes};

/// How long nothing may happen before the crowd gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connects a crowd of clients over all three transports, lets them call and be called, and sends them away
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// How many clients there are: a third of them for each transport
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// The hub protocol; Server-Sent Events always carry JSON
    #[arg(long, value_enum, default_value_t = Protocol::Json)]
    protocol: Protocol,
    /// How many calls each client makes, one after the other
    #[arg(long, default_value_t = 10)]
    calls: usize,
    /// How many clients connect or call at once
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// How many times everybody is called
    #[arg(long, default_value_t = 10)]
    broadcasts: u64,
    /// The seconds in which the server sends everybody away
    #[arg(long, default_value_t = 10)]
    drain: u64,
    /// The number of worker threads of the server; without it everything runs on one thread
    #[arg(long)]
    workers: Option<usize>,
}

#[derive(Subcommand)]
enum Command {
    /// Be the server (the crowd starts it itself)
    #[command(hide = true)]
    Serve(signalr_benches::serve::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Some(Command::Serve(options)) => {
            signalr_benches::serve::serve(options).map_err(|error| error.to_string())
        }
        None => run(&arguments).map_err(|fault| fault.to_string()),
    };
    exit::code("crowd", outcome.map(|()| true))
}

#[tokio::main(flavor = "current_thread")]
async fn run(arguments: &Arguments) -> Outcome<()> {
    let mut crowd = Crowd::gather(arguments).await?;
    let mut figures = Vec::new();
    let turns = [(); 3].map(|()| Arc::new(Semaphore::new(0)));
    for (at, (transport, turns)) in Transport::ALL.into_iter().zip(&turns).enumerate() {
        let connections = arguments.connections / 3 + usize::from(at < arguments.connections % 3);
        figures.push(crowd.connect(arguments, transport, connections, turns).await?);
    }
    for (figures, turns) in figures.iter_mut().zip(&turns) {
        crowd.call(arguments, figures, turns).await?;
    }
    let mut slowest = crowd.broadcast(arguments, &mut figures).await?;
    print!("{}", table(&mut figures));
    println!(
        "{} broadcasts: everybody had one after {:.0} ms (median), {:.0} ms at most",
        arguments.broadcasts,
        percentile(&mut slowest, 50).as_secs_f64() * 1e3,
        percentile(&mut slowest, 100).as_secs_f64() * 1e3
    );
    let report = crowd.send_away(arguments).await?;
    println!("{report}");
    Ok(())
}

/// The server and all who are connected to it.
struct Crowd {
    server: Server,
    /// Asks the hub to call everybody, and is called like everybody else.
    speaker: Member,
    doors: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<Event>,
    events: Events,
}

impl Crowd {
    /// Starts the server, with the one who speaks.
    async fn gather(arguments: &Arguments) -> Outcome<Self> {
        let mut options = vec!["serve".to_owned(), "127.0.0.1:0".to_owned()];
        options.extend(["--drain".to_owned(), arguments.drain.to_string()]);
        options.extend(arguments.workers.map(|workers| workers.to_string()));
        let server = Server::start(&[], &options).await?;
        let (sender, events) = mpsc::unbounded_channel();
        let connecting =
            Member::connect(server.address, Transport::WebSockets, arguments.protocol, sender.clone());
        let speaker = timeout(PATIENCE, connecting).await??;
        let doors = Arc::new(Semaphore::new(arguments.at_once));
        Ok(Self { server, speaker, doors, sender, events: Events(events) })
    }

    /// Connects clients, and waits until all of them have shaken hands.
    async fn connect(
        &mut self,
        arguments: &Arguments,
        transport: Transport,
        connections: usize,
        turns: &Arc<Semaphore>,
    ) -> Outcome<Figures> {
        let before = self.server.process.memory()?;
        let task = Task {
            address: self.server.address,
            transport,
            protocol: arguments.protocol,
            calls: arguments.calls,
            doors: Arc::clone(&self.doors),
            turns: Arc::clone(turns),
            events: self.sender.clone(),
        };
        let start = Instant::now();
        for _ in 0..connections {
            tokio::spawn(task.clone().run());
        }
        for _ in 0..connections {
            let Event::Connected = self.events.next().await? else {
                return Err("something before the start".into());
            };
        }
        let connecting = start.elapsed();
        // Until the server has nothing left to do for them.
        sleep(Duration::from_millis(500)).await;
        let memory = self.server.process.memory()?.cast_signed() - before.cast_signed();
        Ok(Figures {
            transport,
            connections,
            connecting,
            memory: memory / i64::try_from(connections.max(1))?,
            calls: Vec::new(),
            processor_time: Duration::ZERO,
            deliveries: Vec::new(),
        })
    }

    /// Lets the clients of one transport call.
    async fn call(&mut self, arguments: &Arguments, figures: &mut Figures, turns: &Semaphore) -> Outcome<()> {
        let before = self.server.process.processor_time()?;
        turns.add_permits(arguments.at_once);
        for _ in 0..figures.connections {
            let Event::Answered(times) = self.events.next().await? else {
                return Err("something among the calls".into());
            };
            figures.calls.extend(times);
        }
        figures.processor_time = self.server.process.processor_time()?.saturating_sub(before);
        Ok(())
    }

    /// Calls everybody several times, and gives how long each time took for the last of them.
    async fn broadcast(&mut self, arguments: &Arguments, figures: &mut [Figures]) -> Outcome<Vec<Duration>> {
        let mut slowest = Vec::new();
        for number in 0..arguments.broadcasts {
            let start = Instant::now();
            let calling = self.speaker.call("Broadcast", hundred_bytes(number));
            timeout(PATIENCE, calling).await??;
            let mut last = Duration::ZERO;
            // The speaker too.
            for _ in 0..=arguments.connections {
                let Event::Received { transport, number: of, at } = self.events.next().await? else {
                    return Err("something among the broadcasts".into());
                };
                if of != number {
                    return Err(format!("broadcast {of} came while {number} was under way").into());
                }
                let took = at.duration_since(start);
                last = last.max(took);
                if let Some(figures) = figures.iter_mut().find(|figures| figures.transport == transport) {
                    figures.deliveries.push(took);
                }
            }
            slowest.push(last);
        }
        Ok(slowest)
    }

    /// Lets the server send everybody away, and gives its report.
    async fn send_away(mut self, arguments: &Arguments) -> Outcome<String> {
        let everybody = arguments.connections + 1;
        let speaker = tokio::spawn(self.speaker.stay());
        self.server.process.close_input();
        for _ in 0..everybody {
            let Event::Ended { received } = self.events.next().await? else {
                return Err("something at the end".into());
            };
            if received != arguments.broadcasts {
                return Err(format!("somebody has had {received} broadcasts").into());
            }
        }
        timeout(PATIENCE, speaker).await???;
        let report = timeout(PATIENCE, self.server.process.end()).await??;
        if !report.ends_with(&format!(": {everybody} closed, 0 aborted, {everybody} disconnect callbacks")) {
            return Err(format!("not everybody was sent away well: {report}").into());
        }
        Ok(report)
    }
}

/// What the members tell.
struct Events(mpsc::UnboundedReceiver<Event>);

impl Events {
    async fn next(&mut self) -> Outcome<Event> {
        match timeout(PATIENCE, self.0.recv()).await.map_err(|_| "nothing happens any more")? {
            Some(Event::Failed(fault)) => Err(fault),
            Some(event) => Ok(event),
            None => Err("everybody has gone".into()),
        }
    }
}
