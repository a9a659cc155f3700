//! What is measured of connections.

use std::collections::BTreeMap;

use http::Request;
use http_body_util::{BodyExt, Empty};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use tower_service::Service;

use super::client::PING;
use super::*;
use crate::server::telemetry::{ACTIVE_CONNECTIONS, CONNECTION_DURATION};

/// What was measured, and how far a gauge has moved, since the last time: by the name of the metric and its attributes.
fn measured(snapshotter: &Snapshotter) -> BTreeMap<String, Vec<f64>> {
    let metrics = snapshotter.snapshot().into_vec().into_iter();
    metrics
        .filter(|(key, ..)| key.kind() != MetricKind::Counter)
        .map(|(key, _, _, value)| {
            let mut labels: Vec<_> =
                key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            labels.sort_unstable();
            let values = match value {
                DebugValue::Gauge(value) => vec![value.0],
                DebugValue::Histogram(values) => values.into_iter().map(|value| value.0.floor()).collect(),
                DebugValue::Counter(_) => panic!("counters are left out"),
            };
            (format!("{} {}", key.key().name(), labels.join(" ")), values)
        })
        .collect()
}

fn duration(status: &str) -> String {
    format!("{CONNECTION_DURATION} signalr.connection.status={status} signalr.transport=web_sockets")
}

#[tokio::test(start_paused = true)]
async fn connections_are_measured_from_their_transport_to_their_end() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let active = format!("{ACTIVE_CONNECTIONS} signalr.transport=web_sockets");
    let server = Server::new();

    let mut silent = server.connect().await;
    silent.send(PING).await;
    let mut one = server.connect().await;
    let mut never_shakes_hands = server.open();
    let mut last = server.connect().await;
    settle().await;
    assert_eq!(measured(&snapshotter), BTreeMap::from([(active.clone(), vec![4.0])]));

    seconds(3).await;
    one.leave().await;
    settle().await;
    let found = measured(&snapshotter);
    assert_eq!(found[&active], [-1.0]);
    assert_eq!(found[&duration("normal_closure")], [3.0]);

    // The handshake has fifteen seconds, and a client that has pinged thirty to ping again.
    never_shakes_hands.rest().await;
    settle().await;
    let found = measured(&snapshotter);
    assert_eq!(found[&active], [-1.0]);
    assert_eq!(found[&duration("timeout")], [15.0]);
    silent.rest().await;
    settle().await;
    let found = measured(&snapshotter);
    assert_eq!(found[&active], [-1.0]);
    assert_eq!(found[&duration("timeout")], [30.0]);

    last.send(call("1", "Wait", r#"["for ever"]"#)).await;
    settle().await;
    server.handle().shut_down().await;
    let found = measured(&snapshotter);
    assert_eq!(found[&active], [-1.0]);
    assert_eq!(found[&duration("app_shutdown")], [35.0]);
}

/// One that had ended before, and is still being told so, is no part of a shutdown.
#[tokio::test(start_paused = true)]
async fn only_what_a_shutdown_ends_counts_as_one() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let server = Server::of(World::slow_to_end(), |service| service);
    let (mut one, _two) = (server.connect().await, server.connect().await);
    one.leave().await;
    settle().await;
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shut_down().await });
    settle().await;
    server.world.open("disconnect");
    server.world.open("disconnect");
    down.await.unwrap();
    let found = measured(&snapshotter);
    assert_eq!(found[&duration("normal_closure")].len(), 1);
    assert_eq!(found[&duration("app_shutdown")].len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_transport_is_told_from_the_others() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let server = Server::new();
    let mut service = server.service.clone();
    let mut ask =
        |request: http::request::Builder| service.call(request.body(Empty::<&[u8]>::new()).unwrap());
    let mut ids = Vec::new();
    for _ in 0..2 {
        let body = ask(Request::post("/hub/negotiate")).await.unwrap().into_body().collect().await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body.to_bytes()).unwrap();
        ids.push(body["connectionId"].as_str().unwrap().to_owned());
    }
    // A connection that is only negotiated does not count.
    assert_eq!(measured(&snapshotter), BTreeMap::new());
    let mut opened = Vec::new();
    for (id, accept) in ids.iter().zip(["text/event-stream", "*/*"]) {
        opened.push(ask(Request::get(format!("/hub?id={id}")).header("accept", accept)).await.unwrap());
    }
    let active = |transport: &str| (format!("{ACTIVE_CONNECTIONS} signalr.transport={transport}"), vec![1.0]);
    assert_eq!(
        measured(&snapshotter),
        BTreeMap::from([active("server_sent_events"), active("long_polling")])
    );
}

/// The counters that have moved since the last time.
fn counted(snapshotter: &Snapshotter) -> BTreeMap<String, u64> {
    let metrics = snapshotter.snapshot().into_vec().into_iter();
    metrics
        .filter_map(|(key, _, _, value)| {
            let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
            match value {
                DebugValue::Counter(count @ 1..) => {
                    Some((format!("{} {}", key.key().name(), labels.join(" ")), count))
                }
                _ => None,
            }
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn panics_are_counted_by_whose_they_are() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let one = |code: &str| BTreeMap::from([(format!("signalr.panics {code}"), 1)]);

    let disconnected = world::hook(async |_, _| panic!("a callback panics on purpose"));
    let server = Server::of(World { disconnected, ..World::default() }, |service| service);
    let mut client = server.connect().await;
    let calls = [
        (call("1", "Panic", "[]"), "method"),
        (stream("2", "PanicAfter", "[1]"), "method"),
        (call("3", "BrokenValue", r#"["deserialize"]"#), "decoder"),
        (CLOSE.to_owned(), "disconnect"),
    ];
    for (record, code) in calls {
        client.send(record).await;
        settle().await;
        assert_eq!(counted(&snapshotter), one(code));
    }
    let connected = world::hook(async |_, _| panic!("a callback panics on purpose"));
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    server.connect().await;
    settle().await;
    assert_eq!(counted(&snapshotter), one("connect"));
}

#[test]
fn the_metrics_are_described() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let described = metrics::with_local_recorder(&recorder, || {
        Server::new();
        // Only what has a value is shown.
        metrics::histogram!(CONNECTION_DURATION).record(1);
        metrics::gauge!(ACTIVE_CONNECTIONS).set(1);
        snapshotter.snapshot().into_vec()
    });
    let mut described: Vec<_> = described
        .into_iter()
        .map(|(key, unit, text, _)| (key.kind(), unit.unwrap(), text.unwrap().into_owned()))
        .collect();
    described.sort_unstable_by_key(|(kind, ..)| *kind);
    assert_eq!(
        described,
        [
            (
                MetricKind::Gauge,
                metrics::Unit::Count,
                "Number of connections that are currently active on the server.".to_owned()
            ),
            (
                MetricKind::Histogram,
                metrics::Unit::Seconds,
                "The duration of connections on the server.".to_owned()
            ),
        ]
    );
}
