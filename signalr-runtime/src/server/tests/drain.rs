//! The hub is taken out of service.

use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::*;
use crate::server::DrainReport;

fn drain(server: &Server, deadline: u64) -> JoinHandle<DrainReport> {
    let handle = server.handle();
    tokio::spawn(async move { handle.drain(Duration::from_secs(deadline)).await })
}

#[tokio::test(start_paused = true)]
async fn clients_are_sent_away_one_by_one() {
    let server = Server::new();
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(server.connect().await);
    }
    let start = Instant::now();
    // The last five seconds are for those who are last.
    let draining = drain(&server, 15);
    let mut told = JoinSet::new();
    for mut client in clients {
        told.spawn(async move {
            client.expect_last(CLOSE_RECONNECT).await;
            start.elapsed()
        });
    }
    let mut told = told.join_all().await;
    told.sort_unstable();
    for (begins, told) in (0..).zip(&told) {
        // The timer rounds up to a whole millisecond.
        let ends = Duration::from_secs(begins + 1) + Duration::from_millis(1);
        assert!((Duration::from_secs(begins)..=ends).contains(told), "{told:?} is not in second {begins}");
    }
    // At moments that cannot be foretold.
    let pauses: Vec<Duration> = told.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    assert_eq!(draining.await.unwrap(), DrainReport { closed: 10, aborted: 0 });
    assert!(start.elapsed() < Duration::from_secs(11));
}

/// In real time: a paused clock stands at a whole millisecond, and hides that the timer knows nothing shorter.
#[tokio::test]
async fn there_may_be_more_clients_than_milliseconds() {
    let server = Server::new();
    let mut clients = JoinSet::new();
    for _ in 0..4000 {
        let mut client = server.connect().await;
        clients.spawn(async move { client.expect_last(CLOSE_RECONNECT).await });
    }
    // Two seconds for all of them, and two more for those who are last.
    let draining = drain(&server, 4);
    clients.join_all().await;
    assert_eq!(draining.await.unwrap(), DrainReport { closed: 4000, aborted: 0 });
}

#[tokio::test(start_paused = true)]
async fn who_has_not_been_told_works_on() {
    let server = Server::new();
    let mut clients = [server.connect().await, server.connect().await];
    let draining = drain(&server, 15);
    // One of them is told in the first half of ten seconds, and the other in the second.
    seconds(5).await;
    let mut answered = 0;
    for client in &mut clients {
        client.send(call("1", "Add", "[1,2]")).await;
        match &*client.next().await {
            CLOSE_RECONNECT => {}
            other => {
                assert_eq!(other, result("1", "3"));
                answered += 1;
            }
        }
    }
    assert_eq!(answered, 1);
    for client in &mut clients {
        client.rest().await;
    }
    assert_eq!(draining.await.unwrap(), DrainReport { closed: 2, aborted: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_running_call_comes_to_its_end_and_callbacks_are_awaited() {
    let disconnected = world::passing("callback");
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    client.send(call("1", "Wait", r#"["call"]"#)).await;
    settle().await;
    let draining = drain(&server, 60);
    assert_eq!(client.next().await, CLOSE_RECONNECT);
    settle().await;
    assert!(!draining.is_finished());
    server.world.open("callback");
    client.rest().await;
    settle().await;
    assert!(!draining.is_finished());
    server.world.open("call");
    assert_eq!(draining.await.unwrap(), DrainReport { closed: 1, aborted: 0 });
    assert_eq!(server.log(), ["call begins", "c1 disconnected", "call ends", "c1 dropped"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_busy_at_the_deadline_is_cut_short() {
    let server = Server::new();
    let mut clients = [server.connect().await, server.connect().await, server.connect().await];
    clients[1].send(call("1", "Wait", r#"["for ever"]"#)).await;
    settle().await;
    let start = Instant::now();
    let draining = drain(&server, 4);
    for client in &mut clients {
        client.expect_last(CLOSE_RECONNECT).await;
    }
    assert_eq!(draining.await.unwrap(), DrainReport { closed: 2, aborted: 1 });
    assert_eq!(start.elapsed().as_secs(), 4);
    let mut log = server.log();
    log.sort_unstable();
    assert_eq!(
        log,
        [
            "c1 disconnected",
            "c1 dropped",
            "c2 disconnected",
            "c2 dropped",
            "c3 disconnected",
            "c3 dropped",
            "for ever begins",
            "for ever given up"
        ]
    );
    assert!(server.service.shared.core.registry.is_empty());
}

#[tokio::test(start_paused = true)]
async fn it_is_over_when_everybody_has_gone() {
    let server = Server::new();
    let start = Instant::now();
    assert_eq!(server.handle().drain(Duration::MAX).await, DrainReport::default());
    assert_eq!(start.elapsed(), Duration::ZERO);

    let server = Server::new();
    let mut client = server.connect().await;
    let draining = drain(&server, 24 * 3600);
    client.leave().await;
    assert_eq!(draining.await.unwrap(), DrainReport { closed: 1, aborted: 0 });
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_hurries_it() {
    let server = Server::new();
    let mut clients = [server.connect().await, server.connect().await];
    let start = Instant::now();
    let draining = drain(&server, 24 * 3600);
    settle().await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    for client in &mut clients {
        client.expect_last(CLOSE_RECONNECT).await;
    }
    assert_eq!(down.await.unwrap(), DrainReport { closed: 2, aborted: 0 });
    assert_eq!(draining.await.unwrap(), DrainReport { closed: 2, aborted: 0 });
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn without_any_time_everything_is_cut_short() {
    let server = Server::new();
    let _client = server.connect().await;
    let report = server.handle().drain(Duration::ZERO).await;
    assert_eq!(report, DrainReport { closed: 0, aborted: 1 });
    assert!(server.service.shared.core.open.tasks.is_empty());
}
