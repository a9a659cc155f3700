//! What becomes of calls to a client that does not take them.

use std::time::Duration;

use super::*;
use crate::connection::budget::MemoryBudget;
use crate::connection::slow_consumer::SlowConsumer;
use crate::server::Limits;

fn server(slow_consumer: SlowConsumer) -> Server {
    let limits =
        Limits { slow_consumer, send_patience: Duration::ZERO, queued_messages: 4, ..Limits::default() };
    Server::with(HubOptions { limits, enable_detailed_errors: true, ..HubOptions::default() })
}

fn said(text: &str) -> String {
    format!(r#"{{"type":1,"target":"Said","arguments":["{text}"]}}"#)
}

/// The next records, as many as there are.
async fn records(client: &mut Client, count: usize) -> Vec<String> {
    let mut records = Vec::new();
    for _ in 0..count {
        records.push(client.next().await);
    }
    settle().await;
    assert_eq!(client.so_far().await, [""; 0], "after {records:?}");
    records
}

/// Sends `0` to `9` to everybody, where the slow one's line takes the first and is then full.
async fn send_ten(server: &Server) {
    for n in 0..10 {
        server.handle().clients().all().said(&n.to_string()).await.unwrap();
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_calls_are_dropped() {
    let server = server(SlowConsumer::DropNewest);
    let (mut slow, mut fast) = (server.connect_narrow(40).await, server.connect().await);
    send_ten(&server).await;
    assert_eq!(records(&mut slow, 5).await, ["0", "1", "2", "3", "4"].map(said));
    assert_eq!(records(&mut fast, 10).await.len(), 10);
    // There is room again.
    server.handle().clients().all().said("now").await.unwrap();
    assert_eq!(slow.next().await, said("now"));
}

#[tokio::test(start_paused = true)]
async fn the_oldest_calls_are_dropped() {
    let server = server(SlowConsumer::DropOldest);
    let (mut slow, mut fast) = (server.connect_narrow(40).await, server.connect().await);
    send_ten(&server).await;
    assert_eq!(records(&mut slow, 5).await, ["0", "6", "7", "8", "9"].map(said));
    assert_eq!(records(&mut fast, 10).await.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn answers_and_questions_are_never_dropped() {
    for policy in [SlowConsumer::DropNewest, SlowConsumer::DropOldest] {
        let server = server(policy);
        let first = "x".repeat(300);
        let mut slow = server.connect_narrow(200).await;
        server.handle().clients().all().said(&first).await.unwrap();
        settle().await;
        slow.send_all([call("1", "Add", "[1,2]"), call("2", "Ask", r#"["q",""]"#)]).await;
        settle().await;
        send_ten(&server).await;
        let records = records(&mut slow, 5).await;
        let position = |record: &str| records.iter().position(|one| one == record);
        let question = r#"{"type":1,"invocationId":"s1","target":"Confirm","arguments":["q"]}"#;
        // In the order in which they were sent, among what was not dropped.
        assert_eq!(position(&said(&first)), Some(0), "{records:?}");
        assert_eq!(position(&result("1", "3")), Some(1), "{records:?}");
        assert_eq!(position(question), Some(2), "{records:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_is_disconnected() {
    let server = server(SlowConsumer::Disconnect);
    let (mut slow, mut fast) = (server.connect_narrow(40).await, server.connect().await);
    send_ten(&server).await;
    assert_eq!(records(&mut fast, 10).await.len(), 10);
    let (said_last, _) = slow.rest().await;
    let text = "Connection closed with an error. IOException: The client reads too slowly.";
    let close = format!(r#"{{"type":7,"error":"{text}","allowReconnect":true}}"#);
    assert_eq!(said_last, [said("0"), close]);
    seconds(6).await;
    let told = server
        .log()
        .iter()
        .any(|line| line.starts_with("c1 disconnected: ") && line.ends_with(" too slowly."));
    assert!(told, "{:?}", server.log());
    assert_eq!(server.handle().connection_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_client_goes_with_its_transport_and_not_with_its_last_call() {
    for how in ["is lost", "takes no more"] {
        let budget = MemoryBudget::new(1_000_000);
        let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
        let server = Server::with(HubOptions { limits, ..HubOptions::default() });
        let mut client = server.connect_narrow(100).await;
        client.send(call("1", "Wait", r#"["gate"]"#)).await;
        settle().await;
        client.send(stream("2", "Flood", "[10000]")).await;
        settle().await;
        assert!(budget.held() > 30_000, "{budget:?}");
        if how == "is lost" {
            client.line().cut();
            settle().await;
        } else {
            client.send(CLOSE).await;
            settle().await;
            assert!(budget.held() > 30_000, "{budget:?}");
            seconds(6).await;
        }
        assert_eq!(budget.held(), 0, "{how}");
        assert_eq!(server.log(), ["gate begins", "c1 disconnected"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_been_received_and_not_read_is_charged() {
    let budget = MemoryBudget::new(1_000_000);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut client = server.connect().await;
    client.send_bytes(" ".repeat(20_000).as_bytes()).await;
    settle().await;
    assert!((16_000..24_000).contains(&budget.held()), "{budget:?}");
    client.send_bytes(b"{\"type\":6}\x1e").await;
    settle().await;
    assert_eq!(budget.held(), 0);
    client.send_bytes(" ".repeat(20_000).as_bytes()).await;
    settle().await;
    drop(client);
    settle().await;
    assert_eq!(budget.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_call_reads_after_its_client_has_gone_is_not_charged_any_more() {
    let budget = MemoryBudget::new(1_000_000);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut client = server.connect().await;
    client.send(upload("1", "Sip", r#"["gate"]"#, r#"["s"]"#)).await;
    client.send_all((0..1_000).map(|n| item("s", &n.to_string()))).await;
    drop(client);
    settle().await;
    assert!(budget.held() > 10_000, "{budget:?}");
    for _ in 0..1_000 {
        server.world.open("gate");
    }
    settle().await;
    assert_eq!(budget.held(), 0);
    assert_eq!(server.log(), ["c1 disconnected"]);
}
