//! The spans around the code of a hub.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt;
use tracing::field::Empty;
use tracing::{Instrument, Level, Span};

use super::trace_context::TraceContext;
use crate::contract::dispatch::{Answer, Reply, Running};
use crate::contract::error::{HubError, HubErrorKind};
use crate::endpoint::network::Network;
use crate::protocol::message::Invocation;

/// What log filters know the spans by.
const TARGET: &str = "signalr_runtime::server";

/// Makes the caller's span the parent of the span of its call.
pub(crate) type TraceParent = dyn Fn(&Span, &TraceContext) + Send + Sync;

/// A span of its own, whatever the thread is in: what a hub does is part of no request. The macro wants its name to be
/// a literal.
macro_rules! span {
    ($name:literal, $kind:literal, $hub:expr, $method:expr) => {
        tracing::info_span!(
            target: TARGET,
            parent: None,
            $name,
            otel.name = format_args!("{}/{}", $hub, $method),
            otel.kind = $kind,
            otel.status_code = Empty,
            rpc.system = "signalr",
            rpc.service = $hub,
            rpc.method = $method,
            server.address = Empty,
            server.port = Empty,
            network.transport = Empty,
            "network.type" = Empty,
            "error.type" = Empty,
        )
    };
}

/// The span of the connect callback.
pub(crate) fn connected(hub: &'static str, network: impl FnOnce() -> Network) -> Span {
    let span = span!("Microsoft.AspNetCore.SignalR.Server.OnConnected", "internal", hub, "OnConnectedAsync");
    over(span, network)
}

/// The span of the disconnect callback.
pub(crate) fn disconnected(hub: &'static str, network: impl FnOnce() -> Network) -> Span {
    let span =
        span!("Microsoft.AspNetCore.SignalR.Server.OnDisconnected", "internal", hub, "OnDisconnectedAsync");
    over(span, network)
}

/// A span with the network of its connection, which is not looked for where nobody looks at the span.
fn over(span: Span, network: impl FnOnce() -> Network) -> Span {
    if !span.is_disabled() {
        network().record(&span);
    }
    span
}

/// Runs the callback for new credentials in its span.
pub(crate) async fn authentication_refreshed(
    hub: &'static str,
    network: impl FnOnce() -> Network,
    callback: Running,
) -> Reply {
    let span = span!(
        "Microsoft.AspNetCore.SignalR.Server.OnAuthenticationRefreshed",
        "internal",
        hub,
        "OnAuthenticationRefreshedAsync"
    );
    let span = over(span, network);
    let reply = run(callback, &span).await;
    if let Some(error) = reply.as_error() {
        failed(&span, error.name());
    }
    reply
}

/// Notes a failure, never its text.
pub(crate) fn failed(span: &Span, error: &str) {
    span.record("error.type", error_type(error)).record("otel.status_code", "ERROR");
}

/// The full name of an error that has a name of .NET's.
fn error_type(error: &str) -> &str {
    match error {
        "HubException" => "Microsoft.AspNetCore.SignalR.HubException",
        "Exception" => "System.Exception",
        "ArgumentException" => "System.ArgumentException",
        "FormatException" => "System.FormatException",
        "InvalidOperationException" => "System.InvalidOperationException",
        "OperationCanceledException" => "System.OperationCanceledException",
        "TimeoutException" => "System.TimeoutException",
        "IOException" => "System.IO.IOException",
        "InvalidDataException" => "System.IO.InvalidDataException",
        other => other,
    }
}

/// A call whose span begins when its turn has come.
pub(crate) struct CallSpan {
    hub: &'static str,
    method: &'static str,
    network: Network,
    caller: Option<(Arc<TraceParent>, TraceContext)>,
}

impl CallSpan {
    /// None while nobody looks at such spans: a call then costs no more than this question.
    pub(crate) fn new(
        hub: &'static str,
        method: &'static str,
        network: impl FnOnce() -> Network,
        invocation: &Invocation<'_>,
        trace_parent: Option<&Arc<TraceParent>>,
    ) -> Option<Self> {
        if !tracing::span_enabled!(target: TARGET, Level::INFO) {
            return None;
        }
        let caller = trace_parent.and_then(|trace_parent| {
            Some((Arc::clone(trace_parent), TraceContext::of_headers(&invocation.headers)?))
        });
        Some(Self { hub, method, network: network(), caller })
    }

    /// Runs a method, and the stream it may return, in the span.
    pub(crate) async fn around(self, method: Running) -> Reply {
        let span = span!("Microsoft.AspNetCore.SignalR.Server.InvocationIn", "server", self.hub, self.method);
        self.network.record(&span);
        if let Some((trace_parent, context)) = self.caller {
            trace_parent(&span, &context);
        }
        match run(method, &span).await.0 {
            Ok(Answer::Items(items)) => Reply::items(Box::pin(stream(items, span))),
            ended => {
                match &ended {
                    Err(error) => failed(&span, error.name()),
                    Ok(Answer::Refused(_)) => failed(&span, "refused"),
                    Ok(_) => {}
                }
                Reply(ended)
            }
        }
    }
}

async fn stream(items: Running, span: Span) -> Reply {
    let reply = run(items, &span).await;
    match reply.as_error().map(HubError::kind) {
        // Its reader has gone, or wants no more of it: a stream may end like this.
        None | Some(HubErrorKind::Closed | HubErrorKind::Canceled) => {}
        Some(_) => reply.as_error().into_iter().for_each(|error| failed(&span, error.name())),
    }
    reply
}

async fn run(running: Running, span: &Span) -> Reply {
    match AssertUnwindSafe(running.instrument(span.clone())).catch_unwind().await {
        Ok(reply) => reply,
        Err(panic) => {
            failed(span, "panic");
            resume_unwind(panic)
        }
    }
}
