//! Joins the traces of callers.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId};
use signalr_runtime::server::telemetry::TraceContext;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes the span of the caller the parent of the span of its call.
pub(crate) fn set(span: &Span, caller: &TraceContext) {
    let caller = SpanContext::new(
        TraceId::from(caller.trace_id()),
        SpanId::from(caller.parent_id()),
        TraceFlags::new(caller.flags()),
        true,
        caller.state().and_then(|state| state.parse().ok()).unwrap_or_default(),
    );
    // It fails for a span that OpenTelemetry was told to leave out.
    let _ = span.set_parent(Context::new().with_remote_span_context(caller));
}
