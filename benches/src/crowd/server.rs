//! The server under load: a process of its own, so that the system counts what it takes.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::Outcome;

pub(crate) struct Server {
    process: Child,
    id: u32,
    output: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts this very program as a server, and waits until it says where it listens.
    pub(crate) async fn start(workers: Option<usize>, drain: u64) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "127.0.0.1:0", "--drain", &drain.to_string()]);
        command.args(workers.map(|workers| workers.to_string()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let id = process.id().ok_or("the server has ended at once")?;
        let mut output = BufReader::new(process.stdout.take().ok_or("the server has no output")?).lines();
        let line = output.next_line().await?.ok_or("the server says nothing")?;
        let address =
            line.strip_prefix("listening on http://").ok_or("the server does not say where it is")?;
        Ok(Self { process, id, output, address: address.parse()? })
    }

    /// The memory that it has resident, in bytes.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no resident memory")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    }

    /// The time for which its threads have run so far.
    pub(crate) fn processor_time(&self) -> Outcome<Duration> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.id))? {
            let times = fs::read_to_string(thread?.path().join("schedstat"))?;
            nanoseconds += times.split(' ').next().ok_or("no processor time")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Tells it to send everybody away.
    pub(crate) fn begin_drain(&mut self) {
        drop(self.process.stdin.take());
    }

    /// Waits until it has ended, and gives what it says in the end.
    pub(crate) async fn end(mut self) -> Outcome<String> {
        let report = self.output.next_line().await?.ok_or("the server does not say how it was drained")?;
        let status = self.process.wait().await?;
        if status.success() { Ok(report) } else { Err(format!("the server ended with {status}").into()) }
    }
}
