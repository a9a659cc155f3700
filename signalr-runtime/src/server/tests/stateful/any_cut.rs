//! Whatever is cut, wherever: nothing is lost, and nothing comes twice.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::{Instant, timeout};

use super::*;
use crate::server::Limits;

/// A client that does what the protocol asks of one: it counts, keeps, acknowledges, and sends again.
struct Careful {
    line: Resuming,
    /// What it has sent that was not acknowledged, the first of it with the number `first_kept`.
    kept: VecDeque<String>,
    first_kept: i64,
    next: i64,
    latest: i64,
    /// Whether it waits for the server to say which message comes next.
    lost: bool,
    received: Vec<String>,
    kept_up: Instant,
}

impl Careful {
    fn new(line: Resuming) -> Self {
        Self {
            line,
            kept: VecDeque::new(),
            first_kept: 1,
            next: 1,
            latest: 0,
            lost: false,
            received: Vec::new(),
            kept_up: Instant::now(),
        }
    }

    async fn send(&mut self, message: String) {
        self.line.send(&message).await;
        self.kept.push_back(message);
    }

    async fn acknowledge(&mut self) {
        self.line.send(ack(self.latest)).await;
    }

    /// Takes in what has come.
    async fn receive(&mut self) {
        for record in self.line.so_far().await {
            let id = || -> i64 {
                let message: serde_json::Value = serde_json::from_str(&record).unwrap();
                message["sequenceId"].as_i64().unwrap()
            };
            if record.starts_with(r#"{"type":9"#) {
                assert!(id() <= self.latest + 1, "the server goes on behind what has never come");
                self.next = id();
                self.lost = false;
            } else if self.lost {
                panic!("the server does not begin with a sequence: {record}");
            } else if record.starts_with(r#"{"type":8"#) {
                while self.first_kept <= id() {
                    self.kept.pop_front().expect("what is acknowledged was sent");
                    self.first_kept += 1;
                }
            } else {
                let number = self.next;
                self.next += 1;
                if number > self.latest {
                    self.latest = number;
                    self.received.push(record);
                }
            }
        }
    }

    async fn come_back(&mut self, capacity: usize) {
        self.line.come_back_narrow(capacity).unwrap();
        self.lost = true;
        self.line.send(sequence(self.first_kept)).await;
        for message in self.kept.clone() {
            self.line.send(message).await;
        }
    }
}

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// The client calls, with a text of some length.
    Call(usize),
    /// The server tells the client something of some length.
    Tell(usize),
    /// The client reads.
    Receive,
    /// The client says what it has.
    Acknowledge,
    /// Time passes, in milliseconds.
    Pass(u64),
    /// The line is cut. The next one holds so many bytes in each direction: whatever does not fit has not arrived when
    /// that is cut in turn.
    Cut(usize),
    /// The client brings a new line while the old one lives.
    Replace(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..2000).prop_map(Step::Call),
        4 => (0_usize..2000).prop_map(Step::Tell),
        3 => Just(Step::Receive),
        1 => Just(Step::Acknowledge),
        2 => (1_u64..1500).prop_map(Step::Pass),
        2 => (1_usize..5000).prop_map(Step::Cut),
        1 => (1_usize..5000).prop_map(Step::Replace),
    ]
}

async fn run(buffer: usize, steps: Vec<Step>) {
    let limits = Limits { resumes_per_minute: usize::MAX, ..Limits::default() };
    let options = HubOptions { stateful_reconnect_buffer_size: buffer, limits, ..HubOptions::default() };
    let server = Server::with(options);
    let mut client = Careful::new(server.connect_resuming().await);
    let (mut calls, mut answers, mut tellings) = (Vec::new(), Vec::new(), Vec::new());
    for (n, step) in steps.into_iter().enumerate() {
        match step {
            Step::Call(length) => {
                let text = format!("{n} {}", "c".repeat(length));
                client.send(call(&n.to_string(), "Echo", &format!(r#"["{text}"]"#))).await;
                answers.push(result(&n.to_string(), &format!("\"{text}\"")));
                calls.push(format!("echo {text}"));
            }
            Step::Tell(length) => {
                let text = format!("{n} {}", "t".repeat(length));
                // It may have to wait.
                let clients = server.handle().clients();
                tellings.push(said(&text));
                let telling = async move { clients.client("c1").said(&text).await.unwrap() };
                if timeout(std::time::Duration::from_millis(1), telling).await.is_err() {
                    tellings.pop();
                }
            }
            Step::Receive => client.receive().await,
            Step::Acknowledge => client.acknowledge().await,
            Step::Pass(time) => tokio::time::sleep(std::time::Duration::from_millis(time)).await,
            Step::Cut(capacity) => {
                client.line.lose().await;
                client.come_back(capacity).await;
            }
            Step::Replace(capacity) => client.come_back(capacity).await,
        }
        // A client that never does, be it for want of a better line, is given up.
        if client.kept_up.elapsed().as_secs() >= 3 {
            client.come_back(1 << 20).await;
            client.receive().await;
            client.acknowledge().await;
            settle().await;
            client.kept_up = Instant::now();
        }
    }
    client.come_back(1 << 20).await;
    // Where little is kept, it comes in small parts.
    for _ in 0..100 {
        client.receive().await;
        client.acknowledge().await;
        seconds(1).await;
    }
    assert_eq!(server.log(), calls, "each call runs once, in order");
    let (told, answered): (Vec<_>, Vec<_>) =
        client.received.iter().cloned().partition(|record| record.contains("Said"));
    assert_eq!(answered, answers);
    assert_eq!(told, tellings);
    assert!(client.kept.is_empty(), "the server has acknowledged everything");
    let connection = server.service.shared.core.registry.get("c1").unwrap();
    assert_eq!(connection.shared.outbound.kept_bytes(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(buffer in 500_usize..50_000, steps in vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(run(buffer, steps));
    }
}
