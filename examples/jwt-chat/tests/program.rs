//! The program: its options, and how it ends.

mod requests;

use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use jwt_chat::chat::ChatHubContract;
use requests::log_in;
use signalr_runtime::client::HubConnection;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

const WAIT: Duration = Duration::from_secs(30);

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jwt-chat"));
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the program to its end: its exit code, and all that it prints.
async fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        timeout(WAIT, program(arguments).output()).await.unwrap().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

/// A page that is built, as far as the server can tell.
fn page() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("jwt-chat-page");
    let client = folder.join("node_modules/@microsoft/signalr/dist/browser");
    fs::create_dir_all(&client).unwrap();
    fs::create_dir_all(folder.join("public")).unwrap();
    fs::write(client.join("signalr.min.js"), "").unwrap();
    folder
}

#[tokio::test]
async fn options_are_read_before_anything_else_is_looked_at() {
    let (code, text) = run(&["--page", "no-such-folder", "--help"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("--port <PORT>"), "{text}");
    let (code, text) = run(&["--page", "no-such-folder", "--port", "70000"]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("invalid value '70000' for '--port <PORT>'"), "{text}");
    let (code, text) = run(&["--page", "no-such-folder", "--port", "0"]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("cargo xtask jwt-chat"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    for signal in ["TERM", "INT"] {
        let page = page();
        let mut command = program(&["--port", "0", "--page", page.to_str().unwrap()]);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let line = timeout(WAIT, lines.next_line()).await.unwrap().unwrap().unwrap();
        let address = line.strip_prefix("open http://").unwrap().to_owned();

        let (_, issued) = log_in(address.parse().unwrap(), "ada", "lovelace").await;
        let token = issued["token"].as_str().unwrap().to_owned();
        let ada = HubConnection::<ChatHubContract>::builder(format!("http://{address}/chat"))
            .access_token(move || std::future::ready(Ok(token.clone())))
            .connect()
            .await
            .unwrap();
        let pid = server.id().unwrap().to_string();
        let told = Command::new("kill").args(["-s", signal, &pid]).status().await.unwrap();
        assert!(told.success());
        let lost = timeout(WAIT, ada.closed()).await.unwrap();
        assert!(lost.is_none(), "SIG{signal}: {lost:?}");
        let status = timeout(WAIT, server.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0), "SIG{signal}");
    }
}
