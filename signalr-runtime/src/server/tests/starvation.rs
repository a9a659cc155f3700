//! What one call of a client takes, its other calls have too, and so has the end of its connection. In real time.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use http::Request;
use tokio::task::{consume_budget, yield_now};
use tokio::time::{sleep, timeout};

use super::client::{Client, PING};
use super::{call, item, result, upload};
use crate::server::{Hub, HubContext, HubOptions, HubService, Limits, MethodOptions};
use crate::transport::memory;
use crate::{HubError, HubResult, Stream, client_proxy, hub};

#[hub(client = Listener, crate = "crate")]
trait Greedy {
    /// Uses up tokio's budget without end.
    async fn spend(&self) -> HubResult;
    /// Uses up its time without end.
    async fn compute(&self) -> HubResult;
    async fn nap(&self) -> HubResult;
    /// Reads one item, of whichever stream has one, and always looks at the first one first.
    async fn either(
        &self,
        one: impl Stream<Item = HubResult<u64>>,
        other: impl Stream<Item = HubResult<u64>>,
    ) -> HubResult<u64>;
}

#[client_proxy(crate = "crate")]
trait Listener {
    async fn hear(&self, text: &str);
}

#[derive(Default)]
struct Seen {
    begun: AtomicBool,
    given_up: AtomicBool,
    disconnected: AtomicBool,
    /// Whether clients never get beyond their connect callback.
    connects_for_ever: bool,
}

struct GreedyHub {
    cx: HubContext<GreedyContract>,
    seen: Arc<Seen>,
}

/// A call that is given up.
struct Dropped(Arc<Seen>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.given_up.store(true, Ordering::SeqCst);
    }
}

impl GreedyHub {
    fn begin(&self) -> Dropped {
        self.seen.begun.store(true, Ordering::SeqCst);
        Dropped(Arc::clone(&self.seen))
    }
}

impl Hub for GreedyHub {
    type Contract = GreedyContract;

    async fn on_connected(&self) -> HubResult {
        if self.seen.connects_for_ever {
            return self.spend().await;
        }
        Ok(())
    }

    async fn on_disconnected(&self, _: Option<&HubError>) {
        self.cx.clients().others().hear("bye").await.unwrap();
        sleep(Duration::from_millis(1)).await;
        self.seen.disconnected.store(true, Ordering::SeqCst);
    }
}

impl Greedy for GreedyHub {
    async fn spend(&self) -> HubResult {
        let _dropped = self.begin();
        loop {
            consume_budget().await;
        }
    }

    async fn compute(&self) -> HubResult {
        let _dropped = self.begin();
        loop {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(5) {
                std::hint::spin_loop();
            }
            yield_now().await;
        }
    }

    async fn nap(&self) -> HubResult {
        sleep(Duration::from_millis(1)).await;
        Ok(())
    }

    async fn either(
        &self,
        one: impl Stream<Item = HubResult<u64>> + Send,
        other: impl Stream<Item = HubResult<u64>> + Send,
    ) -> HubResult<u64> {
        let (mut one, mut other) = (pin!(one), pin!(other));
        let item = tokio::select! {
            biased;
            item = one.next() => item,
            item = other.next() => item,
        };
        item.unwrap_or(Ok(0))
    }
}

fn serve(options: HubOptions, seen: Seen) -> (HubService<GreedyHub>, Arc<Seen>) {
    let seen = Arc::new(seen);
    let of_hubs = Arc::clone(&seen);
    let service = HubService::<GreedyHub>::new(move |cx| GreedyHub { cx, seen: Arc::clone(&of_hubs) });
    (service.options(options), seen)
}

async fn connect(service: &HubService<GreedyHub>) -> Client {
    let (near, far) = memory::pair(1 << 20);
    let (request, ()) = Request::new(()).into_parts();
    service.accept(request, Box::new(far)).unwrap();
    let mut client = Client::new(near, Arc::new(Mutex::new(None)));
    client.shake_hands().await;
    client
}

/// The time after which something does not happen.
const LIMIT: Duration = Duration::from_secs(5);

async fn soon(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LIMIT, "{what} does not happen");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A client whose calls linger for `linger`, and that has called a greedy method.
async fn greedy(method: &str, linger: Duration) -> (HubService<GreedyHub>, Arc<Seen>, Client) {
    let options = HubOptions {
        maximum_parallel_invocations_per_client: 2,
        limits: Limits { call_linger: Some(linger), ..Limits::default() },
        ..HubOptions::default()
    };
    let (service, seen) = serve(options, Seen::default());
    let mut client = connect(&service).await;
    client.send(call("1", method, "[]")).await;
    soon("the call", || seen.begun.load(Ordering::SeqCst)).await;
    (service, seen, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greedy_call_leaves_another_one_its_turn() {
    for method in ["Spend", "Compute"] {
        let (_service, _, mut client) = greedy(method, Duration::ZERO).await;
        client.send_all((2..12).map(|n| call(&n.to_string(), "Nap", "[]"))).await;
        for n in 2..12 {
            let answer = timeout(LIMIT, client.next()).await.expect(method);
            assert_eq!(answer, result(&n.to_string(), "null"));
        }
        client.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greedy_call_lingers_no_longer_than_others() {
    for method in ["Spend", "Compute"] {
        let (_service, seen, mut client) = greedy(method, Duration::from_millis(100)).await;
        client.leave().await;
        soon(&format!("the end of {method}"), || seen.given_up.load(Ordering::SeqCst)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disconnect_callback_has_its_turn_beside_a_greedy_call() {
    for method in ["Spend", "Compute"] {
        let (service, seen, mut client) = greedy(method, LIMIT + LIMIT).await;
        client.leave().await;
        soon(&format!("the callback beside {method}"), || seen.disconnected.load(Ordering::SeqCst)).await;
        soon("the rest", || service.handle().connection_count() == 0).await;
        assert!(!seen.given_up.load(Ordering::SeqCst));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greedy_connect_callback_holds_up_no_timer() {
    let options = HubOptions { keep_alive_interval: Duration::from_millis(20), ..HubOptions::default() };
    let (service, _) = serve(options, Seen { connects_for_ever: true, ..Seen::default() });
    let mut client = connect(&service).await;
    assert_eq!(timeout(LIMIT, client.next_or_ping()).await.expect("no ping"), PING);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_thread_a_silent_stream_hides_no_other() {
    let blocking = MethodOptions { blocking: true, ..MethodOptions::default() };
    let (service, _) = serve(HubOptions::default(), Seen::default());
    let service = service.method_options(&[GreedyContract::EITHER], &blocking);
    let mut client = connect(&service).await;
    client.send_all([upload("1", "Either", "[]", r#"["one","other"]"#), item("other", "7")]).await;
    let answer = timeout(LIMIT, client.next()).await;
    client.leave().await;
    assert_eq!(answer.expect("it waits for ever"), result("1", "7"));
}
