//! The page for browsers: the files of `page/public`, and the SignalR client that npm has installed.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Where the page lies in the repository.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/page");

/// The SignalR client for browsers, in the page's folder.
const SIGNALR: &str = "node_modules/@microsoft/signalr/dist/browser/signalr.min.js";

/// A file that the page needs is missing.
#[derive(Debug, thiserror::Error)]
#[error(
    "the page is not built, {} is missing: run `npm ci` in examples/chat-server/page, or `cargo xtask chat`, which does it",
    .0.display()
)]
pub struct PageNotBuilt(PathBuf);

/// Serves the page in `folder`.
pub fn router(folder: &Path) -> Result<Router, PageNotBuilt> {
    let public = existing(folder.join("public"))?;
    let signalr = existing(folder.join(SIGNALR))?;
    Ok(Router::new()
        .route_service("/signalr.js", ServeFile::new(signalr))
        .fallback_service(ServeDir::new(public))
        // Nothing but our own files: what somebody says cannot bring a script along.
        .layer(header(CONTENT_SECURITY_POLICY, "default-src 'self'"))
        // A changed file is seen at the next reload.
        .layer(header(CACHE_CONTROL, "no-cache")))
}

fn existing(path: PathBuf) -> Result<PathBuf, PageNotBuilt> {
    if path.exists() { Ok(path) } else { Err(PageNotBuilt(path)) }
}

fn header(name: axum::http::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
