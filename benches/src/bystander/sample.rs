//! The bystander: a client that calls now and then, and the times that its calls take.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use signalr_benches::child::Process;
use signalr_benches::client::Outcome;
use signalr_benches::client::caller::Caller;
use tokio::time::{sleep, sleep_until, timeout_at};

/// The time between two calls.
const EVERY: Duration = Duration::from_millis(5);

/// A call that takes longer ends the measurement.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The clock by which calls are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Clock {
    /// Real time
    Real,
    /// The time for which the server's threads have run: other programs do not count
    Processor,
}

impl Clock {
    fn now(self, start: Instant, server: &Process) -> Outcome<Duration> {
        match self {
            Self::Real => Ok(start.elapsed()),
            Self::Processor => server.processor_time(),
        }
    }
}

/// The times of the calls of one bystander, the shortest first.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// The time that this percentage of all calls does not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(PATIENCE)
    }

    /// Counts a call, and every call that would have been made while it took its time.
    fn add(&mut self, time: Duration) {
        let mut time = Some(time);
        while let Some(one) = time {
            self.0.push(one);
            time = one.checked_sub(EVERY).filter(|rest| !rest.is_zero());
        }
    }
}

/// Two connections: one echoes, the other joins a group of its own and leaves it.
pub(crate) struct Bystander {
    echoes: Caller,
    joins: Caller,
}

impl Bystander {
    pub(crate) async fn connect(address: SocketAddr) -> Outcome<Self> {
        Ok(Self { echoes: Caller::connect(address).await?, joins: Caller::connect(address).await? })
    }

    /// The times of echoes and of joins in the time that comes.
    pub(crate) async fn watch(
        &mut self,
        time: Duration,
        clock: Clock,
        server: &Process,
    ) -> Outcome<(Times, Times)> {
        let echoes = calls(&mut self.echoes, &["Echo"], time, clock, server);
        let joins = calls(&mut self.joins, &["JoinGroup", "LeaveGroup"], time, clock, server);
        let (echoes, joins) = tokio::join!(echoes, joins);
        Ok((echoes?, joins?))
    }
}

/// Calls the methods in turn, each with one text.
async fn calls(
    caller: &mut Caller,
    methods: &[&str],
    time: Duration,
    clock: Clock,
    server: &Process,
) -> Outcome<Times> {
    let mut times = Times::default();
    let start = Instant::now();
    for method in methods.iter().cycle() {
        if start.elapsed() >= time {
            break;
        }
        let (begun, before) = (Instant::now(), clock.now(start, server)?);
        let call = caller.call(method, "of the bystander".to_owned());
        let Ok(answer) = timeout_at((begun + PATIENCE).into(), call).await else {
            times.add(PATIENCE);
            break;
        };
        answer?;
        times.add(clock.now(start, server)?.saturating_sub(before));
        sleep_until((begun + EVERY).into()).await;
    }
    times.0.sort_unstable();
    Ok(times)
}

/// Waits until the flood has begun in earnest.
pub(crate) async fn until_it_flows() {
    sleep(Duration::from_millis(300)).await;
}
