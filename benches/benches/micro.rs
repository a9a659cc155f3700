//! What the runtime adds to a call and to a broadcast: both sides of a connection in one thread, without a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use signalr_benches::{Bench, BenchClient, BenchHubContract};
use signalr_runtime::server::HubService;
use signalr_runtime::test::{TestConnection, TestServer};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

const TEXT: &str =
    "a text of one hundred characters, which is about as long as what most people write in a chat at once";

/// Counts what arrives, and says so when everyone has it.
struct Counter {
    arrived: Arc<AtomicUsize>,
    everyone: usize,
    all_arrived: Arc<Notify>,
}

impl BenchClient for Counter {
    async fn recv(&self, text: &str) {
        std::hint::black_box(text);
        if (self.arrived.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.everyone) {
            self.all_arrived.notify_one();
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime starts")
}

fn server() -> TestServer<Bench> {
    TestServer::new(HubService::new(Bench::new))
}

async fn connect(server: &TestServer<Bench>) -> TestConnection<BenchHubContract> {
    server.client().connect().await.expect("the client connects")
}

fn calls(criterion: &mut Criterion) {
    let runtime = runtime();
    let server = server();
    let connection = runtime.block_on(connect(&server));
    let hub = connection.hub();

    let mut group = criterion.benchmark_group("call");
    group.bench_function("echo", |bencher| {
        bencher.iter(|| runtime.block_on(async { hub.echo(TEXT.to_owned()).await.expect("it is answered") }));
    });
    group.throughput(Throughput::Elements(16));
    group.bench_function("echo, 16 at once", |bencher| {
        bencher.iter(|| runtime.block_on(join_all((0..16).map(|_| hub.echo(TEXT.to_owned())))));
    });
    group.finish();

    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("1000 items from the server", |bencher| {
        bencher.iter(|| runtime.block_on(hub.counter(1000).count()));
    });
    group.bench_function("1000 items to the server", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                hub.upload(stream::iter((0..1000).map(Ok))).await.expect("it is answered")
            })
        });
    });
    group.finish();
}

fn broadcast(criterion: &mut Criterion) {
    const EVERYONE: usize = 100;
    let runtime = runtime();
    let server = server();
    let all_arrived = Arc::new(Notify::new());
    let arrived = Arc::new(AtomicUsize::new(0));
    let connections = runtime.block_on(async {
        let mut connections = Vec::new();
        for _ in 0..EVERYONE {
            let (arrived, all_arrived) = (Arc::clone(&arrived), Arc::clone(&all_arrived));
            let counter = Counter { arrived, everyone: EVERYONE, all_arrived };
            connections.push(server.client().handlers(counter).connect().await.expect("the client connects"));
        }
        connections
    });
    let everyone = server.handle().clients().all();

    let mut group = criterion.benchmark_group("broadcast");
    group.throughput(Throughput::Elements(EVERYONE as u64));
    group.bench_function("to 100", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                everyone.recv(TEXT).await.expect("it is sent");
                all_arrived.notified().await;
            });
        });
    });
    group.finish();
    drop(connections);
}

criterion_group!(benches, calls, broadcast);
criterion_main!(benches);
