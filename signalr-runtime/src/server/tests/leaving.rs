//! A client leaves: its calls go on for a while, and nothing waits for them.

use super::*;
use crate::server::{DrainReport, Limits};
use recorder::Recorder;
use std::time::Duration;

fn lingering(longest: Option<Duration>) -> HubOptions {
    HubOptions { limits: Limits { call_linger: longest, ..Limits::default() }, ..HubOptions::default() }
}

fn wait(gate: &str) -> String {
    call(gate, "Wait", &format!(r#"["{gate}"]"#))
}

#[tokio::test(start_paused = true)]
async fn neither_groups_nor_callback_wait_for_calls_that_wait_for_their_turn() {
    let server = Server::with(lingering(None));
    let mut client = server.connect().await;
    client.send_all([call("1", "Join", r#"["g"]"#), wait("endless"), wait("queued")]).await;
    assert_eq!(client.next().await, result("1", "null"));
    assert_eq!(server.handle().groups().count("g"), 1);
    client.leave().await;
    settle().await;
    assert_eq!(server.log(), ["endless begins", "c1 disconnected"]);
    assert_eq!(server.handle().groups().count("g"), 0);
    assert_eq!(server.handle().connection_count(), 0);
    // The queued call still has its turn.
    server.world.open("endless");
    server.world.open("queued");
    settle().await;
    let rest = ["endless ends", "queued begins", "queued ends", "c1 dropped"];
    assert_eq!(server.log()[2..], rest);
}

#[tokio::test(start_paused = true)]
async fn its_calls_linger_for_a_time_that_can_be_set() {
    let default = Limits::default().call_linger.unwrap().as_secs();
    for (linger, until) in
        [(None, None), (Some(0), Some(0_u64)), (Some(5), Some(5)), (Some(default), Some(30))]
    {
        let server = Server::with(lingering(linger.map(Duration::from_secs)));
        let (recorder, _guard) = Recorder::start();
        let mut client = server.connect().await;
        client.send_all([wait("endless"), wait("queued"), stream("s", "Ticks", r#"["stream"]"#)]).await;
        settle().await;
        client.leave().await;
        settle().await;
        let dropped = || server.log().contains(&"endless given up".to_owned());
        if let Some(until) = until {
            seconds(until.saturating_sub(1)).await;
            assert_eq!(dropped(), until == 0, "{linger:?}");
            seconds(1).await;
            let log = server.log();
            assert!(dropped() && log.contains(&"c1 dropped".to_owned()), "{linger:?}: {log:?}");
            assert!(server.service.shared.core.open.tasks.is_empty());
        } else {
            seconds(24 * 3600).await;
            assert!(!dropped());
        }
        assert!(!server.log().contains(&"queued begins".to_owned()));
        let hits = recorder.events();
        let hits =
            hits.iter().filter(|event| event.fields.get("kind").is_some_and(|kind| kind == "call_linger"));
        assert_eq!(hits.count(), usize::from(until.is_some()), "{linger:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_end_in_time_are_not_cut_short() {
    let server = Server::with(lingering(Some(Duration::from_secs(5))));
    let (recorder, _guard) = Recorder::start();
    let mut client = server.connect().await;
    client.send_all([wait("one"), wait("two")]).await;
    settle().await;
    client.leave().await;
    seconds(4).await;
    server.world.open("one");
    server.world.open("two");
    settle().await;
    let log = ["one begins", "c1 disconnected", "one ends", "two begins", "two ends", "c1 dropped"];
    assert_eq!(server.log(), log);
    seconds(10).await;
    assert!(!recorder.text().contains("call_linger"));
}

/// The time begins with the end of the connection, not with that of its callback.
#[tokio::test(start_paused = true)]
async fn a_callback_that_takes_its_time_gives_calls_no_more_of_it() {
    let options = lingering(Some(Duration::from_secs(5)));
    let server = Server::of(World::slow_to_end(), |service| service.options(options));
    let mut client = server.connect().await;
    client.send(wait("endless")).await;
    settle().await;
    client.leave().await;
    seconds(6).await;
    assert_eq!(server.log(), ["endless begins", "c1 disconnected", "endless given up"]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_counts_a_client_whose_calls_have_lingered_as_closed() {
    let server = Server::with(lingering(Some(Duration::from_secs(5))));
    let mut client = server.connect().await;
    client.send(wait("endless")).await;
    settle().await;
    let report = server.handle().drain(Duration::from_secs(60)).await;
    assert_eq!(report, DrainReport { closed: 1, aborted: 0 });
    client.expect_last(CLOSE_RECONNECT).await;
}

#[tokio::test(start_paused = true)]
async fn of_many_calls_none_is_left() {
    let server = Server::with(lingering(Some(Duration::from_secs(5))));
    let mut client = server.connect().await;
    client
        .send_all((0..50).map(|n| upload(&n.to_string(), "Sip", r#"["gate"]"#, &format!(r#"["{n}"]"#))))
        .await;
    client.send_all((0..90).map(|n| wait(&format!("w{n}")))).await;
    settle().await;
    client.leave().await;
    seconds(6).await;
    assert_eq!(server.log(), ["w0 begins", "c1 disconnected", "w0 given up", "c1 dropped"]);
    assert!(server.service.shared.core.open.tasks.is_empty());
}

/// Dropping a call is the hub's code, which takes its time. In real time: a slice is about the thread that is held.
#[tokio::test]
async fn others_are_served_while_calls_are_dropped() {
    const CALLS: usize = 20;
    let hold = || {
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_millis(5) {
            std::hint::spin_loop();
        }
    };
    let options =
        HubOptions { maximum_parallel_invocations_per_client: CALLS, ..lingering(Some(Duration::ZERO)) };
    let world = World { given_up: Some(hold), ..World::default() };
    let server = Server::of(world, |service| service.options(options));
    let mut client = server.connect().await;
    client.send_all((0..CALLS).map(|n| wait(&n.to_string()))).await;
    server.world.hears(&format!("{} begins", CALLS - 1)).await;
    client.leave().await;
    // Whoever runs between two of them sees each number.
    let mut seen = std::collections::BTreeSet::new();
    while !seen.contains(&CALLS) {
        seen.insert(server.log().iter().filter(|line| line.ends_with("given up")).count());
        tokio::task::yield_now().await;
    }
    assert!(seen.len() > CALLS / 2, "{seen:?}");
}
