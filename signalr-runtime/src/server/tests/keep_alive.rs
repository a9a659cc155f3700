//! Pings, and what silence means.

use std::time::Duration;

use tokio::time::Instant;

use super::client::PING;
use super::*;

#[tokio::test(start_paused = true)]
async fn the_server_pings_at_every_interval_traffic_or_not() {
    let server = Server::new();
    let mut client = server.connect().await;
    let start = Instant::now();
    for n in 1..=4 {
        while client.next_or_ping().await != PING {}
        let elapsed = start.elapsed().as_millis();
        assert!((n * 15_000..n * 15_000 + 1000).contains(&elapsed), "{elapsed}");
        // Traffic in both directions does not put it off.
        for _ in 0..14 {
            seconds(1).await;
            client.send(call("1", "Add", "[1,2]")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_pings_may_be_silent() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(call("1", "Add", "[1,2]")).await;
    client.next().await;
    seconds(3600).await;
    client.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_pinged_may_not() {
    let text = "OperationCanceledException: Client hasn't sent a message/ping within the configured \
                ClientTimeoutInterval.";
    for (server, close) in Server::closing_with(text, &HubOptions::default()) {
        let mut client = server.connect().await;
        seconds(100).await;
        client.send(PING).await;
        settle().await;
        let start = Instant::now();
        // Any message counts.
        for _ in 0..3 {
            seconds(29).await;
            client.goes_on().await;
        }
        client.expect_last(&close).await;
        let silent = start.elapsed();
        assert!(
            silent >= Duration::from_secs(3 * 29 + 30) && silent < Duration::from_secs(3 * 29 + 32),
            "{silent:?}"
        );
        settle().await;
        assert_eq!(server.log(), [format!("c1 disconnected: {text}"), "c1 dropped".into()]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_is_not_blamed_while_the_server_does_not_read() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(PING).await;
    client.send(call("first", "Wait", r#"["a"]"#)).await;
    client.send_all((0..200).map(|n| call(&n.to_string(), "Nothing", "[]"))).await;
    // Its pings wait behind the calls.
    for _ in 0..20 {
        seconds(10).await;
        client.send(PING).await;
    }
    server.world.open("a");
    assert_eq!(client.next().await, result("first", r#""a""#));
    for n in 0..200 {
        assert_eq!(client.next().await, result(&n.to_string(), "null"));
    }
    client.expect_last(CLOSE_ERROR).await;
}

#[tokio::test(start_paused = true)]
async fn a_long_call_does_not_make_the_client_silent() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([PING, &call("1", "Wait", r#"["a"]"#)]).await;
    for _ in 0..10 {
        seconds(15).await;
        client.send(PING).await;
    }
    server.world.open("a");
    assert_eq!(client.next().await, result("1", r#""a""#));
}

#[tokio::test(start_paused = true)]
async fn silence_counts_while_calls_run_and_wait() {
    for (parallel, calls) in [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)] {
        let server = Server::with(HubOptions {
            maximum_parallel_invocations_per_client: parallel,
            ..HubOptions::default()
        });
        let mut client = server.connect().await;
        client.send(PING).await;
        client.send_all((0..calls).map(|n| call(&n.to_string(), "Wait", r#"["a"]"#))).await;
        let start = Instant::now();
        client.expect_last(CLOSE_ERROR).await;
        assert_eq!(start.elapsed().as_secs(), 30, "{calls} calls, {parallel} at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_stuck_ends_the_connection() {
    let server = Server::new();
    let mut client = server.connect_narrow(1000).await;
    client.send(stream("1", "Flood", "[1000]")).await;
    settle().await;
    tokio::time::sleep(Duration::from_millis(9_900)).await;
    assert_eq!(server.log(), [""; 0]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.log(), ["c1 disconnected: TimeoutException: A write took longer than it may."]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_reads_on_is_not_stuck() {
    let server = Server::new();
    let mut client = server.connect_narrow(1000).await;
    client.send(stream("1", "Flood", "[1000]")).await;
    // A minute, during which there is never nothing to write.
    for _ in 0..60 {
        client.swallow(20_000).await;
        seconds(1).await;
    }
    assert_eq!(server.log(), [""; 0]);
    client.send(call("2", "Echo", r#"["here"]"#)).await;
    while client.next().await != result("2", r#""here""#) {}
}

/// A connection that waits for its client must sleep, not spin: the paused clock only moves when all sleep.
#[tokio::test(start_paused = true)]
async fn a_stuck_connection_sleeps() {
    let server = Server::new();
    let mut client = server.connect_narrow(1000).await;
    client.send(stream("1", "Flood", "[1000]")).await;
    settle().await;
    server.handle().clients().all().said(&"x".repeat(30_000)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), std::future::pending::<()>()).await.unwrap_err();
    while !client.next().await.contains("Said") {}
}

/// The clock goes on while a method holds its thread. In real time, with a thread for the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_while_a_method_held_its_thread_is_read_before_silence_is_judged() {
    let interval = Duration::from_millis(50);
    let options = HubOptions { client_timeout_interval: interval, ..HubOptions::default() };
    let server = Server::with(options);
    let mut client = server.connect().await;
    // The second call has its turn when nothing is read.
    client.send_all([PING, &call("1", "Wait", r#"["a"]"#), &call("2", "Block", r#"["b"]"#)]).await;
    server.world.hears("a begins").await;
    server.world.open("a");
    server.world.hears("b blocks").await;
    client.send(PING).await;
    // Somebody who was silent for as long, and for a shorter time.
    let mut silent = server.connect().await;
    silent.send(PING).await;
    silent.expect_last(CLOSE_ERROR).await;
    server.world.lift("b");
    server.world.open("b");
    assert_eq!(client.next().await, result("1", r#""a""#));
    assert_eq!(client.next().await, result("2", r#""b""#));
    client.goes_on().await;
}
