//! One call to many connections: when it is encoded, whom it reaches, and what it keeps others from.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde::{Serialize, Serializer};

use super::bare::{self, queued};
use super::broken::Broken;
use super::probe::ProbeHubContract;
use super::*;
use crate::HubProtocol::{Json, MessagePack};
use crate::connection::budget::MemoryBudget;
use crate::connection::writer::Writing;
use crate::contract::client_call::ClientCall;
use crate::contract::receivers::Delivery;
use crate::hub::lifetime::{LifetimeManager, LocalLifetime};
use crate::hub::selection::Selection;
use crate::server::Groups;
use crate::{HubErrorKind, HubResult};

fn group() -> Selection {
    Selection::Group("g".into())
}

fn encode(lifetime: &LocalLifetime, to: &Selection, text: &str) -> ClientCall {
    ClientCall::encode(lifetime.formats(to), "Said", &(text,))
}

/// Begins to send, as the first poll of a call does.
fn begin(lifetime: &LocalLifetime, to: &Selection, text: &str) -> Delivery {
    lifetime.send(to, encode(lifetime, to, text))
}

#[tokio::test(start_paused = true)]
async fn a_call_to_nobody_does_not_fail_and_in_an_empty_hub_encodes_nothing() {
    let server = Server::new();
    let broken = async |how| {
        let clients = server.handle().clients();
        let sends: [HubResult; 5] = [
            clients.all_except(["c1"]).broken(how).await,
            clients.group("nobody").broken(how).await,
            clients.users(["nobody", "no one"]).broken(how).await,
            clients.clients(["nobody"]).broken(how).await,
            clients.client("nobody").broken(how).await,
        ];
        let all = clients.all().broken(how).await;
        (all.is_ok(), sends.map(|sent| sent.is_ok()))
    };
    assert_eq!(broken(Broken::Panics).await, (true, [true; 5]));
    let mut client = server.connect().await;
    // Somebody might come who needs it.
    assert_eq!(broken(Broken::Fails).await, (false, [true; 5]));
    client.leave().await;
    settle().await;
    assert_eq!(broken(Broken::Panics).await, (true, [true; 5]));
}

#[tokio::test(start_paused = true)]
async fn the_receivers_of_a_call_are_chosen_at_its_first_poll() {
    let server = Server::new();
    let mut json = server.connect().await;
    let mut messagepack = server.connect_with(MessagePack).await;
    let (clients, groups) = (server.handle().clients(), server.handle().groups());
    let call = clients.group("late").said("x");
    for id in ["c1", "c2"] {
        groups.join(id, "late").await.unwrap();
    }
    call.await.unwrap();
    for client in [&mut json, &mut messagepack] {
        assert_eq!(client.so_far().await, [r#"{"type":1,"target":"Said","arguments":["x"]}"#]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_to_a_connection_that_is_over_succeeds_and_reaches_nobody() {
    let disconnected = world::hook(async |cx, world: Arc<World>| {
        let said = cx.clients().caller().said("too late").await;
        world.say(format!("{said:?}"));
        Ok(())
    });
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    client.send(CLOSE).await;
    client.expect_last(CLOSE).await;
    settle().await;
    assert_eq!(server.log()[1], "Ok(())");
    assert!(server.handle().clients().client("c1").said("later still").await.is_ok());
}

#[test]
fn nobody_is_passed_over_in_silence_who_comes_with_another_protocol_after_a_call() {
    let lifetime = bare::lifetime();
    let [there, json, messagepack] = [("a", Json), ("b", Json), ("c", MessagePack)]
        .map(|(id, format)| bare::connection(id, None, format, 1, None));
    let join = |connection: &Arc<_>| {
        lifetime.connected(connection);
        assert!(matches!(lifetime.join(&connection.id, "g"), Delivery::Done(Ok(()))));
    };
    let alone = Selection::Connection(messagepack.id.clone());
    join(&there);
    let group = group();
    let calls = [&group, &group, &alone].map(|to| (to, encode(&lifetime, to, "hi")));
    join(&json);
    join(&messagepack);
    drop(lifetime.leave(&there.id, "g"));
    let failed = |result: HubResult| {
        let text = "A client that speaks MessagePack has come after the call was encoded.";
        assert_eq!(result.unwrap_err().message(), text);
    };
    let [first, second, third] = calls.map(|(to, call)| lifetime.send(to, call));
    let Delivery::Done(result) = first else { panic!("there is room") };
    failed(result);
    // The others get it all the same.
    assert!(queued(&json).contains("hi"));
    // Also those who have to be waited for: the queue was full, and has room by now.
    let Delivery::Waiting(waiting) = second else { panic!("there is no room") };
    failed(waiting.now_or_never().unwrap());
    assert!(queued(&json).contains("hi"));
    let Delivery::Done(result) = third else { panic!("there is nobody to wait for") };
    failed(result);
    assert_eq!([queued(&there), queued(&messagepack)], ["", ""]);
    // Who is there at the call is encoded for.
    let call = encode(&lifetime, &group, "again");
    assert!(matches!(lifetime.send(&group, call), Delivery::Done(Ok(()))));
    assert!(queued(&messagepack).contains("again"));
}

/// Fails in JSON, whose objects have texts for keys.
#[test]
fn a_call_fails_in_a_protocol_only_for_those_who_speak_it() {
    let lifetime = bare::lifetime();
    let [json, messagepack] = [("a", Json), ("b", MessagePack)]
        .map(|(id, format)| bare::connection(id, Some(id), format, 100, None));
    for connection in [&json, &messagepack] {
        lifetime.connected(connection);
    }
    let by_place = std::collections::BTreeMap::from([((1, 2), "here")]);
    let send = |to: &Selection| {
        let call = ClientCall::encode(lifetime.formats(to), "Said", &(&by_place,));
        match lifetime.send(to, call) {
            Delivery::Done(result) => result.map_err(|error| error.kind()),
            Delivery::Waiting(_) => panic!("there is room"),
        }
    };
    let of = |users: &[&str]| Selection::Users(users.iter().map(|user| (*user).to_owned()).collect());
    assert_eq!(send(&of(&["a"])), Err(HubErrorKind::Codec));
    assert_eq!(send(&of(&["a", "b"])), Err(HubErrorKind::Codec));
    assert_eq!([queued(&json), queued(&messagepack)], ["", ""]);
    assert_eq!(send(&of(&["b"])), Ok(()));
    assert!(queued(&messagepack).contains("here"));
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_that_has_begun_ends_though_nobody_waits_for_it() {
    let ids = (0..1000).map(|n| format!("c{n}")).collect();
    let selections = [group(), Selection::All, Selection::Connections(ids)];
    for (to, polls) in selections.iter().flat_map(|to| [(to, 0), (to, 1)]) {
        let lifetime = bare::lifetime();
        let crowd = bare::crowd(&lifetime, 1000);
        let gone = &crowd[900];
        let Delivery::Waiting(mut walk) = begin(&lifetime, to, "one") else {
            panic!("a large group is walked in parts")
        };
        // Who is gone when its part begins is passed over.
        gone.shared.send_last(None);
        for _ in 0..polls {
            // Without a budget that could run out, the whole rest is done at once.
            let _ = tokio::task::unconstrained(&mut walk).now_or_never();
        }
        drop(walk);
        drop(begin(&lifetime, to, "two"));
        for connection in crowd.iter().filter(|connection| connection.id != gone.id) {
            let texts = queued(connection);
            let (one, two) = (texts.find("one"), texts.find("two"));
            assert!(one.is_some() && one < two, "{}: {texts}", connection.id);
        }
        assert_eq!(queued(gone), "");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_large_broadcast_lets_others_run_between_its_parts() {
    let lifetime = Arc::new(bare::lifetime());
    let crowd = bare::crowd(&lifetime, 40_000);
    let over = Arc::new(AtomicBool::new(false));
    let turns = Arc::new(AtomicUsize::new(0));
    let bystander = tokio::spawn({
        let (over, turns) = (Arc::clone(&over), Arc::clone(&turns));
        async move {
            while !over.load(Ordering::Relaxed) {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    let sender = tokio::spawn(async move {
        let Delivery::Waiting(walk) = begin(&lifetime, &group(), "hi") else { panic!("in parts") };
        walk.await.unwrap();
        over.store(true, Ordering::Relaxed);
    });
    sender.await.unwrap();
    bystander.await.unwrap();
    assert!(crowd.iter().all(|connection| !connection.shared.outbound.is_empty()));
    assert!(turns.load(Ordering::Relaxed) > 10, "{turns:?}");
}

/// Receivers that are woken stand in the way of everybody else: a walk does not wake more than a few of them at once.
#[tokio::test(flavor = "current_thread")]
async fn the_receivers_of_a_large_broadcast_run_before_it_goes_on() {
    let lifetime = Arc::new(bare::lifetime());
    let crowd = bare::crowd(&lifetime, 4_000);
    let (written, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for connection in &crowd {
        let (connection, written) = (Arc::clone(connection), Arc::clone(&written));
        tokio::spawn(poll_fn(move |cx| {
            let outbound = &connection.shared.outbound;
            outbound.awake();
            let mut batch = VecDeque::new();
            outbound.take(&mut batch);
            written.fetch_add(batch.len(), Ordering::Relaxed);
            let _ = outbound.sleep(Writing::Free, cx);
            Poll::<()>::Pending
        }));
    }
    while !crowd.iter().all(|connection| connection.shared.outbound.is_at_rest()) {
        tokio::task::yield_now().await;
    }
    let bystander = tokio::spawn({
        let (written, most) = (Arc::clone(&written), Arc::clone(&most));
        async move {
            loop {
                let before = written.load(Ordering::Relaxed);
                tokio::task::yield_now().await;
                most.fetch_max(written.load(Ordering::Relaxed) - before, Ordering::Relaxed);
            }
        }
    });
    let Delivery::Waiting(walk) = begin(&lifetime, &group(), "hi") else { panic!("in parts") };
    walk.await.unwrap();
    while written.load(Ordering::Relaxed) < crowd.len() {
        tokio::task::yield_now().await;
    }
    bystander.abort();
    assert!(most.load(Ordering::Relaxed) <= 200, "{most:?}");
}

/// A join takes what a join takes, however many a broadcast beside it goes to: it waits for no lock that is held during
/// a walk.
#[tokio::test(flavor = "current_thread")]
async fn a_join_does_not_wait_for_a_broadcast() {
    let lifetime = bare::lifetime();
    let crowd = bare::crowd(&lifetime, 10_000);
    let late = bare::connection("late", None, Json, 100, None);
    lifetime.connected(&late);
    // A broadcast that has begun, and stands still: it holds nothing that a join needs.
    let Delivery::Waiting(walk) = begin(&lifetime, &group(), "hi") else { panic!("in parts") };
    let began = Instant::now();
    assert!(matches!(lifetime.join("late", "g"), Delivery::Done(Ok(()))));
    assert!(matches!(lifetime.leave("c17", "g"), Delivery::Done(Ok(()))));
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    walk.await.unwrap();
    assert!(crowd.iter().all(|connection| !connection.shared.outbound.is_empty()));
    assert!(late.shared.outbound.is_empty(), "it came later");
}

#[tokio::test(start_paused = true)]
async fn senders_that_wait_are_charged_to_the_memory_budget() {
    let budget = MemoryBudget::new(1 << 30);
    let lifetime = bare::lifetime();
    let crowd: Vec<_> =
        (0..300).map(|n| bare::connection(&format!("c{n}"), None, Json, 1, Some(&budget))).collect();
    for connection in &crowd {
        lifetime.connected(connection);
    }
    let send = |text| begin(&lifetime, &Selection::All, text);
    let Delivery::Waiting(first) = send("first") else { panic!("in parts") };
    first.await.unwrap();
    let full = budget.held();
    let mut waiting: Vec<_> = (0..100)
        .map(|_| match send("x") {
            Delivery::Waiting(waiting) => waiting,
            Delivery::Done(_) => panic!("there is no room"),
        })
        .collect();
    for sender in &mut waiting {
        // Through all parts of the walk.
        for _ in 0..3_000 {
            assert!(tokio::task::unconstrained(&mut *sender).now_or_never().is_none());
        }
    }
    let held = budget.held() - full;
    assert!((100 * 300 * 200..100 * 300 * 400).contains(&held), "{held}");
    drop(waiting);
    assert_eq!(budget.held(), full);
}

#[tokio::test(start_paused = true)]
async fn a_large_message_counts_once_however_many_wait_for_room() {
    const BYTES: usize = 1_000_000;
    let budget = MemoryBudget::new(1 << 30);
    let lifetime = bare::lifetime();
    let crowd: Vec<_> =
        (0..10).map(|n| bare::connection(&format!("c{n}"), None, Json, 1, Some(&budget))).collect();
    for connection in &crowd {
        lifetime.connected(connection);
    }
    assert!(matches!(begin(&lifetime, &Selection::All, "first"), Delivery::Done(Ok(()))));
    let full = budget.held();
    for to in [Selection::All, Selection::Connection(crowd[0].id.clone())] {
        let Delivery::Waiting(mut sender) = begin(&lifetime, &to, &"x".repeat(BYTES)) else {
            panic!("there is no room")
        };
        assert!(tokio::task::unconstrained(&mut sender).now_or_never().is_none());
        let held = budget.held() - full;
        assert!((BYTES..BYTES + 10_000).contains(&held), "{held}");
        drop(sender);
        assert_eq!(budget.held(), full);
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_one_client_are_charged_as_well() {
    let budget = MemoryBudget::new(1 << 30);
    let lifetime = bare::lifetime();
    let connection = bare::connection("c0", None, Json, 1, Some(&budget));
    lifetime.connected(&connection);
    let to = Selection::Connection(connection.id.clone());
    let text = "x".repeat(900);
    assert!(matches!(begin(&lifetime, &to, "first"), Delivery::Done(Ok(()))));
    let full = budget.held();
    let senders: Vec<_> = (0..100).map(|_| begin(&lifetime, &to, &text)).collect();
    assert!(senders.iter().all(|sender| matches!(sender, Delivery::Waiting(_))));
    let held = budget.held() - full;
    assert!((100 * 900..100 * 1800).contains(&held), "{held}");
    drop(senders);
    assert_eq!(budget.held(), full);
}

/// Asks the registry while it is written.
struct Asking(Arc<Groups>);

impl Serialize for Asking {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.count("g") as u64)
    }
}

/// Broadcasts of values that ask the registry, beside joins and leaves: on eight threads, ten thousand of each.
#[test]
fn a_value_may_ask_the_registry_while_it_is_encoded() {
    let server = Server::new();
    let core = Arc::clone(&server.service.shared.core);
    let groups = Arc::new(HubHandle::<ProbeHubContract>::new(Arc::clone(&core)).groups());
    let crowd: Vec<_> = (0..16)
        .map(|n| bare::connection(&format!("c{n}"), Some("u"), [Json, MessagePack][n % 2], 10, None))
        .collect();
    for connection in &crowd {
        core.lifetime.connected(connection);
    }
    let selections = [
        Selection::All,
        group(),
        Selection::GroupExcept("g".into(), crate::hub::selection::Except::new(vec!["c1".into()])),
        Selection::Users(vec!["u".into()]),
    ];
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (core, groups, crowd, selections) = (&core, &groups, &crowd, &selections);
            scope.spawn(move || {
                for round in 0..2_500 {
                    if thread % 2 == 0 {
                        let to = &selections[round % selections.len()];
                        let call = ClientCall::encode(
                            core.lifetime.formats(to),
                            "Said",
                            &(Asking(Arc::clone(groups)),),
                        );
                        // The queues are full soon: whoever sends does not wait here.
                        drop(core.lifetime.send(to, call));
                    } else {
                        let id = &crowd[(round + thread) % crowd.len()].id;
                        drop(core.lifetime.join(id, "g"));
                        drop(core.lifetime.leave(id, "g"));
                    }
                }
            });
        }
    });
    for connection in &crowd {
        core.lifetime.forget(connection);
    }
    assert!(core.registry.is_empty());
}
