//! This very program again, as a process of its own: a server under load, so that the system counts what it takes.

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::client::Outcome;

/// A child process. It ends when it is dropped.
pub struct Process {
    child: Child,
    id: u32,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts this very program with other arguments, behind `wrapper`: a program, such as `taskset -c 0`, that turns
    /// into the one that its last arguments name. An empty one wraps nothing.
    pub fn start(wrapper: &[&str], arguments: &[String]) -> Outcome<Self> {
        let program = std::env::current_exe()?;
        let mut command = match wrapper {
            [] => Command::new(program),
            [wrapper, options @ ..] => {
                let mut command = Command::new(wrapper);
                command.args(options).arg(program);
                command
            }
        };
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let id = child.id().ok_or("the child has ended at once")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().ok_or("the child has no output")?).lines();
        Ok(Self { child, id, input, output })
    }

    /// The next line that it prints.
    pub async fn line(&mut self) -> Outcome<String> {
        Ok(self.output.next_line().await?.ok_or("the child prints nothing more")?)
    }

    /// Writes a line to its standard input.
    pub async fn say(&mut self, line: &str) -> Outcome<()> {
        let input = self.input.as_mut().ok_or("its input has been closed")?;
        input.write_all(line.as_bytes()).await?;
        input.write_all(b"\n").await?;
        Ok(input.flush().await?)
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        drop(self.input.take());
    }

    /// The memory that it has resident, in bytes.
    pub fn memory(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no resident memory")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024)
    }

    /// The time for which its threads have run so far.
    pub fn processor_time(&self) -> Outcome<Duration> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.id))? {
            let times = fs::read_to_string(thread?.path().join("schedstat"))?;
            nanoseconds += times.split(' ').next().ok_or("no processor time")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Waits until it has ended, and gives its last line.
    pub async fn end(mut self) -> Outcome<String> {
        let report = self.line().await?;
        let status = self.child.wait().await?;
        if status.success() { Ok(report) } else { Err(format!("the child ended with {status}").into()) }
    }
}

/// A child process that serves a hub.
pub struct Server {
    /// The process.
    pub process: Process,
    /// Its address.
    pub address: SocketAddr,
}

impl Server {
    /// Starts this very program as a server, as [`Process::start`] does, and waits until it says where it listens.
    pub async fn start(wrapper: &[&str], arguments: &[String]) -> Outcome<Self> {
        let mut process = Process::start(wrapper, arguments)?;
        let line = process.line().await?;
        let address = line
            .strip_prefix("listening on http://")
            .ok_or("the server does not say where it is")?
            .parse()?;
        Ok(Self { process, address })
    }
}
