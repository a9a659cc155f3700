//! Where metrics, traces and logs go. All of it is set up before the first hub is made.

use std::error::Error;
use std::io;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use signalr_runtime::server::telemetry::{CONNECTION_DURATION, CONNECTION_DURATION_BUCKETS};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// How often measured values that nobody has fetched are added up.
const UPKEEP: Duration = Duration::from_secs(5);

/// What was set up.
pub struct Observed {
    /// Renders the metrics.
    pub prometheus: PrometheusHandle,
    /// Exports the traces: shut it down last, or the newest are lost.
    pub traces: SdkTracerProvider,
}

/// Observes this process. Once, and inside a tokio runtime.
pub fn observe(exporter: impl SpanExporter + 'static) -> Result<Observed, Box<dyn Error>> {
    let prometheus = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(CONNECTION_DURATION.to_owned()), CONNECTION_DURATION_BUCKETS)?
        .install_recorder()?;
    let upkeep = prometheus.clone();
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(UPKEEP);
        loop {
            interval.tick().await;
            upkeep.run_upkeep();
        }
    });

    let traces = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer("telemetry-example"));
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry()
        .with(spans.with_filter(LevelFilter::INFO))
        .with(log.with_filter(LevelFilter::WARN))
        .try_init()?;
    Ok(Observed { prometheus, traces })
}
