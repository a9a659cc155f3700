//! The page: the files of `page/public`, and the SignalR client that npm has installed.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Where the page lies in the repository.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/page");

/// The SignalR client for browsers, in the page's folder.
const SIGNALR: &str = "node_modules/@microsoft/signalr/dist/browser/signalr.min.js";

/// Serves the page in `folder`.
pub fn router(folder: &Path) -> Router {
    // Nothing but our own files: no foreign script that could read the token.
    let policy = HeaderValue::from_static("default-src 'self'; img-src 'self' data:");
    Router::new()
        .route_service("/signalr.js", ServeFile::new(folder.join(SIGNALR)))
        .fallback_service(ServeDir::new(folder.join("public")))
        .layer(SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, policy))
}

/// Whether npm has installed what the page in `folder` needs.
pub fn is_built(folder: &Path) -> bool {
    folder.join(SIGNALR).exists()
}
