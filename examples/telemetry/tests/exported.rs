//! What leaves the process for an operator to look at.

use std::future::ready;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use opentelemetry::trace::{SpanId, SpanKind, Status, TraceId};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use telemetry_example::{app, observe};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

#[derive(Clone, Debug, Default)]
struct Exported(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Exported {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        self.0.lock().unwrap().extend(batch);
        ready(Ok(()))
    }
}

impl Exported {
    fn find(&self, name: &str) -> SpanData {
        let spans = self.0.lock().unwrap();
        spans
            .iter()
            .find(|span| span.name == name)
            .unwrap_or_else(|| panic!("{name} is not in {spans:?}"))
            .clone()
    }
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    span.attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == name)
        .map(|found| found.value.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_the_trace_of_its_caller_and_a_connection_in_the_metrics() {
    let exported = Exported::default();
    let observed = observe(exported.clone()).unwrap();
    let (app, hub) = app(&observed);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/weather"), stream).await.unwrap();
    let traced = r#"{"type":1,"invocationId":"1","target":"Forecast","arguments":["Bern"],"headers":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"vendor=1"}}"#;
    let failing = r#"{"type":1,"invocationId":"2","target":"Forecast","arguments":[""]}"#;
    for (record, answer) in [
        (r#"{"protocol":"json","version":1}"#, "{}"),
        (traced, r#"{"type":3,"invocationId":"1","result":4}"#),
        (
            failing,
            r#"{"type":3,"invocationId":"2","error":"An unexpected error occurred invoking 'Forecast' on the server. HubException: which city?"}"#,
        ),
    ] {
        socket.send(Message::text(format!("{record}\u{1e}"))).await.unwrap();
        let text = socket.next().await.unwrap().unwrap().into_text().unwrap();
        assert_eq!(text.as_str().trim_end_matches('\u{1e}'), answer);
    }

    let metrics = observed.prometheus.render();
    let active = r#"signalr_server_active_connections{signalr_transport="web_sockets"} 1"#;
    assert!(metrics.lines().any(|line| line == active), "{metrics}");
    tokio::join!(hub.shut_down(), async { while let Some(Ok(_)) = socket.next().await {} });
    let metrics = observed.prometheus.render();
    for line in [
        "# HELP signalr_server_connection_duration The duration of connections on the server.",
        "# TYPE signalr_server_connection_duration histogram",
        r#"signalr_server_active_connections{signalr_transport="web_sockets"} 0"#,
        r#"signalr_server_connection_duration_bucket{signalr_connection_status="app_shutdown",signalr_transport="web_sockets",le="300"} 1"#,
        r#"signalr_server_connection_duration_count{signalr_connection_status="app_shutdown",signalr_transport="web_sockets"} 1"#,
    ] {
        assert!(metrics.lines().any(|other| other == line), "{line} is not in {metrics}");
    }

    observed.traces.force_flush().unwrap();
    let call = exported.find("Weather/Forecast");
    assert_eq!(call.span_kind, SpanKind::Server);
    assert_eq!(call.span_context.trace_id(), TraceId::from(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c));
    assert_eq!(call.parent_span_id, SpanId::from(0xb7ad_6b71_6920_3331));
    assert!(call.parent_span_is_remote);
    assert_eq!(call.span_context.trace_state().header(), "vendor=1");
    assert_eq!(call.status, Status::Unset);
    assert_eq!(call.events.len(), 1);
    for (name, value) in [("rpc.system", "signalr"), ("rpc.service", "Weather"), ("rpc.method", "Forecast")] {
        assert_eq!(attribute(&call, name).as_deref(), Some(value));
    }

    let spans = exported.0.lock().unwrap().clone();
    let failed = spans.iter().find(|span| attribute(span, "error.type").is_some()).unwrap();
    assert_eq!(attribute(failed, "error.type").as_deref(), Some("Microsoft.AspNetCore.SignalR.HubException"));
    assert_eq!(failed.status, Status::error(""));
    assert_eq!(failed.parent_span_id, SpanId::INVALID);
    assert_eq!(exported.find("Weather/OnConnectedAsync").span_kind, SpanKind::Internal);
    assert_eq!(exported.find("Weather/OnDisconnectedAsync").span_kind, SpanKind::Internal);
}
