//! The hub under attack: something of everything that a hub can have, nothing that waits for ever by itself.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::server::{Hub, HubContext, HubOptions, HubService, Limits};
use crate::{HubError, HubResult, Stream, client_proxy, hub};

#[hub(client = Caller, crate = "crate")]
pub(super) trait Target {
    async fn echo(&self, text: String) -> HubResult<String>;
    async fn add(&self, a: i32, b: i64) -> HubResult<i64>;
    async fn shapes(&self, shapes: Vec<Shape>, names: BTreeMap<String, Option<f64>>)
    -> HubResult<Vec<Shape>>;
    async fn fail(&self, text: &str) -> HubResult;
    async fn wait(&self, ms: u8) -> HubResult;

    fn count(&self, to: u16) -> impl Stream<Item = HubResult<u16>>;
    fn ticks(&self, every_ms: u8) -> impl Stream<Item = HubResult<()>>;
    async fn sum(&self, numbers: impl Stream<Item = HubResult<i64>>) -> HubResult<i64>;
    /// Reads one stream slowly, and the other only after it.
    async fn sip(
        &self,
        left: impl Stream<Item = HubResult<i64>>,
        right: impl Stream<Item = HubResult<String>>,
    ) -> HubResult<usize>;
    fn doubled(&self, texts: impl Stream<Item = HubResult<String>>) -> impl Stream<Item = HubResult<String>>;

    async fn ask(&self, question: &str) -> HubResult<Shape>;
    async fn join(&self, group: &str) -> HubResult;
    async fn leave(&self, group: &str) -> HubResult;
    async fn say(&self, group: &str, text: &str) -> HubResult;
    async fn abort(&self) -> HubResult;
}

#[client_proxy(crate = "crate")]
pub(super) trait Caller {
    async fn said(&self, text: &str);
    async fn confirm(&self, question: &str) -> HubResult<Shape>;
}

/// A value of some depth.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Shape {
    Empty,
    Circle { radius: f32, label: Option<String> },
    Group(Vec<Shape>),
}

/// What the hubs of one world have lived through.
#[derive(Default)]
struct Lives {
    connected: AtomicUsize,
    disconnected: AtomicUsize,
    alive: AtomicUsize,
}

pub(super) struct Victim {
    cx: HubContext<TargetContract>,
    lives: Arc<Lives>,
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.lives.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hub for Victim {
    type Contract = TargetContract;

    async fn on_connected(&self) -> HubResult {
        self.lives.connected.fetch_add(1, Ordering::Relaxed);
        self.cx.groups().join("all").await
    }

    async fn on_disconnected(&self, _: Option<&HubError>) {
        self.lives.disconnected.fetch_add(1, Ordering::Relaxed);
    }
}

impl Target for Victim {
    async fn echo(&self, text: String) -> HubResult<String> {
        Ok(text)
    }

    async fn add(&self, a: i32, b: i64) -> HubResult<i64> {
        i64::from(a).checked_add(b).ok_or_else(|| HubError::new("too much"))
    }

    async fn shapes(
        &self,
        shapes: Vec<Shape>,
        names: BTreeMap<String, Option<f64>>,
    ) -> HubResult<Vec<Shape>> {
        let circle = |(label, radius): (String, Option<f64>)| {
            #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
            let radius = radius.unwrap_or_default() as f32;
            Shape::Circle { radius, label: Some(label) }
        };
        Ok(shapes.into_iter().chain(names.into_iter().map(circle)).collect())
    }

    async fn fail(&self, text: &str) -> HubResult {
        Err(HubError::new(text.to_owned()))
    }

    async fn wait(&self, ms: u8) -> HubResult {
        sleep(Duration::from_millis(ms.into())).await;
        Ok(())
    }

    fn count(&self, to: u16) -> impl Stream<Item = HubResult<u16>> {
        stream::iter(0..to).map(Ok)
    }

    fn ticks(&self, every_ms: u8) -> impl Stream<Item = HubResult<()>> {
        stream::repeat(()).take(100).then(move |()| async move {
            sleep(Duration::from_millis(every_ms.into())).await;
            Ok(())
        })
    }

    async fn sum(&self, numbers: impl Stream<Item = HubResult<i64>>) -> HubResult<i64> {
        let mut numbers = pin!(numbers);
        let mut sum = 0_i64;
        while let Some(number) = numbers.next().await {
            sum = sum.wrapping_add(number?);
        }
        Ok(sum)
    }

    async fn sip(
        &self,
        left: impl Stream<Item = HubResult<i64>>,
        right: impl Stream<Item = HubResult<String>>,
    ) -> HubResult<usize> {
        let (mut left, mut right) = (pin!(left), pin!(right));
        let mut count = 0;
        while let Some(number) = left.next().await {
            number?;
            sleep(Duration::from_millis(100)).await;
            count += 1;
        }
        while let Some(text) = right.next().await {
            count += text?.len();
        }
        Ok(count)
    }

    fn doubled(&self, texts: impl Stream<Item = HubResult<String>>) -> impl Stream<Item = HubResult<String>> {
        texts.map(|text| text.map(|text| text.repeat(2)))
    }

    async fn ask(&self, question: &str) -> HubResult<Shape> {
        self.cx.clients().caller().confirm(question).await
    }

    async fn join(&self, group: &str) -> HubResult {
        self.cx.groups().join(group).await
    }

    async fn leave(&self, group: &str) -> HubResult {
        self.cx.groups().leave(group).await
    }

    async fn say(&self, group: &str, text: &str) -> HubResult {
        self.cx.clients().group(group).said(text).await
    }

    async fn abort(&self) -> HubResult {
        self.cx.abort();
        Ok(())
    }
}

/// How long a connection may take to end when its client is gone. Nobody waits for it: the clock is paused.
const END: Duration = Duration::from_secs(60 * 60);

/// A hub with small limits, so that few bytes reach them, in a runtime whose clock stands still until everybody waits.
pub(super) struct World {
    pub(super) service: HubService<Victim>,
    lives: Arc<Lives>,
}

impl World {
    /// How much one connection may hold for its client to take or acknowledge: the limits below, and what is
    /// answered to the messages of one read, each of which may grow when it is escaped.
    pub(super) const MOST_UNSENT: usize = 128 * 1024;

    fn new(kind: u8) -> Self {
        let lives = Arc::new(Lives::default());
        let mut options = HubOptions {
            maximum_receive_message_size: Some(4 * 1024),
            stateful_reconnect_buffer_size: 1024,
            stream_buffer_capacity: 2,
            enable_detailed_errors: kind & 1 != 0,
            maximum_parallel_invocations_per_client: if kind & 2 == 0 { 1 } else { 3 },
            limits: Limits {
                queued_calls: 4,
                unordered_calls: 4,
                upload_streams: 4,
                read_ahead: 16 * 1024,
                ..Limits::default()
            },
            ..HubOptions::default()
        };
        options.http.transport_max_buffer_size = 1024;
        options.http.application_max_buffer_size = 512;
        options.http.allow_stateful_reconnects = true;
        let of_hubs = Arc::clone(&lives);
        let service = HubService::<Victim>::new(move |cx| {
            of_hubs.alive.fetch_add(1, Ordering::Relaxed);
            Victim { cx, lives: Arc::clone(&of_hubs) }
        });
        Self { service: service.options(options), lives }
    }

    /// Makes sure that nothing is left of any connection.
    async fn end(self) {
        let core = &self.service.shared.core;
        core.open.tasks.close();
        timeout(END, core.open.tasks.wait()).await.expect("a connection does not end");
        assert_eq!(core.open.len(), 0, "open connections");
        assert_eq!(core.registry.len(), 0, "connections");
        let Lives { connected, disconnected, alive } = &*self.lives;
        assert_eq!(alive.load(Ordering::Relaxed), 0, "hubs");
        assert_eq!(connected.load(Ordering::Relaxed), disconnected.load(Ordering::Relaxed), "callbacks");
    }
}

thread_local! {
    /// To make one takes longer than most of what happens in it.
    static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
}

/// Runs what a client does to a new hub of some kind, to the end of all that it has begun.
pub(super) fn run(kind: u8, attack: impl AsyncFnOnce(&World)) {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let world = World::new(kind);
            attack(&world).await;
            world.end().await;
        });
    });
}

/// Lets everybody do what they can without time passing.
pub(super) async fn settle() {
    const ROUNDS: usize = 3;
    for _ in 0..ROUNDS {
        yield_now().await;
    }
}
