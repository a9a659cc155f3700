//! The hub ends.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn every_client_is_told_that_it_may_come_back() {
    let server = Server::new();
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.send_all([
        stream("1", "Ticks", r#"["gate"]"#),
        call("2", "Wait", r#"["x"]"#),
        call("3", "Echo", r#"["never"]"#),
    ])
    .await;
    settle().await;
    let start = Instant::now();
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    one.expect_last(CLOSE_RECONNECT).await;
    two.expect_last(CLOSE_RECONNECT).await;
    settle().await;
    // A running call is not cut short; what waited for its turn never runs.
    server.world.open("x");
    down.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(1));
    let mut log = server.log();
    log.sort_unstable();
    assert_eq!(
        log,
        [
            "c1 disconnected",
            "c1 dropped",
            "c2 disconnected",
            "c2 dropped",
            "gate given up",
            "x begins",
            "x ends"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_five_seconds_and_no_longer() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(call("1", "Wait", r#"["for ever"]"#)).await;
    settle().await;
    let start = Instant::now();
    server.handle().shut_down().await;
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(server.log(), ["for ever begins", "c1 disconnected", "for ever given up", "c1 dropped"]);
    assert!(server.service.shared.core.registry.is_empty());
    assert!(server.service.shared.core.open.tasks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_cancelled() {
    let server = Server::new();
    let mut client = server.open();
    settle().await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    client.expect_last(r#"{"error":"Handshake was canceled."}"#).await;
    down.await.unwrap();
    // Also one that comes too late.
    let mut client = server.open();
    client.expect_last(r#"{"error":"Handshake was canceled."}"#).await;
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_made_meanwhile_ends_as_well() {
    let factory = world::passing("factory");
    let server = Server::of(World { factory, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    settle().await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    settle().await;
    server.world.open("factory");
    client.expect_last(CLOSE_RECONNECT).await;
    down.await.unwrap();
    assert_eq!(server.log(), ["c1 disconnected", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn twice_and_without_clients() {
    let server = Server::new();
    let start = Instant::now();
    server.handle().shut_down().await;
    server.handle().shut_down().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}
