//! The server asks a client.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::server::Limits;

fn ask(id: &str, question: &str, gate: &str) -> String {
    call(id, "Ask", &format!(r#"["{question}","{gate}"]"#))
}

fn question(id: &str, text: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"{id}","target":"Confirm","arguments":["{text}"]}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_method_asks_its_caller() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(ask("1", "sure?", "")).await;
    assert_eq!(client.next().await, question("s1", "sure?"));
    client.send(result("s1", r#""yes""#)).await;
    assert_eq!(client.next().await, result("1", r#""yes""#));
    // Numbered on, across connections.
    let mut other = server.connect().await;
    other.send(ask("1", "sure?", "")).await;
    assert_eq!(other.next().await, question("s2", "sure?"));
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_may_be() {
    let hub = |text: &str| format!("HubException: {text}");
    let cases = [
        (error("s1", "I won't"), "q failed: ".to_owned() + &hub("I won't")),
        (result("s1", "17"), "q failed: ".to_owned() + &hub("Error trying to deserialize result to ")),
        (result("s1", "null"), "q failed: ".to_owned() + &hub("Error trying to deserialize result to ")),
    ];
    for (answer, said) in cases {
        let server = Server::new();
        let mut client = server.connect().await;
        client.send(ask("1", "q", "")).await;
        assert_eq!(client.next().await, question("s1", "q"));
        client.send(&answer).await;
        assert!(
            client.next().await.starts_with(r#"{"type":3,"invocationId":"1","error":"An unexpected error"#)
        );
        assert!(server.log()[1].starts_with(&said), "{answer}: {:?}", server.log());
        client.goes_on().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_lets_the_next_call_start() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([ask("1", "a", "gate"), ask("2", "b", ""), call("3", "Echo", r#"["c"]"#)]).await;
    assert_eq!(client.next().await, question("s1", "a"));
    assert_eq!(client.next().await, question("s2", "b"));
    assert_eq!(client.next().await, result("3", r#""c""#));
    client.send(result("s2", r#""B""#)).await;
    assert_eq!(client.next().await, result("2", r#""B""#));
    // Its own turn does not come back to it, nor twice to the others.
    client.send(result("s1", r#""A""#)).await;
    settle().await;
    client.send_all([call("4", "Wait", r#"["four"]"#), call("5", "Wait", r#"["five"]"#)]).await;
    settle().await;
    assert_eq!(server.log()[3..], ["b answered B", "a answered A", "gate begins", "four begins"]);
    server.world.open("gate");
    assert_eq!(client.next().await, result("1", r#""A""#));
    settle().await;
    assert!(!server.log().contains(&"five begins".to_owned()));
    server.world.open("four");
    server.world.open("five");
    assert_eq!(client.next().await, result("4", r#""four""#));
    assert_eq!(client.next().await, result("5", r#""five""#));
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_given_back_once() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(call("1", "AskAfter", r#"["gate",["a","b"]]"#)).await;
    client.send_all([call("2", "Wait", r#"["two"]"#), call("3", "Wait", r#"["three"]"#)]).await;
    settle().await;
    assert_eq!(server.log(), ["gate begins"]);
    server.world.open("gate");
    for (id, text) in [("s1", "a"), ("s2", "b")] {
        assert_eq!(client.next().await, question(id, text));
        client.send(result(id, r#""yes""#)).await;
    }
    assert_eq!(client.next().await, result("1", "null"));
    settle().await;
    assert_eq!(server.log()[2..], ["two begins"]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_in_a_task_of_its_own_lets_the_next_call_start_and_only_that_one() {
    for given in ["a question", "clients", "a context"] {
        let server = Server::new();
        let mut client = server.connect().await;
        let asks = call("1", "AskInATask", &format!(r#"["{given}","a"]"#));
        client.send_all([asks, call("2", "Echo", r#"["b"]"#)]).await;
        assert_eq!(client.next().await, question("s1", "a"), "{given}");
        assert_eq!(client.next().await, result("2", r#""b""#), "{given}");
        client.send_all([call("3", "Wait", r#"["three"]"#), call("4", "Wait", r#"["four"]"#)]).await;
        settle().await;
        assert_eq!(server.log()[1..], ["three begins"], "{given}");
        client.send(result("s1", r#""yes""#)).await;
        assert_eq!(client.next().await, result("1", r#""yes""#), "{given}");
        settle().await;
        assert_eq!(server.log()[1..], ["three begins"], "{given}");
        server.world.open("three");
        assert_eq!(client.next().await, result("3", r#""three""#), "{given}");
        settle().await;
        assert_eq!(server.log()[3..], ["four begins"], "{given}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_outlives_its_call_lets_no_other_start() {
    let server = Server::new();
    let mut client = server.connect().await;
    let asks = call("1", "AskInATask", r#"["a context for later","q"]"#);
    client.send_all([asks, call("2", "Wait", r#"["two"]"#), call("3", "Wait", r#"["three"]"#)]).await;
    assert_eq!(client.next().await, result("1", r#""asked""#));
    assert_eq!(client.next().await, question("s1", "q"));
    settle().await;
    assert_eq!(server.log(), ["two begins"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_another_client_lets_the_next_one_start_after_its_own_has_left() {
    let server = Server::new();
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    let asks = call("1", "AskInATask", r#"["a question for c2","q"]"#);
    one.send_all([asks, call("2", "Echo", r#"["b"]"#)]).await;
    settle().await;
    one.leave().await;
    settle().await;
    server.world.open("gate");
    assert_eq!(two.next().await, question("s1", "q"));
    settle().await;
    assert!(server.log().contains(&"echo b".to_owned()), "{:?}", server.log());
}

#[tokio::test(start_paused = true)]
async fn late_repeated_and_unknown_answers_are_dropped() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(call("1", "AskBriefly", r#"["q"]"#)).await;
    assert_eq!(client.next().await, question("s1", "q"));
    assert_eq!(client.next().await, result("1", "null"));
    client.send_all([result("s1", r#""late""#), result("s1", r#""twice""#), result("s99", "1")]).await;
    client.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn of_two_answers_at_once_the_second_is_dropped() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(ask("1", "q", "")).await;
    assert_eq!(client.next().await, question("s1", "q"));
    client.send_all([result("s1", r#""first""#), result("s1", r#""second""#)]).await;
    assert_eq!(client.next().await, result("1", r#""first""#));
    client.goes_on().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_question_for_somebody_else_ends_the_connection_that_gave_it() {
    for (server, text) in [
        (Server::new(), CLOSE_ERROR.to_owned()),
        (
            Server::detailed(),
            r#"{"type":7,"error":"Connection closed with an error. InvalidOperationException: Connection ID 'c2' is not valid for invocation ID 's1'.","allowReconnect":true}"#.to_owned(),
        ),
    ] {
        let (mut asked, mut forger) = (server.connect().await, server.connect().await);
        asked.send(ask("1", "q", "")).await;
        assert_eq!(asked.next().await, question("s1", "q"));
        forger.send(result("s1", r#""forged""#)).await;
        forger.expect_last(&text).await;
        asked.send(result("s1", r#""mine""#)).await;
        assert_eq!(asked.next().await, result("1", r#""mine""#));
    }
}

#[tokio::test(start_paused = true)]
async fn another_connection_can_be_asked() {
    let server = Server::new();
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.send(call("1", "AskOther", r#"["c2","q"]"#)).await;
    assert_eq!(two.next().await, question("s1", "q"));
    two.send(result("s1", r#""two""#)).await;
    assert_eq!(one.next().await, result("1", r#""two""#));
}

#[tokio::test(start_paused = true)]
async fn nobody_to_ask() {
    let server = Server::detailed();
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    let failed = |id, text: &str| {
        error(
            id,
            &format!("An unexpected error occurred invoking 'AskOther' on the server. IOException: {text}"),
        )
    };
    one.send(call("1", "AskOther", r#"["nobody","q"]"#)).await;
    assert_eq!(one.next().await, failed("1", "Connection 'nobody' does not exist."));
    one.send(call("2", "AskOther", r#"["c2","q"]"#)).await;
    assert_eq!(two.next().await, question("s1", "q"));
    two.leave().await;
    assert_eq!(one.next().await, failed("2", "Connection 'c2' disconnected."));
}

#[tokio::test(start_paused = true)]
async fn not_while_connecting() {
    for in_factory in [true, false] {
        let asks = world::hook(async |cx, world: Arc<World>| {
            let answer = cx.clients().caller().confirm("q").await;
            let error = answer.unwrap_err();
            world.say(format!("{}: {}", error.name(), error.message()));
            Ok(())
        });
        let (factory, connected) = if in_factory { (asks, None) } else { (None, asks) };
        let server = Server::of(World { factory, connected, ..World::default() }, |service| service);
        let mut client = server.connect().await;
        client.goes_on().await;
        let text =
            "InvalidOperationException: Client results inside OnConnectedAsync Hub methods are not allowed.";
        assert_eq!(server.log(), [text]);
    }
}

#[tokio::test(start_paused = true)]
async fn nor_in_a_task_for_which_it_waits_while_connecting() {
    for clones in [false, true] {
        let connected = world::hook(move |cx, world: Arc<World>| async move {
            let asked = if clones {
                let cx = cx.clone();
                tokio::spawn(async move { cx.clients().caller().confirm("q").await })
            } else {
                tokio::spawn(cx.clients().caller().confirm("q"))
            };
            let error = asked.await.unwrap().unwrap_err();
            world.say(format!("{}: {}", error.name(), error.message()));
            Ok(())
        });
        let server = Server::of(World { connected, ..World::default() }, |service| service);
        let start = Instant::now();
        let mut client = server.connect().await;
        client.goes_on().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        let text =
            "InvalidOperationException: Client results inside OnConnectedAsync Hub methods are not allowed.";
        assert_eq!(server.log()[..1], [text]);
        // Later it may.
        client.send(call("1", "AskInATask", r#"["a context","q"]"#)).await;
        assert_eq!(client.next().await, question("s1", "q"));
    }
}

/// In ASP.NET Core it may never ask (`NoInvokeSingleClientProxy`); there, no hub outlives its callback.
#[tokio::test(start_paused = true)]
async fn a_proxy_that_was_chosen_while_connecting_may_ask_later() {
    for in_factory in [true, false] {
        let keeps = world::hook(move |cx, world: Arc<World>| async move {
            let (caller, of_task) = (cx.clients().caller(), Arc::clone(&world));
            tokio::spawn(async move {
                for gate in ["now", "later"] {
                    of_task.pass(gate).await;
                    let answer = caller.confirm("q").await;
                    of_task.say(answer.unwrap_or_else(|error| error.message().to_owned()));
                }
            });
            if !in_factory {
                world.pass("connect").await;
            }
            Ok(())
        });
        let (factory, connected) =
            if in_factory { (keeps, world::passing("connect")) } else { (None, keeps) };
        let server = Server::of(World { factory, connected, ..World::default() }, |service| service);
        let mut client = server.connect().await;
        server.world.open("now");
        settle().await;
        let text = "Client results inside OnConnectedAsync Hub methods are not allowed.";
        assert_eq!(server.log(), [text]);
        server.world.open("connect");
        client.goes_on().await;
        server.world.open("later");
        assert_eq!(client.next().await, question("s1", "q"));
        client.send(result("s1", r#""yes""#)).await;
        settle().await;
        assert_eq!(server.log(), [text, "yes"]);
    }
}

/// Through what is no proxy of the hub, as through an `IHubContext`: of others, who are read meanwhile.
#[tokio::test(start_paused = true)]
async fn others_can_be_asked_while_connecting_by_whoever_is_not_the_hub() {
    let handle = Arc::new(std::sync::OnceLock::<crate::server::HubHandle<ProbeHubContract>>::new());
    let of_hook = Arc::clone(&handle);
    let connected = world::hook(move |cx, world: Arc<World>| {
        let handle = Arc::clone(&of_hook);
        async move {
            if cx.connection_id().as_str() == "c2" {
                for id in ["c1", "c2"] {
                    let asked = handle.get().unwrap().clients().client(id).confirm("q").await;
                    world.say(asked.unwrap_or_else(|error| error.message().to_owned()));
                }
            }
            Ok(())
        }
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    assert!(handle.set(server.handle()).is_ok());
    let mut other = server.connect().await;
    let mut client = server.connect().await;
    assert_eq!(other.next().await, question("s1", "q"));
    other.send(result("s1", r#""yes""#)).await;
    client.goes_on().await;
    let text = "Client results inside OnConnectedAsync Hub methods are not allowed.";
    assert_eq!(server.log(), ["yes", text]);
}

#[tokio::test(start_paused = true)]
async fn not_while_disconnecting() {
    let disconnected = world::hook(async |cx, world: Arc<World>| {
        let error = cx.clients().caller().confirm("q").await.unwrap_err();
        world.say(format!("{}: {}", error.name(), error.message()));
        Ok(())
    });
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    client.leave().await;
    settle().await;
    assert_eq!(server.log()[..2], ["c1 disconnected", "IOException: Connection 'c1' disconnected."]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_the_client_with_the_same_id_comes_first() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(ask("1", "q", "")).await;
    assert_eq!(client.next().await, question("s1", "q"));
    client
        .send_all([
            upload("2", "Sum", "[]", r#"["s1"]"#),
            item("s1", "5"),
            result("s1", r#""ends the stream""#),
        ])
        .await;
    assert_eq!(client.next().await, result("2", "5"));
    client.send(result("s1", r#""answers""#)).await;
    assert_eq!(client.next().await, result("1", r#""answers""#));
}

#[tokio::test(start_paused = true)]
async fn an_open_question_leaves_nothing_behind() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(ask("1", "q", "")).await;
    assert_eq!(client.next().await, question("s1", "q"));
    client.send(cancel("1")).await;
    assert!(client.next().await.contains(r#""invocationId":"1","error""#));
    // Nobody waits any more: from whomever the answer comes now, it is dropped.
    let mut other = server.connect().await;
    for client in [&mut client, &mut other] {
        client.send_all([result("s1", r#""late""#), call("2", "Add", "[1,2]")]).await;
        assert_eq!(client.next().await, result("2", "3"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_in_time_is_not_waited_for() {
    let limits = Limits { client_result_timeout: Some(Duration::from_secs(3)), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut client = server.connect().await;
    client.send(ask("1", "q", "")).await;
    assert_eq!(client.next().await, question("s1", "q"));
    let start = Instant::now();
    let text = "An unexpected error occurred invoking 'Ask' on the server.";
    assert_eq!(client.next().await, error("1", text));
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_eq!(server.log()[1], "q failed: TimeoutException: The client did not answer in time.");
    // A late answer is nobody's.
    client.send(result("s1", r#""late""#)).await;
    client.send(ask("2", "again", "")).await;
    assert_eq!(client.next().await, question("s2", "again"));
    client.send(result("s2", r#""in time""#)).await;
    assert_eq!(client.next().await, result("2", r#""in time""#));
    assert!(server.service.shared.core.client_results.is_empty());
}

#[tokio::test(start_paused = true)]
async fn unless_it_is_limited_a_client_may_take_a_day_to_answer() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(ask("1", "q", "")).await;
    assert_eq!(client.next().await, question("s1", "q"));
    for _ in 0..24 * 60 {
        seconds(60).await;
        client.so_far().await;
    }
    client.send(result("s1", r#""late""#)).await;
    assert_eq!(client.next().await, result("1", r#""late""#));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_open_is_charged_without_what_was_written() {
    let budget = crate::connection::budget::MemoryBudget::new(1 << 30);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut client = server.connect().await;
    assert_eq!(budget.held(), 0);
    for length in [10, 100_000] {
        let handle = server.handle();
        let asked =
            tokio::spawn(async move { handle.clients().client("c1").confirm(&"x".repeat(length)).await });
        let question = client.next().await;
        assert!(question.len() > length);
        settle().await;
        let held = budget.held();
        assert!((100..1500).contains(&held), "{length}: {held}");
        asked.abort();
        settle().await;
        assert_eq!(budget.held(), 0);
    }
}
