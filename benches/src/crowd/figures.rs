//! What was measured, and how it is shown.

use std::fmt::Write as _;
use std::time::Duration;

use signalr_benches::client::link::Transport;

/// What was measured with the clients of one transport.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) transport: Transport,
    pub(crate) connections: usize,
    pub(crate) connecting: Duration,
    /// Resident memory of the server, for each connection.
    pub(crate) memory: i64,
    /// How long each call took.
    pub(crate) calls: Vec<Duration>,
    /// What the server's threads ran meanwhile.
    pub(crate) processor_time: Duration,
    /// How long after the call of the hub each client received each broadcast.
    pub(crate) deliveries: Vec<Duration>,
}

/// The time that this part of all times does not exceed.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A table with a line for each transport.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn table(figures: &mut [Figures]) -> String {
    let mut table = String::from(
        "transport          | connections | connected in |  per second | memory each |   calls | p50 ms | p99 ms | CPU µs each | broadcast p50 ms | p99 ms\n\
         -------------------|-------------|--------------|-------------|-------------|---------|--------|--------|-------------|------------------|-------\n",
    );
    for figures in figures {
        let Figures { transport, connections, connecting, memory, calls, processor_time, deliveries } =
            figures;
        // To write into a string cannot fail.
        let _ = writeln!(
            table,
            "{:18} | {connections:11} | {:10.2} s | {:11.0} | {memory:9} B | {:7} | {:6.2} | {:6.2} | {:11.1} | {:16.1} | {:6.1}",
            transport.name(),
            connecting.as_secs_f64(),
            *connections as f64 / connecting.as_secs_f64(),
            calls.len(),
            millis(percentile(calls, 50)),
            millis(percentile(calls, 99)),
            processor_time.as_secs_f64() * 1e6 / calls.len().max(1) as f64,
            millis(percentile(deliveries, 50)),
            millis(percentile(deliveries, 99)),
        );
    }
    table
}
