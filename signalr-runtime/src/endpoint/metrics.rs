//! The names of the metrics, and what the recorder is told of them.

/// The histogram of how long connections were open, in seconds.
pub const CONNECTION_DURATION: &str = "signalr.server.connection.duration";

/// The gauge of the connections that are open.
pub const ACTIVE_CONNECTIONS: &str = "signalr.server.active_connections";

/// The counter of pieces of the application's code that held their thread.
#[cfg(feature = "metrics")]
pub(crate) const BLOCKING_POLLS: &str = "signalr.server.blocking_polls";

/// Buckets for [`CONNECTION_DURATION`], in seconds: those that ASP.NET Core advises.
pub const CONNECTION_DURATION_BUCKETS: &[f64] =
    &[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// Tells the recorder what the metrics are.
pub(crate) fn describe_metrics() {
    #[cfg(feature = "metrics")]
    {
        metrics::describe_histogram!(
            CONNECTION_DURATION,
            metrics::Unit::Seconds,
            "The duration of connections on the server."
        );
        metrics::describe_gauge!(
            ACTIVE_CONNECTIONS,
            metrics::Unit::Count,
            "Number of connections that are currently active on the server."
        );
        metrics::describe_counter!(
            "signalr.server.limit_hit",
            metrics::Unit::Count,
            "Number of times that clients have reached a limit of the server."
        );
        metrics::describe_counter!(
            BLOCKING_POLLS,
            metrics::Unit::Count,
            "Number of times that code of the application has held its thread for too long."
        );
        metrics::describe_counter!(
            "signalr.panics",
            metrics::Unit::Count,
            "Number of panics that were caught."
        );
    }
}
