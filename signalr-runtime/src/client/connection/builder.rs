//! Preparing a connection.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};

use super::HubConnection;
use crate::HubProtocol;
use crate::client::dispatcher::typed;
use crate::client::error::ConnectError;
use crate::client::session;
use crate::client::settings::{Negotiate, Settings};
use crate::client::token::TokenSource;
use crate::client::transports;
use crate::connection::rate::Rate;
use crate::contract::dispatch::Dispatch;
use crate::contract::hub::HubContract;

/// Prepares a connection to a hub: made by [`HubConnection::builder`].
#[must_use = "nothing happens before `connect`"]
pub struct HubConnectionBuilder<C> {
    settings: Settings,
    contract: PhantomData<fn() -> C>,
}

impl<C: HubContract> HubConnectionBuilder<C> {
    pub(crate) fn new(url: String) -> Self {
        Self { settings: Settings::new(url), contract: PhantomData }
    }

    /// Where the access token comes from (`AccessTokenProvider`). It is asked for every request, so that it can hand out a fresh one: once
    /// to negotiate, once to open the WebSocket, and again after each redirect that brings no token of its own. An
    /// empty token is none. No token is ever logged.
    ///
    /// ```no_run
    /// # use signalr_runtime::HubContract;
    /// # use signalr_runtime::client::{ConnectError, HubConnection};
    /// # async fn run<C: HubContract>() -> Result<(), ConnectError> {
    /// let connection = HubConnection::<C>::builder("https://example.org/chat")
    ///     .access_token(|| async { Ok(std::fs::read_to_string("token")?) })
    ///     .connect()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A closure that has captured something gives each future its own: for a `token` that does not change,
    /// `.access_token(move || std::future::ready(Ok(token.clone())))`.
    pub fn access_token<F, Fut>(mut self, token: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        self.settings.token = TokenSource::Provider(Arc::new(move || Box::pin(token())));
        self
    }

    /// Adds a header to every request; its types are those of the crate `http` 1. It takes the place of the client's own header of that name; an empty
    /// `User-Agent` leaves that header out.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.settings.headers.append(name, value);
        self
    }

    /// Opens a WebSocket without asking the server first (`SkipNegotiation`). That saves one request, and leaves the connection without
    /// an id that the client knows; servers that redirect cannot be reached this way.
    pub fn skip_negotiation(mut self) -> Self {
        self.settings.negotiate = Negotiate::Skip;
        self
    }

    /// The hub protocol to speak. Default: JSON. A server that does not speak it refuses the connection with
    /// [`ConnectError::HandshakeRefused`].
    pub fn protocol(mut self, protocol: HubProtocol) -> Self {
        self.settings.protocol = protocol;
        self
    }

    /// What answers the server's calls: an implementation of the trait that the hub names by `client = …`. Calls
    /// without an answer run one after another, those with an answer beside them.
    pub fn handlers<T>(mut self, handlers: T) -> Self
    where
        T: Send + Sync + 'static,
        C::Client: Dispatch<T>,
    {
        self.settings.handlers = Some(typed::<C::Client, T>(handlers));
        self
    }

    /// How long the server may be silent before the connection is given up. Default: 30 seconds, twice the interval
    /// at which servers ping.
    pub fn server_timeout(mut self, timeout: Duration) -> Self {
        self.settings.server_timeout = timeout;
        self
    }

    /// After how much silence of this side a ping is sent. Default: 15 seconds. The server's client timeout should
    /// be at least twice as long.
    pub fn keep_alive_interval(mut self, interval: Duration) -> Self {
        self.settings.keep_alive_interval = interval;
        self
    }

    /// How long the server may take to answer the handshake. Default: 15 seconds.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// How long the server may take to answer one HTTP request while the connection is being made. Default: 100
    /// seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.settings.request_timeout = timeout;
        self
    }

    /// How long the server may take to answer the close of the transport. Default: 5 seconds.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.settings.close_timeout = timeout;
        self
    }

    /// How many bytes of stream results that nobody has read are kept before the connection stops reading. Default:
    /// 16 MiB. See the [module documentation](crate::client) for what that holds up.
    pub fn stream_buffer(mut self, bytes: usize) -> Self {
        self.settings.stream_buffer = bytes;
        self
    }

    /// The largest message accepted from the server, in bytes on the wire. Default: 16 MiB. `None` lets the server
    /// make this client allocate as much as it likes.
    pub fn maximum_receive_message_size(mut self, bytes: Option<usize>) -> Self {
        self.settings.maximum_receive_message_size = bytes;
        self
    }

    /// In how many fragments of any size the server may send one WebSocket message. It may take one more for each 256
    /// bytes of the message. Beyond that the connection ends. Default: 64, as `Limits::fragments` of a server.
    pub fn fragments(mut self, fragments: u64) -> Self {
        self.settings.fragments = fragments;
        self
    }

    /// How often the server may send a WebSocket ping, pong or empty message. Beyond that the connection ends. Default:
    /// 100 in a second, as `Limits::control_frames` of a server. `None` is no limit. Four pings in a second are answered
    /// at once, and 32 after a rest; of more, the newest, once in a second.
    pub fn control_frames(mut self, rate: Option<Rate>) -> Self {
        self.settings.control_frames = rate;
        self
    }

    /// Connects (`StartAsync`). Dropping the future gives up. To be awaited on a tokio runtime, which then runs the
    /// connection.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] says which step failed; its [`status`](ConnectError::status) is what the server answered, where
    /// it did. Nothing is tried again.
    pub async fn connect(self) -> Result<HubConnection<C>, ConnectError> {
        let opened = transports::open(&self.settings).await?;
        Ok(HubConnection::new(session::start(self.settings, opened).await?))
    }
}

#[cfg(feature = "test-util")]
impl<C> HubConnectionBuilder<C> {
    pub(crate) fn into_settings(self) -> Settings {
        self.settings
    }
}

impl<C> fmt::Debug for HubConnectionBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubConnectionBuilder")
            // What comes behind may be a secret.
            .field("url", &self.settings.url.split(['?', '#']).next())
            .field("token", &self.settings.token)
            .finish_non_exhaustive()
    }
}
