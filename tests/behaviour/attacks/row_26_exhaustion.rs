//! Nothing is left to open a connection with.

use std::process::Stdio;

use signalr_runtime::server::{Limits, MemoryBudget};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::victim::Victim;
use super::wire::{Socket, TEXT, call};

/// A server that may have few files open, and is asked for more connections than that.
#[cfg(unix)]
#[tokio::test]
async fn the_server_survives_that_it_has_no_file_descriptors() {
    let mut server = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$0\"", env!("CARGO_BIN_EXE_interop-server")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let address = line.trim_start_matches("listening on http://").parse().unwrap();
    let mut first = Socket::open(address, "").await.ok().unwrap();
    first.shake_hands().await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        // The kernel takes them; the server cannot.
        crowd.push(TcpStream::connect(address).await.unwrap());
    }
    // Whoever was there is served,
    assert_eq!(first.call("1", "Add", "[1,2]").await, r#"{"type":3,"invocationId":"1","result":3}"#);
    drop(crowd);
    // and others again as soon as there is room.
    let mut next = Socket::open(address, "").await.ok().unwrap();
    next.shake_hands().await;
    assert_eq!(next.call("1", "Add", "[1,2]").await, r#"{"type":3,"invocationId":"1","result":3}"#);
}

#[tokio::test]
async fn nobody_comes_in_while_the_memory_is_used_up() {
    let budget = MemoryBudget::new(100_000);
    let victim = Victim::limited(Limits { memory: Some(budget.clone()), ..Limits::default() }).await;
    let mut crowd = Vec::new();
    let refused = loop {
        assert!(crowd.len() < 100, "{budget:?}");
        match Socket::open(victim.address, "").await {
            Ok(mut socket) => {
                socket.shake_hands().await;
                // Messages that are begun, and never ended.
                socket.frame(TEXT, " ".repeat(30_000).as_bytes()).await;
                crowd.push(socket);
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            Err(refused) => break refused,
        }
    };
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    assert!((4..10).contains(&crowd.len()), "{}", crowd.len());
    assert!(victim.hits("memory") > 0);
    drop(crowd);
    super::until(|| budget.held() == 0).await;
    victim.serves_others().await;
}

/// A client that leaves its calls behind has made no room for more.
#[tokio::test]
async fn a_call_that_still_runs_keeps_the_place_of_its_client() {
    let victim = Victim::limited(Limits { connections: Some(1), ..Limits::default() }).await;
    let token = victim.http().token().await;
    let mut client = victim.connect().await;
    client.send(&call("1", "Sleep", "[1000]")).await;
    client.leave().await;
    victim.forgets_everybody().await;
    let open = async || Socket::open_at(victim.address, &format!("/hub?id={token}"), "").await;
    assert_eq!(open().await.err().map(|refused| refused.status), Some(503));
    // Its token is as good as before, as soon as there is room.
    let mut refusals = 0;
    let mut next = loop {
        match open().await {
            Ok(socket) => break socket,
            Err(refused) => assert_eq!(refused.status, 503),
        }
        refusals += 1;
        assert!(refusals < 1_000, "the place is never given back");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    next.shake_hands().await;
}
