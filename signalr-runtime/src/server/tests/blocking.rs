//! Methods that block their threads, with the option for it. In real time: a paused clock stands still while a thread runs.

use std::ops::Deref;
use std::time::Duration;

use super::*;
use crate::HubError;
use crate::contract::hub::MethodName;
use crate::server::{DrainReport, Invocation, Limits, MethodOptions, Next, Reply};
use recorder::Recorder;

const BLOCKING: MethodOptions = MethodOptions {
    maximum_arguments_size: None,
    timeout: None,
    maximum_concurrency: None,
    maximum_concurrency_per_client: None,
    blocking: true,
};

const METHODS: &[MethodName<ProbeHubContract>] = &[
    ProbeHubContract::BLOCK,
    ProbeHubContract::BLOCKING_ITEMS,
    ProbeHubContract::OPEN_BLOCKING,
    ProbeHubContract::ASK,
    ProbeHubContract::ASK_IN_A_TASK,
    ProbeHubContract::PANIC,
    ProbeHubContract::WAIT,
];

/// A server whose threads go on at the end of its test: a runtime waits for them.
struct BlockingServer(Server);

impl Drop for BlockingServer {
    fn drop(&mut self) {
        self.world.lift(world::EVERY_BARRIER);
    }
}

impl Deref for BlockingServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

fn server(options: &MethodOptions, limits: Limits) -> BlockingServer {
    let hub = HubOptions { limits, ..HubOptions::default() };
    let service = |service: HubService<Probe>| service.options(hub).method_options(METHODS, options);
    BlockingServer(Server::of(World::default(), service))
}

fn block(gate: &str) -> String {
    call(gate, "Block", &format!(r#"["{gate}"]"#))
}

fn canceled(id: &str) -> String {
    error(id, "An unexpected error occurred invoking 'Block' on the server.")
}

impl BlockingServer {
    /// Lets a call of `Block` come to its end.
    fn release(&self, gate: &str) {
        self.world.open(gate);
        self.world.lift(gate);
    }

    /// Somebody else is served.
    async fn serves_others(&self) {
        self.connect().await.goes_on().await;
    }
}

#[tokio::test]
async fn others_are_served_meanwhile() {
    let server = server(&BLOCKING, Limits::default());
    let mut client = server.connect().await;
    client.send_all([block("a"), stream("s", "Count", "[1]")]).await;
    server.world.hears("a blocks").await;
    server.serves_others().await;
    // So is the client itself, but for what comes in order.
    assert_eq!(client.next().await, item("s", "0"));
    assert_eq!(client.next().await, done("s"));
    client.send(call("b", "Echo", r#"["b"]"#)).await;
    server.serves_others().await;
    server.release("a");
    assert_eq!(client.next().await, result("a", r#""a""#));
    assert_eq!(client.next().await, result("b", r#""b""#));
    let mut log = server.log();
    log.retain(|line| !line.starts_with('c'));
    assert_eq!(log, ["a blocks", "a goes on", "a begins", "a ends", "echo b"]);
}

#[tokio::test]
async fn so_they_are_while_a_stream_blocks() {
    let server = server(&BLOCKING, Limits::default());
    let mut client = server.connect().await;
    client.send(stream("s", "BlockingItems", r#"["x"]"#)).await;
    assert_eq!(client.next().await, item("s", "0"));
    for n in 1..4 {
        server.serves_others().await;
        server.world.lift("x");
        assert_eq!(client.next().await, item("s", &n.to_string()));
    }
    client.send(cancel("s")).await;
    // Answered at once; the thread learns of it when it goes on.
    assert_eq!(client.next().await, done("s"));
    assert!(!server.log().contains(&"x given up".to_owned()));
    server.world.lift("x");
    server.world.hears("x given up").await;
    // What it had to say meanwhile is not sent.
    client.goes_on().await;
}

#[tokio::test]
async fn a_method_that_opens_a_stream_blocks_its_own_thread_only() {
    let server = server(&BLOCKING, Limits { blocking_threads: 2, ..Limits::default() });
    let mut client = server.connect().await;
    client.send(stream("s", "OpenBlocking", r#"["x",""]"#)).await;
    server.world.hears("x blocks").await;
    server.serves_others().await;
    server.world.lift("x");
    for n in 0..2 {
        assert_eq!(client.next().await, item("s", &format!(r#""{n} for c1""#)));
    }
    assert_eq!(client.next().await, done("s"));
    // What fails before gives its thread back, too: one client has one.
    for n in 0..3 {
        server.world.lift("x");
        client.send(stream("s", "OpenBlocking", r#"["x","no"]"#)).await;
        let text = "An unexpected error occurred invoking 'OpenBlocking' on the server. HubException: no";
        assert_eq!(client.next().await, error("s", text), "{n}");
    }
    client.send(stream("s", "OpenBlocking", r#"["x",""]"#)).await;
    server.world.hears("x blocks").await;
    client.send(cancel("s")).await;
    assert_eq!(client.next().await, done("s"));
    server.world.lift("x");
    client.goes_on().await;
}

#[tokio::test]
async fn the_stream_of_a_thread_begins_when_the_filters_have_seen_it() {
    let answers = Arc::new(Mutex::new(vec![Some("not today"), None]));
    let filter = {
        let answers = Arc::clone(&answers);
        move |call: Invocation, next: Next| {
            let answers = Arc::clone(&answers);
            async move {
                let reply = next.run(call).await;
                assert!(format!("{reply:?}").contains("items"), "{reply:?}");
                let answer = answers.lock().unwrap().remove(0);
                answer.map_or(reply, |text| Reply::error(HubError::new(text)))
            }
        }
    };
    let service = |service: HubService<Probe>| service.method_options(METHODS, &BLOCKING).filter(filter);
    let server = BlockingServer(Server::of(World::default(), service));
    let mut client = server.connect().await;
    for id in ["1", "2"] {
        server.world.lift("x");
        client.send(stream(id, "OpenBlocking", r#"["x",""]"#)).await;
        if id == "1" {
            let text =
                "An unexpected error occurred invoking 'OpenBlocking' on the server. HubException: not today";
            assert_eq!(client.next().await, error("1", text));
            server.world.hears("stream  given up").await;
        }
    }
    assert_eq!(client.next().await, item("2", r#""0 for c1""#));
    assert_eq!(client.next().await, item("2", r#""1 for c1""#));
    assert_eq!(client.next().await, done("2"));
}

#[tokio::test]
async fn a_call_that_is_given_up_is_answered_at_once_and_keeps_its_turn() {
    for how in ["cancelled", "late"] {
        let timeout = (how == "late").then_some(Duration::from_millis(50));
        let server = server(&MethodOptions { timeout, ..BLOCKING }, Limits::default());
        let mut client = server.connect().await;
        client.send_all([block("a"), call("b", "Echo", r#"["b"]"#)]).await;
        server.world.hears("a blocks").await;
        if how == "late" {
            assert!(client.next().await.contains("The call took longer than it may."));
        } else {
            client.send(cancel("a")).await;
            assert_eq!(client.next().await, canceled("a"));
        }
        // Its id is free, and its turn is not.
        client.send(stream("a", "Count", "[0]")).await;
        assert_eq!(server.log(), ["a blocks"]);
        // It stops where it waits next.
        server.world.lift("a");
        assert_eq!(client.next().await, result("b", r#""b""#));
        assert_eq!(client.next().await, done("a"));
        assert_eq!(server.log(), ["a blocks", "a goes on", "a begins", "a given up", "echo b"], "{how}");
    }
}

#[tokio::test]
async fn a_thread_that_goes_on_counts_among_the_calls() {
    let server = server(&BLOCKING, Limits { unordered_calls: 2, ..Limits::default() });
    let mut client = server.connect().await;
    for id in ["a", "b"] {
        client.send(stream(id, "BlockingItems", &format!(r#"["{id}"]"#))).await;
        assert_eq!(client.next().await, item(id, "0"));
        server.world.hears(&format!("{id} blocks")).await;
        client.send(cancel(id)).await;
        assert_eq!(client.next().await, done(id));
    }
    client.send(stream("c", "Count", "[1]")).await;
    assert!(client.next().await.contains("Too many calls are in progress."));
}

#[tokio::test]
async fn a_call_that_has_a_thread_begins_even_if_it_is_cancelled_before() {
    let server = server(&BLOCKING, Limits::default());
    let mut client = server.connect().await;
    server.world.lift("a");
    client.send_all([block("a"), cancel("a")]).await;
    assert_eq!(client.next().await, canceled("a"));
    server.world.hears("a given up").await;
    assert_eq!(server.log(), ["a blocks", "a goes on", "a begins", "a given up"]);
}

#[tokio::test]
async fn a_place_of_its_method_comes_back_with_the_thread() {
    let server = server(&MethodOptions { maximum_concurrency: Some(1), ..BLOCKING }, Limits::default());
    let (mut one, mut two) = (server.connect().await, server.connect().await);
    one.send(block("a")).await;
    server.world.hears("a blocks").await;
    one.send(cancel("a")).await;
    assert_eq!(one.next().await, canceled("a"));
    two.send(block("b")).await;
    two.send_all([stream("s", "Count", "[0]")]).await;
    assert_eq!(two.next().await, done("s"));
    assert_eq!(server.log(), ["a blocks"]);
    server.world.lift("a");
    server.world.hears("b blocks").await;
    assert_eq!(server.log(), ["a blocks", "a goes on", "a begins", "a given up", "b blocks"]);
    server.release("b");
    assert_eq!(two.next().await, result("b", r#""b""#));
}

#[tokio::test]
async fn who_asks_the_client_from_a_thread_lets_the_next_call_start() {
    for asks in [call("1", "Ask", r#"["q",""]"#), call("1", "AskInATask", r#"["a question","q"]"#)] {
        let server = server(&BLOCKING, Limits::default());
        let mut client = server.connect().await;
        client.send_all([asks, call("2", "Echo", r#"["b"]"#)]).await;
        let mut said = [client.next().await, client.next().await];
        said.sort();
        assert_eq!(said[0], r#"{"type":1,"invocationId":"s1","target":"Confirm","arguments":["q"]}"#);
        assert_eq!(said[1], result("2", r#""b""#));
        client.send(result("s1", r#""yes""#)).await;
        assert_eq!(client.next().await, result("1", r#""yes""#));
        // One turn has come back, and not two.
        client.send_all([block("a"), block("b")]).await;
        server.world.hears("a blocks").await;
        server.serves_others().await;
        assert!(!server.log().contains(&"b blocks".to_owned()));
        server.release("a");
        server.release("b");
        assert_eq!(client.next().await, result("a", r#""a""#));
        assert_eq!(client.next().await, result("b", r#""b""#));
    }
}

#[tokio::test]
async fn threads_are_no_more_than_there_may_be_and_each_client_has_a_share() {
    let server = server(&BLOCKING, Limits { blocking_threads: 3, ..Limits::default() });
    let (recorder, _guard) = Recorder::start();
    let mut clients = Vec::new();
    for gate in ["a", "b", "c", "d"] {
        let mut client = server.connect().await;
        let streams = (0..3).map(|n| stream(&n.to_string(), "BlockingItems", &format!(r#"["{gate}{n}"]"#)));
        client.send_all(streams).await;
        if gate == "d" {
            assert_eq!(client.so_far_in_real_time().await, [""; 0]);
        } else {
            // Half of three is one.
            assert_eq!(client.next().await, item("0", "0"));
        }
        clients.push(client);
    }
    let waited = recorder.events();
    let waited =
        waited.iter().filter(|event| event.fields.get("kind").is_some_and(|kind| kind == "blocking_threads"));
    assert_eq!(waited.count(), 3 * 2 + 3);
    // One that is cancelled while it waits does not begin, and the next in line does.
    clients[3].send(cancel("0")).await;
    assert_eq!(clients[3].next().await, done("0"));
    clients[0].send(cancel("0")).await;
    assert_eq!(clients[0].next().await, done("0"));
    server.world.lift("a0");
    server.world.hears("a0 given up").await;
    assert_eq!(clients[3].next().await, item("1", "0"));
    assert!(!server.log().contains(&"d0 blocks".to_owned()), "{:?}", server.log());
    // Whoever has left waits no more.
    clients[3].send(cancel("1")).await;
    assert_eq!(clients[3].next().await, done("1"));
    clients[3].leave().await;
    server.world.lift("d1");
    server.world.hears("d1 given up").await;
    assert_eq!(clients[0].next().await, item("1", "0"));
    for gate in ["a1", "b0", "c0"] {
        server.world.lift(gate);
    }
}

#[tokio::test]
async fn a_thread_is_in_the_span_of_its_call() {
    let (recorder, _guard) = Recorder::start();
    let server = server(&BLOCKING, Limits::default());
    let mut client = server.connect().await;
    server.release("a");
    client.send(block("a")).await;
    assert_eq!(client.next().await, result("a", r#""a""#));
    let events = recorder.events();
    let event = events.iter().find(|event| event.fields.get("message").is_some_and(|text| text == "blocks"));
    assert_eq!(event.unwrap().spans, ["Microsoft.AspNetCore.SignalR.Server.InvocationIn"]);
}

#[tokio::test]
async fn a_panic_on_a_thread_ends_its_call_only() {
    let (recorder, _guard) = Recorder::start();
    let server = server(&BLOCKING, Limits::default());
    let mut client = server.connect().await;
    client.send(call("1", "Panic", "[]")).await;
    let text = "An unexpected error occurred invoking 'Panic' on the server.";
    assert_eq!(client.next().await, error("1", text));
    let spans = recorder.spans();
    let span = spans.iter().find(|span| span.fields.get("rpc.method").is_some_and(|name| name == "Panic"));
    assert_eq!(span.unwrap().fields["error.type"], "panic");
    client.goes_on().await;
}

#[tokio::test]
async fn a_connection_is_over_when_its_threads_are() {
    let limits = Limits { call_linger: Some(Duration::from_millis(20)), ..Limits::default() };
    let server = server(&BLOCKING, limits);
    let (recorder, _guard) = Recorder::start();
    let mut client = server.connect().await;
    client.send_all([call("1", "Join", r#"["g"]"#), block("a")]).await;
    assert_eq!(client.next().await, result("1", "null"));
    server.world.hears("a blocks").await;
    client.leave().await;
    // Its callback, its groups and its calls do not wait for that.
    server.world.hears("c1 disconnected").await;
    recorder.hears("call_linger").await;
    assert_eq!(server.handle().groups().count("g"), 0);
    let tasks = &server.service.shared.core.open.tasks;
    assert_eq!(tasks.len(), 1);
    server.world.lift("a");
    server.world.hears("c1 dropped").await;
    assert_eq!(
        server.log(),
        ["a blocks", "c1 disconnected", "a goes on", "a begins", "a given up", "c1 dropped"]
    );
}

#[tokio::test]
async fn a_drain_does_not_wait_for_threads_beyond_its_time() {
    let server = server(&BLOCKING, Limits::default());
    let mut client = server.connect().await;
    client.send(block("a")).await;
    server.world.hears("a blocks").await;
    let report = server.handle().drain(Duration::from_millis(50)).await;
    assert_eq!(report, DrainReport { closed: 0, aborted: 1 });
    server.world.lift("a");
    server.world.hears("a given up").await;
}
