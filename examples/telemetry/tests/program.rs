//! The program: its options, and how it ends.

use std::process::{Output, Stdio};
use std::time::Duration;

use signalr_runtime::client::HubConnection;
use telemetry_example::WeatherContract;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

const WAIT: Duration = Duration::from_secs(30);

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telemetry-example"));
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the program to its end: its exit code, and all that it prints.
async fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        timeout(WAIT, program(arguments).output()).await.unwrap().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[tokio::test]
async fn it_tells_its_options() {
    let (code, text) = run(&["--help"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("--port <PORT>"), "{text}");
    let (code, text) = run(&["--port", "70000"]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("invalid value '70000' for '--port <PORT>'"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    for signal in ["TERM", "INT"] {
        let mut command = program(&["--port", "0", "--deadline", "1"]);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let mut line = String::new();
        timeout(WAIT, output.read_line(&mut line)).await.unwrap().unwrap();
        let url = line.strip_prefix("the hub is ").and_then(|rest| rest.split(',').next()).unwrap();

        let client = HubConnection::<WeatherContract>::builder(url).connect().await.unwrap();
        assert_eq!(client.hub().forecast("Bern").await.unwrap(), 4);
        let pid = server.id().unwrap().to_string();
        let told = Command::new("kill").args(["-s", signal, &pid]).status().await.unwrap();
        assert!(told.success());
        let lost = timeout(WAIT, client.closed()).await.unwrap();
        assert!(lost.is_none(), "SIG{signal}: {lost:?}");
        let mut rest = String::new();
        timeout(WAIT, output.read_to_string(&mut rest)).await.unwrap().unwrap();
        assert!(rest.contains("1 connections closed, 0 cut short"), "SIG{signal}: {rest}");
        // The newest trace is exported, too.
        assert!(rest.contains("Weather/Forecast"), "SIG{signal}: {rest}");
        let status = timeout(WAIT, server.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0), "SIG{signal}");
    }
}
