//! What one client or one method does, others are served meanwhile. In real time: a slice is about the thread that is held.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use tokio::runtime::{Builder, Runtime};

use super::client::Client;
use super::{call, result};
use crate::server::{Hub, HubContext, HubOptions, HubService, Limits, MemoryBudget};
use crate::{HubError, HubResult, Stream, client_proxy, hub};

#[hub(client = Screen, crate = "crate")]
trait Busy {
    async fn add(&self, a: i32, b: i32) -> HubResult<i32>;
    /// Sends to `to` without end: to its caller, a group that nobody is in, or everybody.
    async fn send_for_ever(&self, to: String) -> HubResult;
    async fn join_for_ever(&self) -> HubResult;
    /// Asks a connection that does not exist without end.
    async fn ask_for_ever(&self) -> HubResult;
    /// Holds its thread.
    async fn hold(&self, milliseconds: u64) -> HubResult;
    /// Sends, and holds its thread until the test lets it go on.
    async fn report(&self) -> HubResult;
    fn reports(&self) -> impl Stream<Item = HubResult<usize>>;
    fn numbers(&self) -> impl Stream<Item = HubResult<u64>>;
    /// Reads all items, which never run out.
    async fn swallow(&self, items: impl Stream<Item = HubResult<u64>>) -> HubResult;
    /// Uses up tokio's budget in each of its polls.
    async fn use_budget(&self) -> HubResult;
    fn few(&self) -> impl Stream<Item = HubResult<i32>>;
    async fn wait(&self) -> HubResult;
    async fn large(&self, bytes: usize) -> HubResult<String>;
    async fn keep(&self, values: Vec<String>) -> HubResult;
}

#[client_proxy(crate = "crate")]
trait Screen {
    async fn show(&self, text: &str);
    async fn confirm(&self, text: &str) -> HubResult<bool>;
}

/// What the hubs of one test share with it.
#[derive(Default)]
struct Shared {
    begun: AtomicUsize,
    /// How many reports the client has had.
    reported: AtomicUsize,
    gone: AtomicBool,
    gate: tokio::sync::Notify,
}

struct BusyHub {
    cx: HubContext<BusyContract>,
    shared: Arc<Shared>,
}

impl Hub for BusyHub {
    type Contract = BusyContract;

    async fn on_disconnected(&self, _: Option<&HubError>) {
        self.shared.gone.store(true, Ordering::SeqCst);
    }
}

impl BusyHub {
    /// Works for a while, and then until the client has what was sent before the last.
    fn work(&self, sent: usize) {
        thread::sleep(Duration::from_millis(2));
        let begun = Instant::now();
        while self.shared.reported.load(Ordering::SeqCst) + 1 < sent {
            assert!(begun.elapsed() < Duration::from_secs(5), "what was sent does not arrive");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Busy for BusyHub {
    async fn add(&self, a: i32, b: i32) -> HubResult<i32> {
        Ok(a + b)
    }

    async fn send_for_ever(&self, to: String) -> HubResult {
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        loop {
            let clients = self.cx.clients();
            match &*to {
                "caller" => clients.caller().show("on and on").await?,
                "others" => clients.others().show("on and on").await?,
                group => clients.group(group).show("on and on").await?,
            }
        }
    }

    async fn join_for_ever(&self) -> HubResult {
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        loop {
            self.cx.groups().join("in and out").await?;
            self.cx.groups().leave("in and out").await?;
        }
    }

    async fn ask_for_ever(&self) -> HubResult {
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        loop {
            assert!(self.cx.clients().client("nobody").confirm("are you there?").await.is_err());
        }
    }

    async fn hold(&self, milliseconds: u64) -> HubResult {
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(milliseconds));
        Ok(())
    }

    async fn report(&self) -> HubResult {
        for sent in 0..20 {
            self.work(sent);
            self.cx.clients().caller().show("so far").await?;
        }
        Ok(())
    }

    fn reports(&self) -> impl Stream<Item = HubResult<usize>> {
        stream::iter(0..20).map(|sent| {
            self.work(sent);
            Ok(sent)
        })
    }

    fn numbers(&self) -> impl Stream<Item = HubResult<u64>> {
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        stream::iter(0..).map(Ok)
    }

    async fn swallow(&self, items: impl Stream<Item = HubResult<u64>>) -> HubResult {
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        items.for_each(async |_| ()).await;
        Ok(())
    }

    async fn use_budget(&self) -> HubResult {
        loop {
            tokio::task::consume_budget().await;
        }
    }

    fn few(&self) -> impl Stream<Item = HubResult<i32>> {
        stream::iter(0..3).map(Ok)
    }

    async fn wait(&self) -> HubResult {
        self.shared.gate.notified().await;
        Ok(())
    }

    async fn large(&self, bytes: usize) -> HubResult<String> {
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        Ok("x".repeat(bytes))
    }

    async fn keep(&self, values: Vec<String>) -> HubResult {
        drop(values);
        Ok(())
    }
}

struct Server {
    service: HubService<BusyHub>,
    shared: Arc<Shared>,
}

impl Server {
    fn new(options: HubOptions) -> Self {
        let shared = Arc::<Shared>::default();
        let of_hubs = Arc::clone(&shared);
        let service = HubService::<BusyHub>::new(move |cx| BusyHub { cx, shared: Arc::clone(&of_hubs) });
        Self { service: service.options(options), shared }
    }

    async fn connect_narrow(&self, capacity: usize) -> Client {
        Client::connect_to(&self.service, capacity).await
    }

    async fn connect(&self) -> Client {
        self.connect_narrow(1 << 20).await
    }

    fn begun(&self) -> usize {
        self.shared.begun.load(Ordering::SeqCst)
    }
}

/// Runs a test on a runtime of its own. One that hangs, even in a loop that nothing can stop, fails.
fn run<F>(runtime: fn() -> Runtime, test: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (done, result) = mpsc::channel();
    thread::spawn(move || {
        let outcome = runtime().block_on(async { tokio::spawn(test).await });
        let _ = done.send(outcome);
    });
    result.recv_timeout(Duration::from_secs(20)).expect("nobody else was served").unwrap();
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn two_workers() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A bystander connects, and is answered some times.
async fn others_are_served(server: &Server) {
    let mut bystander = server.connect().await;
    for n in 0..20 {
        let id = n.to_string();
        bystander.send(call(&id, "Add", "[1,2]")).await;
        assert_eq!(bystander.next_but("Show").await, result(&id, "3"));
    }
}

#[test]
fn a_method_that_never_waits_lets_others_be_served_while_its_client_is_there_and_after() {
    for (method, arguments) in [
        ("SendForEver", r#"["caller"]"#),
        ("SendForEver", r#"["others"]"#),
        ("SendForEver", r#"["a group that nobody is in"]"#),
        ("JoinForEver", "[]"),
        ("AskForEver", "[]"),
    ] {
        run(current_thread, async move {
            let limits = Limits { call_linger: None, ..Limits::default() };
            let server = Server::new(HubOptions { limits, ..HubOptions::default() });
            let mut client = server.connect().await;
            client.send(call("1", method, arguments)).await;
            others_are_served(&server).await;
            assert_eq!(server.begun(), 1, "{method}");
            drop(client);
            others_are_served(&server).await;
            server.service.handle().drain(Duration::from_millis(100)).await;
        });
    }
}

#[test]
fn items_that_never_run_out_let_others_be_served() {
    run(current_thread, async {
        let server = Server::new(HubOptions::default());
        let mut client = server.connect().await;
        client.send(r#"{"type":4,"invocationId":"1","target":"Numbers","arguments":[]}"#).await;
        let mut feeder = server.connect().await;
        feeder
            .send(r#"{"type":1,"invocationId":"1","target":"Swallow","arguments":[],"streamIds":["s"]}"#)
            .await;
        let items = r#"{"type":2,"invocationId":"s","item":1}"#;
        feeder.send_all((0..20_000).map(|_| items)).await;
        others_are_served(&server).await;
        assert_eq!(server.begun(), 2);
    });
}

#[test]
fn a_client_that_pipelines_calls_gets_one_slice_after_the_other() {
    run(current_thread, async {
        let server = Server::new(HubOptions::default());
        let mut bystander = server.connect().await;
        let mut client = server.connect().await;
        // A thousand calls that hold the thread for a millisecond each.
        client.send_all((0..1000).map(|_| r#"{"type":1,"target":"Hold","arguments":[1]}"#)).await;
        tokio::task::yield_now().await;
        bystander.send(call("1", "Add", "[1,2]")).await;
        assert_eq!(bystander.next().await, result("1", "3"));
        // It was a slice or two that the bystander waited, and not for a hundred calls at a time.
        assert!(server.begun() < 50, "{}", server.begun());
    });
}

#[test]
fn what_a_method_has_sent_leaves_while_it_works() {
    for request in [
        call("1", "Report", "[]"),
        r#"{"type":4,"invocationId":"1","target":"Reports","arguments":[]}"#.to_owned(),
    ] {
        run(two_workers, async move {
            let server = Server::new(HubOptions::default());
            let mut client = server.connect().await;
            client.send(request).await;
            for _ in 0..20 {
                let record = client.next().await;
                assert!(record.contains("Show") || record.contains("item"), "{record}");
                server.shared.reported.fetch_add(1, Ordering::SeqCst);
            }
            assert!(client.next().await.starts_with(r#"{"type":3,"invocationId":"1""#));
        });
    }
}

#[test]
fn no_call_starts_while_its_client_does_not_take_the_answers() {
    run(current_thread, async {
        let server = Server::new(HubOptions::default());
        let mut client = server.connect_narrow(64 * 1024).await;
        client.send_all((0..100).map(|n| call(&n.to_string(), "Large", "[200000]"))).await;
        others_are_served(&server).await;
        // One in the line, one that is written, one that fills the queue.
        assert!(server.begun() <= 4, "{}", server.begun());
        for n in 0..100 {
            assert!(client.next().await.starts_with(&format!(r#"{{"type":3,"invocationId":"{n}""#)));
        }
    });
}

#[test]
fn what_waits_is_held_as_it_came_and_counted_from_the_first_byte() {
    run(current_thread, async {
        let budget = MemoryBudget::new(1 << 30);
        let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
        let server = Server::new(HubOptions { limits, ..HubOptions::default() });
        let mut client = server.connect().await;
        let before = budget.held();
        client.send(call("busy", "Wait", "[]")).await;
        // Calls: each is held as its record.
        let kept = call("1", "Keep", &format!("[[{}]]", vec![r#""""#; 1000].join(",")));
        client.send_all((0..40).map(|n| kept.replacen("\"1\"", &format!("\"{n}\""), 1))).await;
        others_are_served(&server).await;
        let calls = budget.held() - before;
        assert!((40 * kept.len()..50 * kept.len()).contains(&calls), "{calls}");
        for _ in 0..41 {
            server.shared.gate.notify_one();
            client.next().await;
        }
        // Items: from the first.
        client
            .send(r#"{"type":1,"invocationId":"2","target":"Swallow","arguments":[],"streamIds":["s"]}"#)
            .await;
        others_are_served(&server).await;
        assert_eq!(budget.held(), before);
    });
}

/// A socket takes from tokio's budget as well.
#[cfg(feature = "axum")]
#[test]
fn a_method_that_uses_up_tokios_budget_does_not_hold_up_what_is_written() {
    use super::over_tcp::{self, Socket};
    use crate::server::HubRouterExt;
    run(current_thread, async {
        let server = Server::new(HubOptions::default());
        let address = over_tcp::serve(axum::Router::new().hub("/hub", server.service.clone())).await;
        let mut socket = Socket::upgrade(address, "/hub", "ada").await.unwrap();
        socket.send(r#"{"protocol":"json","version":1}"#).await;
        assert_eq!(socket.text().await, "{}");
        socket.send(r#"{"type":1,"target":"UseBudget","arguments":[]}"#).await;
        for n in 0..20 {
            socket.send(&format!(r#"{{"type":4,"invocationId":"{n}","target":"Few","arguments":[]}}"#)).await;
            while !socket.text().await.contains(r#""type":3"#) {}
        }
    });
}
