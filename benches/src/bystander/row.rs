//! One row of the table: one kind of flood, on one runtime, by so many clients.

use std::fmt;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use signalr_benches::child::{Process, Server};
use signalr_benches::client::Outcome;
use tokio::time::timeout;

use super::kind::Kind;
use super::sample::{Bystander, Clock, PATIENCE, Times, until_it_flows};

/// The runtime of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workers {
    /// `current_thread`
    Current,
    /// `multi_thread` with one worker
    One,
    /// `multi_thread` with two workers
    Two,
}

impl Workers {
    fn count(self) -> Option<usize> {
        match self {
            Self::Current => None,
            Self::One => Some(1),
            Self::Two => Some(2),
        }
    }

    /// The cores of the server. One thread has one to itself; two share both with everything else.
    fn cores(self) -> &'static str {
        match self {
            Self::Current | Self::One => "0",
            Self::Two => "0,1",
        }
    }
}

/// A flood and its server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) clients: usize,
    pub(crate) workers: Workers,
    /// Whether the server with one thread has a core to itself.
    pub(crate) apart: bool,
}

/// The times of the bystander, and the load beside it.
#[derive(Debug)]
pub(crate) struct Row {
    case: Case,
    alone: (Times, Times),
    beside: (Times, Times),
    /// The part of the time in which the server's threads ran; 1 is one core.
    load: f64,
    /// Messages of the flood, in a second.
    messages: f64,
    /// Connections of the flood that the server has ended.
    lost: u64,
}

/// The heading of the table.
pub(crate) const HEADING: &str = "\
flood                    | clients | runtime | echo alone p50    p99 | beside p50      p99 | join alone p99 | beside p99 | server CPU | messages/s | lost | p99 above
-------------------------|---------|---------|-----------------------|---------------------|----------------|------------|------------|------------|------|----------";

impl Case {
    /// Starts a server, measures the bystander, starts the flood, and measures again.
    pub(crate) async fn measure(self, time: Duration, clock: Clock) -> Outcome<Row> {
        let serve = ["serve".to_owned()].into_iter().chain(self.workers.count().map(|n| n.to_string()));
        // On a core of its own nothing else comes before the server, if the system lets it.
        let has_core = self.apart && self.workers != Workers::Two;
        let first: &[&str] = if has_core { &["nice", "-n", "-20"] } else { &[] };
        let on_its_core: &[&str] = if self.apart { &["taskset", "-c", self.workers.cores()] } else { &[] };
        let server = Server::start(&[first, on_its_core].concat(), &serve.collect::<Vec<_>>()).await?;
        let kind = self.kind.to_possible_value().ok_or("a kind without a name")?.get_name().to_owned();
        let flood = ["flood".to_owned(), server.address.to_string(), kind, self.clients.to_string()];
        // The flood comes last on its core.
        let behind: &[&str] =
            if self.apart { &["taskset", "-c", "1", "nice", "-n", "19"] } else { &["nice", "-n", "19"] };
        let mut flood = Process::start(behind, &flood)?;
        flood.line().await?;
        let mut bystander = Bystander::connect(server.address).await?;
        // What is slow for the first time only is not measured.
        bystander.watch(time / 4, clock, &server.process).await?;
        let alone = bystander.watch(time, clock, &server.process).await?;
        flood.say("begin").await?;
        until_it_flows().await;
        let (start, before) = (Instant::now(), server.process.processor_time()?);
        let beside = bystander.watch(time, clock, &server.process).await?;
        let (elapsed, ran) = (start.elapsed(), server.process.processor_time()?.saturating_sub(before));
        flood.close_input();
        let counts = timeout(PATIENCE, flood.end()).await??;
        let (messages, lost) = counts.split_once(' ').ok_or("the flood does not say its counts")?;
        Ok(Row {
            case: self,
            alone,
            beside,
            load: ran.as_secs_f64() / elapsed.as_secs_f64(),
            messages: messages.parse::<f64>()? / elapsed.as_secs_f64(),
            lost: lost.parse()?,
        })
    }
}

impl Row {
    /// By how much the slowest percent of the calls is slower than alone.
    pub(crate) fn above(&self) -> Duration {
        let [(alone, _), (beside, _)] = [&self.alone, &self.beside];
        beside.percentile(99).saturating_sub(alone.percentile(99))
    }

    /// The slowest percent of the joins beside the flood.
    pub(crate) fn joins(&self) -> Duration {
        self.beside.1.percentile(99)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { kind, clients, workers, .. } = self.case;
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let ([alone, join_alone], [beside, join]) =
            ([&self.alone.0, &self.alone.1], [&self.beside.0, &self.beside.1]);
        write!(
            f,
            "{:24} | {clients:7} | {:7} | {:11.2} {:6.2} ms | {:6.2} {:9.2} ms | {:11.2} ms | {:7.2} ms | {:9.0}% | {:10.0} | {:4} | {:6.1} ms",
            format!("{kind:?}"),
            format!("{workers:?}"),
            millis(alone.percentile(50)),
            millis(alone.percentile(99)),
            millis(beside.percentile(50)),
            millis(beside.percentile(99)),
            millis(join_alone.percentile(99)),
            millis(join.percentile(99)),
            self.load * 100.0,
            self.messages,
            self.lost,
            millis(self.above()),
        )
    }
}
