//! Which call starts when, and what goes on meanwhile.

use super::*;

fn parallel(calls: usize) -> Server {
    Server::with(HubOptions { maximum_parallel_invocations_per_client: calls, ..HubOptions::default() })
}

fn wait(id: &str) -> String {
    call(id, "Wait", &format!(r#"["{id}"]"#))
}

fn waited(id: &str) -> String {
    result(id, &format!(r#""{id}""#))
}

#[tokio::test(start_paused = true)]
async fn plain_calls_run_one_after_the_other() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([wait("a"), wait("b"), wait("c")]).await;
    settle().await;
    assert_eq!(server.log(), ["a begins"]);
    for gate in ["c", "b", "a"] {
        server.world.open(gate);
    }
    for id in ["a", "b", "c"] {
        assert_eq!(client.next().await, waited(id));
    }
    assert_eq!(server.log(), ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
}

#[tokio::test(start_paused = true)]
async fn several_run_at_once_where_that_is_allowed_but_start_in_order() {
    let server = parallel(2);
    let mut client = server.connect().await;
    client.send_all([wait("a"), wait("b"), wait("c"), wait("d")]).await;
    settle().await;
    assert_eq!(server.log(), ["a begins", "b begins"]);
    server.world.open("b");
    assert_eq!(client.next().await, waited("b"));
    settle().await;
    assert_eq!(server.log(), ["a begins", "b begins", "b ends", "c begins"]);
    server.world.open("d");
    assert_eq!(client.so_far().await, [""; 0]);
    server.world.open("a");
    assert_eq!(client.next().await, waited("a"));
    assert_eq!(client.next().await, waited("d"));
}

#[tokio::test(start_paused = true)]
async fn none_allowed_means_one() {
    let server = parallel(0);
    let mut client = server.connect().await;
    client.send_all([wait("a"), wait("b")]).await;
    settle().await;
    assert_eq!(server.log(), ["a begins"]);
}

#[tokio::test(start_paused = true)]
async fn connections_do_not_wait_for_each_other() {
    let server = Server::new();
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.send(wait("a")).await;
    two.goes_on().await;
    assert_eq!(one.so_far().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn everything_else_goes_on_while_calls_run_and_wait() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(wait("a")).await;
    // Streams in both directions.
    client.send(stream("count", "Count", "[2]")).await;
    assert_eq!(client.next().await, item("count", "0"));
    assert_eq!(client.next().await, item("count", "1"));
    assert_eq!(client.next().await, done("count"));
    client.send(upload("sum", "Sum", "[]", r#"["s"]"#)).await;
    client.send_all([wait("b"), item("s", "1"), item("s", "2"), done("s")]).await;
    assert_eq!(client.next().await, result("sum", "3"));
    // Cancellations, of what runs and of what waits.
    client.send(cancel("b")).await;
    assert_eq!(
        client.next().await,
        error("b", "An unexpected error occurred invoking 'Wait' on the server.")
    );
    client.send(cancel("a")).await;
    assert_eq!(
        client.next().await,
        error("a", "An unexpected error occurred invoking 'Wait' on the server.")
    );
    assert_eq!(server.log(), ["a begins", "a given up"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_start_has_begun_before_it_is_cancelled() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([stream("ticks", "Ticks", r#"["ticks"]"#), cancel("ticks")]).await;
    assert_eq!(client.next().await, done("ticks"));
    assert_eq!(server.log(), ["ticks given up"]);
    // Its own fault comes before the cancellation.
    client.send_all([stream("add", "Add", "[1,2]"), cancel("add")]).await;
    assert!(client.next().await.contains("non-streaming 'Add' method with a streaming invocation"));
    client.send_all([wait("a"), cancel("a")]).await;
    assert!(client.next().await.contains("invoking 'Wait'"));
    assert_eq!(server.log(), ["ticks given up", "a begins", "a given up"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_or_is_refused_before_what_came_earlier_has_started() {
    let later = [
        vec![stream("x", "Count", "[1]")],
        vec![upload("x", "Sum", "[]", r#"["s"]"#), done("s")],
        vec![call("x", "None", "[]")],
        vec![call("x", "Add", "[]")],
        vec![stream("x", "Add", "[1,2]")],
        vec![call("a", "Add", "[1,2]")],
    ];
    for later in later {
        let server = Server::new();
        let mut client = server.connect().await;
        client.send_all([wait("a"), wait("b")].into_iter().chain(later)).await;
        assert_eq!(client.so_far().await, [""; 0]);
        // The second call starts; then there is nothing left to wait for.
        server.world.open("a");
        assert_eq!(client.next().await, waited("a"));
        assert_eq!(server.log(), ["a begins", "a ends", "b begins"]);
        let answers = client.so_far().await;
        server.world.open("b");
        let rest = client.so_far().await;
        assert!(answers.iter().all(|answer| *answer != waited("b")) && rest.contains(&waited("b")));
        assert!(answers.len() + rest.len() >= 2, "{answers:?} {rest:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_keeps_what_comes_for_its_streams() {
    let server = Server::new();
    let mut client = server.connect().await;
    let sum = |id| upload(id, "Sum", "[]", r#"["s"]"#);
    client.send_all([wait("a"), wait("b"), sum("sum"), item("s", "1"), item("s", "2")]).await;
    // Its id is taken.
    client.send(sum("again")).await;
    client.send_all([item("s", "4"), done("s")]).await;
    // And free again.
    client.send_all([sum("next"), item("s", "8"), done("s")]).await;
    assert_eq!(client.so_far().await, [""; 0]);
    // The second call starts, and then everything behind it.
    server.world.open("a");
    assert_eq!(client.next().await, waited("a"));
    assert_eq!(client.next().await, result("sum", "7"));
    let busy = "An unexpected error occurred invoking 'Sum' on the server. HubException: Stream ID 's' is already in use.";
    assert_eq!(client.next().await, error("again", busy));
    assert_eq!(client.next().await, result("next", "8"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_while_it_waits_is_answered_with_its_own_fault() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([wait("a"), wait("b"), stream("x", "Add", "[1,2]"), call("y", "Add", "[]")]).await;
    client.send_all([cancel("x"), cancel("y"), cancel("b")]).await;
    assert!(client.next().await.contains("streaming invocation"));
    assert_eq!(client.next().await, error("y", "Failed to invoke 'Add' due to an error on the server."));
    assert!(client.next().await.contains(r#""invocationId":"b","error":"An unexpected"#));
    // Its streams are given up with it.
    let sum = |id| upload(id, "Sum", "[]", r#"["s"]"#);
    client.send_all([wait("c"), sum("sum"), cancel("sum"), sum("next"), item("s", "8"), done("s")]).await;
    assert!(client.next().await.contains(r#""invocationId":"sum","error":"An unexpected"#));
    server.world.open("a");
    assert_eq!(client.next().await, waited("a"));
    assert_eq!(client.next().await, result("next", "8"));
}

#[tokio::test(start_paused = true)]
async fn a_close_is_heard_while_a_call_runs() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([wait("a"), CLOSE.to_owned()]).await;
    client.expect_last(CLOSE).await;
    assert_eq!(server.log(), ["a begins", "c1 disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_bound_is_answered_as_soon_as_no_call_waits_before_it() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([wait("a"), call("b", "Add", "[]"), call("c", "None", "[]")]).await;
    assert_eq!(client.next().await, error("b", "Failed to invoke 'Add' due to an error on the server."));
    assert_eq!(
        client.next().await,
        error(
            "c",
            "Failed to invoke 'None' due to an error on the server. HubException: Method does not exist."
        )
    );
    // Behind a call that waits, in its turn.
    client.send_all([wait("d"), call("e", "Add", "[]"), call("f", "None", "[]")]).await;
    assert_eq!(client.so_far().await, [""; 0]);
    for gate in ["a", "d"] {
        server.world.open(gate);
        assert_eq!(client.next().await, waited(gate));
    }
    for id in ["e", "f"] {
        assert!(client.next().await.contains(&format!(r#""invocationId":"{id}","error""#)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_later_keeps_its_place() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([wait("a"), call("b", "Count", "[1]")]).await;
    assert_eq!(client.so_far().await, [""; 0]);
    server.world.open("a");
    assert_eq!(client.next().await, waited("a"));
    assert!(client.next().await.contains("non-streaming invocation"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_calls_without_end_waits_in_the_end() {
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(wait("a")).await;
    client.send_all((0..1000).map(|n| call(&n.to_string(), "Echo", &format!(r#"["{n}"]"#)))).await;
    // A hundred calls are taken in beside the one that runs; what comes behind them is not read.
    client.send_all([call("bad", "Add", "[]"), cancel("a")]).await;
    assert_eq!(client.so_far().await, [""; 0]);
    assert_eq!(server.log(), ["a begins"]);
    server.world.open("a");
    assert_eq!(client.next().await, waited("a"));
    for n in 0..1000 {
        assert_eq!(client.next().await, result(&n.to_string(), &format!(r#""{n}""#)));
    }
    assert!(client.next().await.contains(r#""invocationId":"bad""#));
}

#[tokio::test(start_paused = true)]
async fn an_id_in_use_is_refused_and_its_call_goes_on() {
    let server = Server::new();
    let mut client = server.connect().await;
    let busy = |id| error(id, &format!("Invocation ID '{id}' is already in use."));
    client.send_all([stream("x", "Ticks", r#"["gate"]"#), stream("x", "Count", "[3]")]).await;
    assert_eq!(client.next().await, busy("x"));
    server.world.open("gate");
    assert_eq!(client.next().await, item("x", "0"));
    // Running, and waiting.
    client
        .send_all([
            wait("a"),
            call("x", "Add", "[1,2]"),
            wait("b"),
            call("a", "Add", "[1,2]"),
            stream("b", "Count", "[1]"),
        ])
        .await;
    assert_eq!(client.next().await, busy("x"));
    server.world.open("a");
    assert_eq!(client.next().await, waited("a"));
    for id in ["a", "b"] {
        assert_eq!(client.next().await, busy(id));
    }
    server.world.open("b");
    assert_eq!(client.next().await, waited("b"));
    // Free again.
    client.send(call("a", "Add", "[1,2]")).await;
    assert_eq!(client.next().await, result("a", "3"));
}
