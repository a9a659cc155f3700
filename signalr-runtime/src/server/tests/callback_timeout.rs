//! Callbacks of the hub that do not come to an end: they are given up after a while.

use std::future::pending;
use std::time::Duration;

use super::client::Over;
use super::*;
use crate::HubResult;
use crate::connection::duplex::End;
use crate::server::{ConnectionInfo, Filter, Invocation, Limits, Next, NextConnect, NextDisconnect, Reply};
use recorder::Recorder;

/// Stops what it is around, for ever.
struct Stuck;

impl Filter for Stuck {
    async fn invoke(&self, call: Invocation, next: Next) -> Reply {
        next.run(call).await
    }

    async fn connect(&self, _: ConnectionInfo, _: NextConnect) -> HubResult {
        pending().await
    }
}

/// Stops the end of a connection, for ever.
struct StuckAtTheEnd;

impl Filter for StuckAtTheEnd {
    async fn invoke(&self, call: Invocation, next: Next) -> Reply {
        next.run(call).await
    }

    async fn disconnect(&self, _: ConnectionInfo, _: NextDisconnect) {
        pending::<()>().await;
    }
}

fn world(change: impl FnOnce(&mut World)) -> World {
    let mut world = World::default();
    change(&mut world);
    world
}

fn timeout_of(seconds: u64) -> HubOptions {
    let callback_timeout = Some(Duration::from_secs(seconds));
    HubOptions { limits: Limits { callback_timeout, ..Limits::default() }, ..HubOptions::default() }
}

/// What the log says of limits and at the level of errors.
fn logged(recorder: &Recorder) -> Vec<String> {
    let texts = recorder
        .events()
        .into_iter()
        .filter_map(|event| event.fields.get("kind").or_else(|| event.fields.get("message")).cloned());
    texts.filter(|text| text == "callback_time" || text.contains("took longer")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_connects_for_too_long_is_disconnected() {
    let stuck = || world::hook(async |_, _| pending().await);
    let never = "Connection closed with an error.";
    let detailed =
        "Connection closed with an error. TimeoutException: The connect callback took longer than it may.";
    for details in [false, true] {
        let worlds = [
            ("factory", world(|world| world.factory = stuck()), vec![]),
            ("callback", world(|world| world.connected = stuck()), vec!["c1 dropped"]),
            ("filter", World::default(), vec!["c1 dropped"]),
        ];
        for (what, world, log) in worlds {
            let options = HubOptions { enable_detailed_errors: details, ..HubOptions::default() };
            let server = Server::of(world, |service| {
                let service = service.options(options);
                if what == "filter" { service.filter(Stuck) } else { service }
            });
            let (recorder, _guard) = Recorder::start();
            let mut client = server.connect().await;
            // Nobody reads this, but not for ever.
            client.send(call("1", "Echo", r#"["never"]"#)).await;
            let start = tokio::time::Instant::now();
            let text = if details { detailed } else { never };
            client.expect_last(&format!(r#"{{"type":7,"error":"{text}"}}"#)).await;
            assert_eq!(start.elapsed().as_secs(), 30, "{what}");
            settle().await;
            assert_eq!(server.log(), log, "{what}");
            assert_eq!(server.handle().connection_count(), 0);
            assert!(server.service.shared.core.open.tasks.is_empty());
            assert_eq!(
                logged(&recorder)[..2],
                ["callback_time", "The connect callback took longer than it may."]
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_left_is_forgotten_even_if_its_callback_does_not_end() {
    for what in ["callback", "filter"] {
        let stuck = world::hook(async |_, _| pending().await);
        let world = world(|world| world.disconnected = stuck);
        let server = Server::of(world, |service| {
            let service = service.options(timeout_of(7));
            if what == "filter" { service.filter(StuckAtTheEnd) } else { service }
        });
        let (recorder, _guard) = Recorder::start();
        let mut client = server.connect().await;
        client.send(call("1", "Join", r#"["g"]"#)).await;
        client.next().await;
        client.send(CLOSE).await;
        let start = tokio::time::Instant::now();
        assert_eq!(client.rest().await, (vec![CLOSE.to_owned()], Over::Closed(End::Normal)));
        assert_eq!(start.elapsed().as_secs(), 0, "who has closed does not wait for the hub");
        seconds(6).await;
        assert_eq!(server.handle().groups().count("g"), 1, "it is in its groups until its callback ends");
        seconds(2).await;
        assert_eq!(server.handle().groups().count("g"), 0, "{what}");
        assert_eq!(server.handle().connection_count(), 0);
        assert!(server.service.shared.core.open.tasks.is_empty());
        assert_eq!(logged(&recorder), ["callback_time", "the disconnect callback took longer than it may"]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_a_callback_may_take_a_day() {
    let options = HubOptions {
        limits: Limits { callback_timeout: None, ..Limits::default() },
        ..HubOptions::default()
    };
    let connected = world::passing("connect");
    let server = Server::of(world(|world| world.connected = connected), |service| service.options(options));
    let mut client = server.connect().await;
    seconds(24 * 3600).await;
    server.world.open("connect");
    client.goes_on().await;
}
