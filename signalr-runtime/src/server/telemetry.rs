//! What operators see of a hub: metrics, spans and logs. None of them ever holds a token or a value of a message.
//!
//! # Metrics
//!
//! With the feature `metrics`, through the facade of that name and under ASP.NET Core's names. Install a recorder, such
//! as that of `metrics-exporter-prometheus`, before the first [`HubService`](super::HubService) is made.
//!
//! | metric | kind, unit | attributes | |
//! |---|---|---|---|
//! | `signalr.server.active_connections` | gauge, connections | `signalr.transport` | connections that are open |
//! | `signalr.server.connection.duration` | histogram, seconds | `signalr.transport`, `signalr.connection.status` | how long the connections that have ended were open |
//! | `signalr.server.limit_hit` | counter, times | `kind` | limits that clients have reached; not of ASP.NET Core |
//! | `signalr.server.blocking_polls` | counter, times | `hub`, `method` | times that code of the application held its thread for longer than [`blocking_warning`](super::HubOptions::blocking_warning); not of ASP.NET Core |
//! | `signalr.panics` | counter, times | `code` | panics that were caught: of the hub's code, of what it was given, or of a connection; not of ASP.NET Core |
//!
//! A connection counts from the opening of its transport, handshake included, until all that it has started has ended.
//!
//! | attribute | values |
//! |---|---|
//! | `signalr.transport` | `web_sockets`, `server_sent_events`, `long_polling` |
//! | `code` | `method`, `decoder`, `connect`, `disconnect`, `handler`, `identity`, `upload`, `connection`: whose it was |
//! | `kind` | `negotiates`, `handshakes`, `connections`, `connections_per_address`, `connections_per_user`, `memory`, `slow_readers`, `request_head`, `origin`, `unknown_connection`, `handshake_time`, `message_size`, `malformed_message`, `malformed_frame`, `forged_result`, `message_rate`, `control_frames`, `fragments`, `queued_calls`, `unread_items`, `unsent_answers`, `body_time`, `poll_absence`, `id_length`, `calls`, `method_arguments`, `method_calls`, `method_time`, `blocking_threads`, `call_linger`, `callback_time`, `client_result_time`, `upload_streams`, `stray_items`, `slow_consumer`, `write_time`, `read_ahead`, `unacknowledged`, `resumes`, `refreshes`, `queued_posts`, `absent_clients`, `group_name`, `groups_per_connection`: which limit, mostly by the name of the option |
//! | `signalr.connection.status` | `normal_closure`; `timeout`: the client was silent or away for too long, or did not take what was sent to it; `app_shutdown`: it ended because the hub was being [drained](super::HubHandle::drain) |
//!
//! # Spans
//!
//! Through `tracing`, at the level `INFO` and with the target `signalr_runtime::server`. The names and fields are those
//! of ASP.NET Core's activities; `otel.*` are what `tracing-opentelemetry` reads.
//!
//! | span | `otel.kind` | around |
//! |---|---|---|
//! | `Microsoft.AspNetCore.SignalR.Server.InvocationIn` | `server` | one call: rules, filters and method, and the stream that it may return, to its end |
//! | `Microsoft.AspNetCore.SignalR.Server.OnConnected` | `internal` | making the hub, and its connect callback |
//! | `Microsoft.AspNetCore.SignalR.Server.OnAuthenticationRefreshed` | `internal` | its callback for new credentials |
//! | `Microsoft.AspNetCore.SignalR.Server.OnDisconnected` | `internal` | its disconnect callback |
//!
//! | field | value |
//! |---|---|
//! | `otel.name` | `{hub}/{method}` |
//! | `rpc.system` | `signalr` |
//! | `rpc.service` | the trait of the hub |
//! | `rpc.method` | the method, as its contract names it; `OnConnectedAsync` and so on |
//! | `server.address`, `server.port` | the address of this server at which the client has connected; the path of a Unix socket, the name of a pipe: where [`HubService::local_address`](super::HubService::local_address) says it |
//! | `network.type` | `ipv4` or `ipv6`; without the address of the server that of the client, with the feature `axum`, where `into_make_service_with_connect_info::<SocketAddr>()` makes it known |
//! | `network.transport` | `tcp`, `unix` or `pipe`; known as the two above are |
//! | `error.type` | of what failed: the name that ASP.NET Core would give the error (`Microsoft.AspNetCore.SignalR.HubException`), or of the type of the error here; `refused` for a call that a rule or its own form forbids, `panic` |
//! | `otel.status_code` | `ERROR` of what failed |
//!
//! The code of the hub runs inside its span: whatever it logs or calls is part of that. The spans have no parent and,
//! unlike ASP.NET Core's, no link to the request that opened the connection, because the connection outlives it; the
//! caller's span is made the parent of a call by
//! [`HubService::trace_parent`](super::HubService::trace_parent). A call that nobody traces costs one look at a
//! number.
//!
//! `examples/telemetry` in the repository is a server with Prometheus and OpenTelemetry.
//!
//! # Logs
//!
//! Through `tracing`, too: what failed inside the server at `ERROR`, with the text of the error; a shutdown that had to
//! cut connections short, and code of the application that held its thread, at `WARN`; what clients did wrong, why a request was refused, and why each connection ended, at `DEBUG`.

pub use crate::endpoint::metrics::{ACTIVE_CONNECTIONS, CONNECTION_DURATION, CONNECTION_DURATION_BUCKETS};
pub use crate::endpoint::network::LocalAddress;
pub use crate::hub::trace_context::TraceContext;
