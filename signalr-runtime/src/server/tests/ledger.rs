//! What the server believes it holds, and who has to go when it is too much.

use std::time::Duration;

use super::*;
use crate::connection::budget::MemoryBudget;
use crate::server::Limits;

fn server(budget: &MemoryBudget) -> Server {
    let limits = Limits { memory: Some(budget.clone()), send_patience: Duration::MAX, ..Limits::default() };
    let http = HttpOptions { transport_send_timeout: Duration::from_secs(3600), ..HttpOptions::default() };
    Server::with(HubOptions { http, limits, ..HubOptions::default() })
}

async fn tell(server: &Server, client: &str, bytes: usize) {
    server.handle().clients().client(client).said(&"x".repeat(bytes)).await.unwrap();
    settle().await;
}

async fn milliseconds(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// What the server holds for clients that read nothing, and have been sent `messages` of `bytes` bytes each.
#[tokio::test(start_paused = true)]
async fn every_byte_counts_once() {
    // Messages up to 1 KiB are copied for each client; larger ones are shared.
    for (clients, messages, bytes, at_least, at_most) in [
        (1, 1, 50, 50, 150),
        (1, 10, 100, 1_000, 2_000),
        (100, 4, 980, 100 * 4 * 980, 100 * 4 * 1_100),
        (1, 1, 4_000, 4_000, 4_300),
        (100, 1, 4_000, 4_000, 4_300 + 100 * 50),
        (1, 1, 60_000, 60_000, 60_300),
        (100, 1, 60_000, 60_000, 60_300 + 100 * 50),
    ] {
        let budget = MemoryBudget::new(1 << 30);
        let server = server(&budget);
        let mut slow = Vec::new();
        for _ in 0..clients {
            slow.push(server.connect_narrow(40).await);
        }
        assert_eq!(budget.held(), 0, "nothing waits");
        for _ in 0..messages {
            server.handle().clients().all().said(&"x".repeat(bytes)).await.unwrap();
        }
        settle().await;
        let held = budget.held();
        assert!((at_least..=at_most).contains(&held), "{messages} × {bytes} bytes to {clients}: {held}");
        drop(slow);
        settle().await;
        assert_eq!(budget.held(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_a_client_that_may_come_back_counts() {
    let budget = MemoryBudget::new(1 << 30);
    let server = server(&budget);
    let mut client = server.resuming_narrow(1 << 20).await;
    for bytes in [100, 4_000] {
        tell(&server, "c1", bytes).await;
    }
    assert!((4_100..4_400).contains(&budget.held()), "{budget:?}");
    client.send_all([r#"{"type":8,"sequenceId":1}"#]).await;
    settle().await;
    assert!((4_000..4_200).contains(&budget.held()), "{budget:?}");
    client.send_all([r#"{"type":8,"sequenceId":2}"#]).await;
    settle().await;
    assert_eq!(budget.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn honest_readers_survive_a_broadcast_to_all_of_them() {
    let budget = MemoryBudget::new(1_000_000);
    let server = server(&budget);
    let mut readers = Vec::new();
    for _ in 0..300 {
        readers.push(server.connect().await);
    }
    for _ in 0..5 {
        server.handle().clients().all().said(&"x".repeat(6_000)).await.unwrap();
        // Nobody had time to read.
        assert!(budget.held() < 50_000, "{budget:?}");
    }
    seconds(10).await;
    assert_eq!(server.handle().connection_count(), 300);
    for reader in &mut readers {
        assert_eq!(reader.so_far().await.len(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn those_go_first_who_are_stuck_and_hold_most() {
    let budget = MemoryBudget::new(400_000);
    let server = server(&budget);
    let [mut most, mut much, mut little, mut reading] = [
        server.connect_narrow(40).await,
        server.connect_narrow(40).await,
        server.connect_narrow(40).await,
        server.connect_narrow(40).await,
    ];
    for (client, kilobytes) in [("c1", 38), ("c2", 22), ("c3", 1), ("c4", 31)] {
        for _ in 0..kilobytes {
            tell(&server, client, 1_000).await;
        }
    }
    assert!((95_000..100_000).contains(&budget.held()), "{budget:?}");
    seconds(5).await;
    assert_eq!(server.handle().connection_count(), 4, "there is no need yet");
    for _ in 0..20 {
        tell(&server, "c4", 1_000).await;
    }
    for _ in 0..9 {
        // It holds most by now, and reads a little.
        reading.next().await;
        milliseconds(100).await;
    }
    assert_eq!(server.handle().connection_count(), 4, "nobody has been stuck for a second");
    for _ in 0..10 {
        reading.next().await;
        milliseconds(100).await;
    }
    assert!(most.rest().await.0.last().unwrap().starts_with(r#"{"type":7,"error":"#));
    assert_eq!(server.log().len(), 1, "that was enough");
    assert!(budget.held() < 100_000, "{budget:?}");
    // The others have lost nothing.
    for (client, count) in [(&mut much, 22), (&mut little, 1), (&mut reading, 32)] {
        for _ in 0..count {
            assert!(client.next().await.contains("Said"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_holds_little_does_not_go_for_those_who_hold_much() {
    let budget = MemoryBudget::new(400_000);
    let server = server(&budget);
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.connect_narrow(40).await);
    }
    for n in 1..20 {
        tell(&server, &format!("c{n}"), 900).await;
    }
    // More than slow readers may hold, and it goes on.
    for _ in 0..3 {
        tell(&server, "c20", 40_000).await;
    }
    seconds(10).await;
    let text = "The client reads too slowly, and the server is short of memory.";
    assert_eq!(server.log(), [format!("c20 disconnected: IOException: {text}"), "c20 dropped".into()]);
    assert!(clients[0].next().await.contains("Said"));
}

/// Twelve thousand clients that are away hold more than they may: it took seconds to find out who has to go.
#[tokio::test(start_paused = true)]
async fn relief_costs_the_senders_nothing() {
    let budget = MemoryBudget::new(400_000);
    let server = server(&budget);
    let mut clients = Vec::new();
    for _ in 0..1_000 {
        clients.push(server.connect_narrow(40).await);
    }
    let handle = server.handle();
    for _ in 0..10 {
        tokio::time::timeout(Duration::from_millis(1), handle.clients().all().said(&"x".repeat(900)))
            .await
            .expect("whoever sends does not look for them")
            .unwrap();
        milliseconds(300).await;
    }
    assert!(budget.held() <= 100_000 + 1_000 * 1_000, "{budget:?}");
    seconds(5).await;
    assert!(budget.held() <= 100_000, "{budget:?}");
}
