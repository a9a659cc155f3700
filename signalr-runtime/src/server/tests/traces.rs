//! What is traced of calls and callbacks.

use std::sync::{Arc, Mutex};

use tracing::subscriber::NoSubscriber;

use super::recorder::{RecordedSpan, Recorder};
use super::*;
use crate::HubError;
use crate::server::telemetry::LocalAddress;

const CALL: &str = "Microsoft.AspNetCore.SignalR.Server.InvocationIn";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A span as it should be. The first characters of a method name it.
fn span(name: &'static str, kind: &str, method: &str) -> RecordedSpan {
    let fields = [
        ("otel.kind", kind.to_owned()),
        ("otel.name", format!("ProbeHub/{method}")),
        ("rpc.method", method.to_owned()),
        ("rpc.service", "ProbeHub".to_owned()),
        ("rpc.system", "signalr".to_owned()),
    ];
    RecordedSpan { name, fields: fields.into(), closed: true }
}

fn call_span(method: &str) -> RecordedSpan {
    span(CALL, "server", method)
}

fn failed(mut span: RecordedSpan, error: &str) -> RecordedSpan {
    span.fields.insert("error.type", error.to_owned());
    span.fields.insert("otel.status_code", "ERROR".to_owned());
    span
}

/// The spans of calls only.
fn calls(recorder: &Recorder) -> Vec<RecordedSpan> {
    recorder.spans().into_iter().filter(|span| span.name == CALL).collect()
}

#[tokio::test(start_paused = true)]
async fn callbacks_and_calls_have_spans_around_the_code_of_the_hub() {
    let (recorder, _guard) = Recorder::start();
    let hook = |text: &'static str| {
        world::hook(move |_, _| async move {
            tracing::info!("{text}");
            Ok(())
        })
    };
    let world = World {
        factory: hook("factory"),
        connected: hook("connected"),
        disconnected: hook("disconnected"),
        ..World::default()
    };
    let server = Server::of(world, |service| {
        service.filter(async |call, next: crate::server::Next| {
            tracing::info!("before");
            let reply = next.run(call).await;
            tracing::info!("after");
            reply
        })
    });
    let mut client = server.connect().await;
    // The name of the contract, not the caller's spelling.
    client.send(call("1", "wAIT", r#"["gate"]"#)).await;
    settle().await;
    tracing::info!("outside");
    assert!(!calls(&recorder)[0].closed);
    server.world.open("gate");
    client.next().await;
    client.leave().await;
    settle().await;

    let connected = "Microsoft.AspNetCore.SignalR.Server.OnConnected";
    let disconnected = "Microsoft.AspNetCore.SignalR.Server.OnDisconnected";
    assert_eq!(
        recorder.spans(),
        [
            span(connected, "internal", "OnConnectedAsync"),
            call_span("Wait"),
            span(disconnected, "internal", "OnDisconnectedAsync")
        ]
    );
    let events: Vec<_> =
        recorder.events().into_iter().map(|event| (event.fields["message"].clone(), event.spans)).collect();
    let wanted: [(&str, &[&str]); 7] = [
        ("factory", &[connected]),
        ("connected", &[connected]),
        ("before", &[CALL]),
        ("outside", &[]),
        ("after", &[CALL]),
        ("a connection ended", &[]),
        ("disconnected", &[disconnected]),
    ];
    assert_eq!(events, wanted.map(|(text, spans)| (text.to_owned(), spans.to_vec())));
}

#[tokio::test(start_paused = true)]
async fn a_span_begins_when_its_call_has_its_turn() {
    let (recorder, _guard) = Recorder::start();
    let server = Server::new();
    let mut client = server.connect().await;
    client.send_all([call("1", "Wait", r#"["gate"]"#), call("2", "Add", "[1,2]")]).await;
    settle().await;
    assert_eq!(calls(&recorder).len(), 1);
    server.world.open("gate");
    client.next().await;
    client.next().await;
    assert_eq!(calls(&recorder), [call_span("Wait"), call_span("Add")]);
}

#[tokio::test(start_paused = true)]
async fn a_span_lasts_until_its_stream_ends() {
    let (recorder, _guard) = Recorder::start();
    let server = Server::new();
    let mut client = server.connect().await;
    client.send(stream("1", "Ticks", r#"["gate"]"#)).await;
    server.world.open("gate");
    client.next().await;
    assert!(!calls(&recorder)[0].closed);
    client.send(cancel("1")).await;
    client.next().await;
    // A stream that nobody wants any more has not failed.
    assert_eq!(calls(&recorder), [call_span("Ticks")]);
}

const HUB_EXCEPTION: &str = "Microsoft.AspNetCore.SignalR.HubException";

#[tokio::test(start_paused = true)]
async fn a_failure_is_named_and_not_told() {
    let (recorder, _guard) = Recorder::start();
    let server =
        Server::of(World::default(), |service| service.authorize(&[ProbeHubContract::JOIN], |_| false));
    let mut client = server.connect().await;
    let cases = [
        (call("1", "Fail", r#"["a text"]"#), "Fail", HUB_EXCEPTION),
        (call("1", "Crash", "[]"), "Crash", "Error"),
        (call("1", "Panic", "[]"), "Panic", "panic"),
        (call("1", "Join", r#"["group"]"#), "Join", "refused"),
        (stream("1", "FailAfter", r#"[0,"a text"]"#), "FailAfter", HUB_EXCEPTION),
        (stream("1", "PanicAfter", "[0]"), "PanicAfter", "panic"),
    ];
    for (record, ..) in &cases {
        client.send(record).await;
        client.next().await;
    }
    let wanted = cases.map(|(_, method, error)| failed(call_span(method), error));
    assert_eq!(calls(&recorder), wanted);

    // What is no call of the hub has no span.
    client.send(call("1", "NoSuchMethod", "[]")).await;
    client.next().await;
    assert_eq!(calls(&recorder).len(), wanted.len());

    let connected = world::hook(|_, _| async { Err(HubError::new("not you")) });
    let server = Server::of(World { connected, ..World::default() }, |service| service);
    server.connect().await.rest().await;
    let last = recorder.spans().pop().unwrap();
    let connected = span("Microsoft.AspNetCore.SignalR.Server.OnConnected", "internal", "OnConnectedAsync");
    assert_eq!(last, failed(connected, HUB_EXCEPTION));
}

/// The spans of a connection and its call, each with these fields of the network.
async fn spans_with(server: Server, client: impl FnOnce(&Server) -> Client, fields: &[(&'static str, &str)]) {
    let (recorder, _guard) = Recorder::start();
    let mut client = client(&server);
    client.shake_hands().await;
    client.send(call("1", "Nothing", "[]")).await;
    assert_eq!(client.next().await, result("1", "null"));
    client.leave().await;
    settle().await;
    let spans = recorder.spans();
    assert_eq!(spans.len(), 3, "{spans:?}");
    for mut span in spans {
        span.fields.retain(|name, _| name.starts_with("server.") || name.starts_with("network."));
        let found: Vec<_> = span.fields.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(found, fields, "{}", span.name);
    }
}

/// Under the names of OpenTelemetry, as `ConnectionEndpointTags` has them.
#[tokio::test(start_paused = true)]
async fn spans_tell_of_the_network() {
    let at = |address: LocalAddress| {
        let service = |service: HubService<Probe>| service.local_address(move |_| Some(address.clone()));
        Server::of(World::default(), service)
    };
    let tcp = |address: &str| LocalAddress::from(address.parse::<std::net::SocketAddr>().unwrap());
    let by_ip = |transport, family, address, port| {
        [
            ("network.transport", transport),
            ("network.type", family),
            ("server.address", address),
            ("server.port", port),
        ]
    };
    spans_with(at(tcp("127.0.0.1:80")), Server::open, &by_ip("tcp", "ipv4", "127.0.0.1", "80")).await;
    spans_with(at(tcp("[2001:db8::1]:443")), Server::open, &by_ip("tcp", "ipv6", "2001:db8::1", "443")).await;
    let by_name = |transport, name| [("network.transport", transport), ("server.address", name)];
    let unix = at(LocalAddress::Unix("/run/hub.sock".into()));
    spans_with(unix, Server::open, &by_name("unix", "/run/hub.sock")).await;
    spans_with(at(LocalAddress::Pipe("hub".into())), Server::open, &by_name("pipe", "hub")).await;
    spans_with(Server::new(), Server::open, &[]).await;
    let panics =
        |service: HubService<Probe>| service.local_address(|_| panic!("an address panics on purpose"));
    spans_with(Server::of(World::default(), panics), Server::open, &[]).await;
}

#[cfg(feature = "axum")]
#[tokio::test(start_paused = true)]
async fn the_address_of_a_client_says_which_network_it_is() {
    for (address, family) in [("192.0.2.1:1234", "ipv4"), ("[2001:db8::2]:1234", "ipv6")] {
        let address: std::net::SocketAddr = address.parse().unwrap();
        let from = |server: &Server| {
            server.open_with(|request| {
                request.extensions.insert(axum::extract::ConnectInfo(address));
            })
        };
        let fields = [("network.transport", "tcp"), ("network.type", family)];
        spans_with(Server::new(), from, &fields).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_trace_of_the_caller_is_handed_over() {
    let (_recorder, _guard) = Recorder::start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let of_hook = Arc::clone(&seen);
    let server = Server::of(World::default(), |service| {
        service.trace_parent(move |span, caller| {
            let name = span.metadata().unwrap().name();
            of_hook.lock().unwrap().push((name, caller.parent_id(), caller.state().map(str::to_owned)));
        })
    });
    let mut client = server.connect().await;
    let with = |headers: &str| {
        format!(r#"{{"type":1,"invocationId":"1","target":"Nothing","arguments":[],"headers":{headers}}}"#)
    };
    let traced = with(&format!(r#"{{"traceparent":"{PARENT}","tracestate":"a=1"}}"#));
    for record in [&traced, &with("{}"), &with(r#"{"traceparent":"nonsense"}"#), &call("1", "Nothing", "[]")]
    {
        client.send(record).await;
        assert_eq!(client.next().await, result("1", "null"));
    }
    let wanted = [(CALL, 0xb7ad_6b71_6920_3331, Some("a=1".to_owned()))];
    assert_eq!(*seen.lock().unwrap(), wanted);
    // Where nobody traces, nobody asks.
    let _nobody = tracing::subscriber::set_default(NoSubscriber::new());
    client.send(&traced).await;
    client.next().await;
    assert_eq!(seen.lock().unwrap().len(), 1);
}
