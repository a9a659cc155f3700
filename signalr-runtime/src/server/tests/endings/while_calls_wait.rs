//! More calls of a client wait than may, and its WebSocket is served all the while.

use tokio::time::Instant;

use super::*;
use crate::connection::budget::ChargeKind;
use crate::server::{Limits, MemoryBudget};

const PING: u8 = 0x89;
const PONG: u8 = 0x8A;
const ROOM: usize = 64 * 1024;

fn id(n: usize) -> String {
    n.to_string()
}

/// A client whose first call runs, and who has made so many more that the connection pauses.
async fn paused(server: &Server) -> Peer {
    let mut peer = server.open_websocket(ROOMY, false);
    peer.record(r#"{"protocol":"json","version":1}"#);
    assert_eq!(peer.next().await, "{}");
    peer.record(&call("wait", "Wait", r#"["gate"]"#));
    for n in 0..200 {
        peer.record(&call(&id(n), "Echo", &format!(r#"["{n}"]"#)));
    }
    settle().await;
    assert_eq!(server.log(), ["gate begins"]);
    peer
}

fn echoes() -> Vec<String> {
    (0..200).map(|n| format!("echo {n}")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_at_once() {
    let server = Server::new();
    let mut peer = paused(&server).await;
    for payload in [b"first", b"again"] {
        peer.frame(PING, payload);
        assert_eq!(peer.read().await, Some((PONG, payload.to_vec())));
    }
    assert_eq!(server.log(), ["gate begins"]);
    server.world.open("gate");
    assert_eq!(peer.next().await, result("wait", r#""gate""#));
    for n in 0..200 {
        assert_eq!(peer.next().await, result(&id(n), &format!(r#""{n}""#)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_is_answered_at_once_and_its_calls_are_handled() {
    let cases: [(Act, Option<u16>); 3] = [
        (|peer| peer.close(Some(1000)), Some(1000)),
        (|peer| peer.frame(0xC1, b"x"), Some(1002)),
        (Peer::cut, None),
    ];
    for (go, status) in cases {
        let server = Server::new();
        let mut peer = paused(&server).await;
        go(&mut peer);
        let begun = Instant::now();
        assert_eq!(peer.rest().await.close, status);
        assert_eq!(begun.elapsed().as_secs(), 0);
        server.world.open("gate");
        settle().await;
        let log: Vec<_> = server.log().into_iter().filter(|line| !line.starts_with("c1")).collect();
        assert_eq!(log[..2], ["gate begins", "gate ends"]);
        assert_eq!(log[2..], echoes());
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_ends_the_connection_is_found_behind_them_when_the_client_goes() {
    let server = Server::new();
    let mut peer = paused(&server).await;
    peer.record(CLOSE);
    peer.close(Some(1000));
    assert_eq!(peer.rest().await.close, Some(1000));
    server.world.open("gate");
    settle().await;
    assert!(server.world.told.lock().unwrap()[0].is_none());
}

/// Nothing starts while answers are not taken; the connection waits for that, and for its end, without being busy.
#[tokio::test(start_paused = true)]
async fn a_client_that_goes_and_has_not_read_its_answers_is_found_to_have_gone() {
    let server = Server::new();
    let mut peer = paused(&server).await;
    let large = "x".repeat(200_000);
    for _ in 0..8 {
        let clients = server.handle().clients();
        let large = large.clone();
        tokio::spawn(async move { clients.all().said(&large).await });
    }
    settle().await;
    server.world.open("gate");
    settle().await;
    assert_eq!(server.log(), ["gate begins", "gate ends"], "no answer finds room");
    peer.close(Some(1000));
    seconds(1).await;
    assert!(server.log().iter().any(|line| line.starts_with("c1 disconnected")), "{:?}", server.log());
    assert_eq!(peer.rest().await.close, Some(1000));
}

#[tokio::test(start_paused = true)]
async fn no_more_is_read_than_there_is_room_for() {
    let budget = MemoryBudget::new(10_000_000);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut peer = paused(&server).await;
    for n in 0..30 {
        peer.record(&(" ".repeat(20_000) + &call(&id(1_000 + n), "Add", "[1,2]")));
    }
    settle().await;
    let held = budget.held_as(ChargeKind::Received);
    assert!((ROOM..=2 * ROOM).contains(&held), "{held}");
    server.world.open("gate");
    assert_eq!(peer.next().await, result("wait", r#""gate""#));
    for n in 0..200 {
        assert_eq!(peer.next().await, result(&id(n), &format!(r#""{n}""#)));
    }
    for n in 0..30 {
        assert_eq!(peer.next().await, result(&id(1_000 + n), "3"));
    }
    assert_eq!(budget.held_as(ChargeKind::Received), 0);
}
