//! All that is set before a client connects.

use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderMap;

use super::dispatcher::Handlers;
#[cfg(feature = "test-util")]
use super::error::ConnectError;
use super::token::TokenSource;
use crate::HubProtocol;
use crate::connection::rate::Rate;

/// What a connection is made from.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) token: TokenSource,
    pub(crate) headers: HeaderMap,
    pub(crate) negotiate: Negotiate,
    pub(crate) protocol: HubProtocol,
    pub(crate) handlers: Option<Arc<dyn Handlers>>,
    pub(crate) server_timeout: Duration,
    pub(crate) keep_alive_interval: Duration,
    pub(crate) handshake_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) stream_buffer: usize,
    pub(crate) maximum_receive_message_size: Option<usize>,
    pub(crate) fragments: u64,
    pub(crate) control_frames: Option<Rate>,
}

/// Whether the server is asked how to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Negotiate {
    Ask,
    Skip,
}

impl Settings {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            token: TokenSource::None,
            headers: HeaderMap::new(),
            negotiate: Negotiate::Ask,
            protocol: HubProtocol::Json,
            handlers: None,
            server_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(15),
            handshake_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(100),
            close_timeout: Duration::from_secs(5),
            stream_buffer: 16 * 1024 * 1024,
            maximum_receive_message_size: Some(16 * 1024 * 1024),
            fragments: 64,
            control_frames: Some(Rate::per_second(100)),
        }
    }

    /// What the user wants to have in the headers of a request.
    #[cfg(feature = "test-util")]
    pub(crate) async fn request_headers(&self) -> Result<HeaderMap, ConnectError> {
        let mut headers = self.headers.clone();
        if let Some(bearer) = self.token.bearer().await? {
            headers.insert(http::header::AUTHORIZATION, bearer);
        }
        Ok(headers)
    }
}
