//! Code around every call.

use std::sync::{Arc, Mutex};

use super::*;
use crate::server::{ConnectionInfo, Filter, Invocation, Next, NextConnect, NextDisconnect, Reply};
use crate::{HubError, HubResult};

type Log = Arc<Mutex<Vec<String>>>;

/// Says what passes through it.
struct Says(&'static str, Log);

impl Says {
    fn say(&self, what: &str) {
        self.1.lock().unwrap().push(format!("{} {what}", self.0));
    }
}

impl Filter for Says {
    async fn invoke(&self, call: Invocation, next: Next) -> Reply {
        self.say(&format!("before {}", call.method()));
        let reply = next.run(call).await;
        self.say(&format!("after {reply:?}"));
        reply
    }

    async fn connect(&self, connection: ConnectionInfo, next: NextConnect) -> HubResult {
        self.say(&format!("connecting {}", connection.connection_id()));
        let connected = next.run().await;
        self.say("connected");
        connected
    }

    async fn disconnect(&self, _: ConnectionInfo, next: NextDisconnect) {
        self.say("disconnecting");
        next.run().await;
        self.say("disconnected");
    }
}

fn two() -> (Server, Log) {
    let log = Log::default();
    let server = Server::of(World::default(), |service| {
        service
            .filter(Says("outer", Arc::clone(&log)))
            .filter(Says("inner", Arc::clone(&log)))
            .authorize(&[ProbeHubContract::CRASH], |_| false)
    });
    (server, log)
}

fn take(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_first_is_the_outermost() {
    let (server, log) = two();
    let mut client = server.connect().await;
    settle().await;
    assert_eq!(
        take(&log),
        ["outer connecting c1", "inner connecting c1", "inner connected", "outer connected"]
    );
    client.send(call("1", "aDD", "[1,2]")).await;
    assert_eq!(client.next().await, result("1", "3"));
    let value = r#"Reply("value")"#;
    assert_eq!(
        take(&log),
        [
            "outer before Add".into(),
            "inner before Add".into(),
            format!("inner after {value}"),
            format!("outer after {value}")
        ]
    );
    client.leave().await;
    settle().await;
    assert_eq!(
        take(&log),
        ["outer disconnecting", "inner disconnecting", "inner disconnected", "outer disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn they_see_only_calls_that_will_run() {
    let (server, log) = two();
    let mut client = server.connect().await;
    settle().await;
    take(&log);
    for record in [
        call("1", "None", "[]"),
        call("1", "Add", "[]"),
        call("1", "Count", "[1]"),
        stream("1", "Add", "[1,2]"),
        upload("1", "Sum", "[]", r#"["a","b"]"#),
        call("1", "Crash", "[]"),
    ] {
        client.send(&record).await;
        assert!(client.next().await.contains("error"), "{record}");
        assert_eq!(take(&log), [""; 0], "{record}");
    }
}

#[tokio::test(start_paused = true)]
async fn around_a_stream_they_run_until_it_is_opened() {
    let (server, log) = two();
    let mut client = server.connect().await;
    settle().await;
    take(&log);
    client.send(stream("1", "Ticks", r#"["gate"]"#)).await;
    settle().await;
    assert_eq!(take(&log)[2..], [r#"inner after Reply("items")"#, r#"outer after Reply("items")"#]);
    server.world.open("gate");
    assert_eq!(client.next().await, item("1", "0"));
    client.send(cancel("1")).await;
    assert_eq!(client.next().await, done("1"));
    client.send_all([upload("2", "Sum", "[]", r#"["s"]"#), item("s", "1"), done("s")]).await;
    assert_eq!(client.next().await, result("2", "1"));
}

#[tokio::test(start_paused = true)]
async fn they_may_answer_in_place_of_the_method() {
    let server = Server::of(World::default(), |service| {
        service.filter(async |call: Invocation, next: Next| match call.method() {
            "Echo" => call.reply(&call.argument::<String>(0).unwrap().to_uppercase()),
            "Add" => Reply::error(HubError::new("no sums")),
            "Nothing" => panic!("a filter panics on purpose"),
            "Fail" => {
                let reply = next.run(call).await;
                assert_eq!(reply.as_error().unwrap().message(), "x");
                Reply::error(HubError::internal("hidden"))
            }
            _ => next.run(call).await,
        })
    });
    let mut client = server.connect().await;
    let unexpected = |target| format!("An unexpected error occurred invoking '{target}' on the server.");
    let cases = [
        (call("1", "Echo", r#"["x"]"#), result("1", r#""X""#)),
        (call("1", "Add", "[1,2]"), error("1", &(unexpected("Add") + " HubException: no sums"))),
        (call("1", "Nothing", "[]"), error("1", &unexpected("Nothing"))),
        (call("1", "Fail", r#"["x"]"#), error("1", &unexpected("Fail"))),
    ];
    for (record, answer) in cases {
        client.send(&record).await;
        assert_eq!(client.next().await, answer);
    }
    assert_eq!(server.log(), [""; 0]);
}

/// Refuses every connection.
struct Refuses;

impl Filter for Refuses {
    async fn invoke(&self, call: Invocation, next: Next) -> Reply {
        next.run(call).await
    }

    async fn connect(&self, _: ConnectionInfo, _: NextConnect) -> HubResult {
        Err(HubError::new("not here"))
    }
}

#[tokio::test(start_paused = true)]
async fn they_may_refuse_a_connection() {
    let connected = world::hook(async |_, world: Arc<World>| {
        world.say("never");
        Ok(())
    });
    let server = Server::of(World { connected, ..World::default() }, |service| service.filter(Refuses));
    let mut client = server.connect().await;
    client
        .expect_last(r#"{"type":7,"error":"Connection closed with an error. HubException: not here"}"#)
        .await;
    assert_eq!(server.log(), ["c1 dropped"]);
}
