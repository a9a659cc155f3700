//! Tests of hubs without a socket: a hub and its clients in one process.
//!
//! Everything but HTTP is the real thing: the handshake, the hub protocol, the engine on both sides. No I/O takes
//! place, so a test may pause tokio's clock.
//!
//! ```
//! use signalr_runtime::server::*;
//! use signalr_runtime::test::TestServer;
//! use signalr_runtime::{HubResult, client_proxy, hub};
//!
//! #[hub(client = ChatClient)]
//! trait ChatHub {
//!     async fn send(&self, text: &str) -> HubResult;
//! }
//!
//! #[client_proxy]
//! trait ChatClient {
//!     async fn received(&self, text: &str);
//! }
//!
//! struct Chat(HubContext<ChatHubContract>);
//!
//! impl Hub for Chat {
//!     type Contract = ChatHubContract;
//! }
//!
//! impl ChatHub for Chat {
//!     async fn send(&self, text: &str) -> HubResult {
//!         self.0.clients().all().received(text).await
//!     }
//! }
//!
//! struct Screen(tokio::sync::mpsc::UnboundedSender<String>);
//!
//! impl ChatClient for Screen {
//!     async fn received(&self, text: &str) {
//!         let _ = self.0.send(text.to_owned());
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let server = TestServer::new(HubService::<Chat>::new(Chat));
//! let (screen, mut received) = tokio::sync::mpsc::unbounded_channel();
//! let ada = server.client().connect().await.unwrap();
//! let bob = server.client().handlers(Screen(screen)).connect().await.unwrap();
//! ada.hub().send("hello").await.unwrap();
//! assert_eq!(received.recv().await.unwrap(), "hello");
//! bob.stop().await;
//! # });
//! ```
//!
//! # A clock that is paused
//!
//! With `#[tokio::test(start_paused = true)]` (feature `test-util` of tokio) time stands still while anything can run, and
//! jumps to the next timer when everybody waits. A test of a timeout of 30 seconds takes no time, and sees it after exactly
//! 30 seconds of [`tokio::time::Instant`]:
//!
//! ```
//! # use std::time::Duration;
//! # use signalr_runtime::server::{Hub, HubService};
//! # use signalr_runtime::test::TestServer;
//! # use signalr_runtime::{HubErrorKind, HubResult, hub};
//! # #[hub]
//! # trait Library { async fn search(&self, words: &str) -> HubResult<u32>; }
//! # struct Reader;
//! # impl Hub for Reader { type Contract = LibraryContract; }
//! # impl Library for Reader {
//! #     async fn search(&self, _words: &str) -> HubResult<u32> { std::future::pending().await }
//! # }
//! // #[tokio::test(start_paused = true)]
//! async fn a_search_is_given_up_after_half_a_minute() {
//!     let server = TestServer::new(HubService::<Reader>::new(|_| Reader));
//!     let reader = server.client().connect().await.unwrap();
//!     let begun = tokio::time::Instant::now();
//!     let given_up = reader.hub().search("everything").timeout(Duration::from_secs(30)).await;
//!     assert_eq!(given_up.unwrap_err().kind(), HubErrorKind::Timeout);
//!     assert_eq!(begun.elapsed(), Duration::from_secs(30));
//! }
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
//! #     .block_on(a_search_is_given_up_after_half_a_minute());
//! ```
//!
//! Wait for what a test is about, by a channel that a handler sends into, and not for some time to pass. What is not on
//! tokio's clock does not jump with it: `std::time`, sockets, other threads. A clock does not jump while a
//! [blocking method](crate::server::MethodOptions#methods-that-block) has its thread, and a connection over a real socket on
//! a paused clock runs into its timeouts at once.

use std::fmt;
use std::ops::Deref;

use http::{Extensions, Request, Uri};

use crate::client::{ConnectError, HubConnection, HubConnectionBuilder, Opened, start};
use crate::connection::frame::FrameHeader;
use crate::contract::dispatch::Dispatch;
use crate::contract::hub::HubContract;
use crate::server::{Hub, HubHandle, HubService};
use crate::transport::memory::{self, Line};

/// How many bytes each direction of a connection holds before its sender waits.
const CAPACITY: usize = 64 * 1024;

/// A hub that is served to clients in the same process.
pub struct TestServer<H: Hub + 'static> {
    service: HubService<H>,
}

impl<H: Hub + 'static> TestServer<H> {
    /// Serves a hub. Its options, filters and rules hold as they would over HTTP; what is of HTTP does not: transports,
    /// layers, the rule of origins, the end of credentials, and the limits on how many connections there may be.
    pub fn new(service: HubService<H>) -> Self {
        Self { service }
    }

    /// Prepares a client.
    pub fn client(&self) -> TestClient<'_, H> {
        TestClient {
            service: &self.service,
            builder: HubConnection::builder("http://localhost/"),
            extensions: Extensions::new(),
            uri: Uri::default(),
        }
    }

    /// The hub from outside its connections.
    pub fn handle(&self) -> HubHandle<H::Contract> {
        self.service.handle()
    }
}

impl<H: Hub + 'static> fmt::Debug for TestServer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServer").field("service", &self.service).finish()
    }
}

/// Prepares a client of a [`TestServer`].
#[must_use = "nothing happens before `connect`"]
pub struct TestClient<'a, H: Hub + 'static> {
    service: &'a HubService<H>,
    builder: HubConnectionBuilder<H::Contract>,
    extensions: Extensions,
    uri: Uri,
}

impl<H: Hub + 'static> TestClient<'_, H> {
    /// What answers the server's calls: see [`HubConnectionBuilder::handlers`].
    pub fn handlers<T>(self, handlers: T) -> Self
    where
        T: Send + Sync + 'static,
        <H::Contract as HubContract>::Client: Dispatch<T>,
    {
        self.configure(|builder| builder.handlers(handlers))
    }

    /// Adds what a layer of the application would have put into the extensions of the request: the claims of a user,
    /// for instance, for [`HubService::user_id`] to find.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }

    /// What the client asks for, e.g. `/chat?room=lobby`, where the hub
    /// [extracts](crate::server::HubContext::extract) something from it. Default: `/`.
    pub fn uri(mut self, uri: Uri) -> Self {
        self.uri = uri;
        self
    }

    /// Sets anything else that a client can be set to. Headers and the access token arrive with the request; the
    /// address, and what belongs to HTTP, has no meaning here.
    pub fn configure<F>(mut self, configure: F) -> Self
    where
        F: FnOnce(HubConnectionBuilder<H::Contract>) -> HubConnectionBuilder<H::Contract>,
    {
        self.builder = configure(self.builder);
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// As over HTTP: [`ConnectError::status`] is 401 or 403 where a rule of the hub refuses the client, and 503 where the
    /// hub is being drained.
    pub async fn connect(self) -> Result<TestConnection<H::Contract>, ConnectError> {
        let settings = self.builder.into_settings();
        let format = settings.protocol;
        let (mut request, ()) = Request::new(()).into_parts();
        request.headers = settings.request_headers().await?;
        request.extensions = self.extensions;
        request.uri = self.uri;
        let (near, far) = memory::pair(CAPACITY);
        let line = near.line();
        let id = self.service.accept(request, Box::new(far)).map_err(ConnectError::NegotiateStatus)?;
        let opened = Opened {
            transport: Box::new(near),
            frame_header: FrameHeader::None,
            format,
            id: Some(id.into()),
        };
        let connection = HubConnection::new(start(settings, opened).await?);
        Ok(TestConnection { connection, line })
    }
}

impl<H: Hub + 'static> fmt::Debug for TestClient<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClient").field("builder", &self.builder).finish_non_exhaustive()
    }
}

/// A [`HubConnection`] to a [`TestServer`], which can also break.
pub struct TestConnection<C> {
    connection: HubConnection<C>,
    line: Line,
}

impl<C> TestConnection<C> {
    /// Breaks the connection, as a cable that is pulled out does: both sides lose what is on its way.
    pub fn lose(&self) {
        self.line.cut();
    }
}

impl<C> Deref for TestConnection<C> {
    type Target = HubConnection<C>;

    fn deref(&self) -> &HubConnection<C> {
        &self.connection
    }
}

impl<C: HubContract> fmt::Debug for TestConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.connection, f)
    }
}

#[cfg(all(test, feature = "macros", feature = "axum"))]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use axum::extract::Query;
    use http::StatusCode;

    use super::*;
    use crate::server::HubContext;
    use crate::{HubError, HubResult, ResultExt};

    #[crate::hub(crate = "crate")]
    trait Rooms {
        async fn room(&self) -> HubResult<String>;
    }

    struct Room(String);

    impl Hub for Room {
        type Contract = RoomsContract;
    }

    impl Rooms for Room {
        async fn room(&self) -> HubResult<String> {
            Ok(self.0.clone())
        }
    }

    async fn room_of(cx: HubContext<RoomsContract>) -> HubResult<Room> {
        let Query(mut query) = cx.extract::<Query<HashMap<String, String>>, _>(&()).await.internal()?;
        query.remove("room").map(Room).ok_or_else(|| HubError::new("which room?"))
    }

    #[derive(Clone)]
    struct Name(&'static str);

    #[tokio::test(start_paused = true)]
    async fn a_hub_is_asked_for_by_an_address_and_admits_whom_it_would_over_http() {
        let service = HubService::<Room>::try_new(room_of)
            .user_id(|request| request.extensions.get::<Name>().map(|name| name.0.to_owned()))
            .authorize_hub(|request| request.extensions.get::<Name>().is_some_and(|name| name.0 == "ada"));
        let server = TestServer::new(service);
        let client = || server.client().uri(Uri::from_static("/rooms?room=lobby"));

        let ada = client().extension(Name("ada")).connect().await.unwrap();
        assert_eq!(ada.hub().room().await.unwrap(), "lobby");
        let refused = async |client: TestClient<'_, Room>| client.connect().await.unwrap_err().status();
        assert_eq!(refused(client()).await, Some(StatusCode::UNAUTHORIZED));
        assert_eq!(refused(client().extension(Name("bob"))).await, Some(StatusCode::FORBIDDEN));

        let hub = server.handle();
        tokio::join!(hub.drain(Duration::from_secs(1)), ada.closed());
        assert_eq!(refused(client().extension(Name("ada"))).await, Some(StatusCode::SERVICE_UNAVAILABLE));
    }
}
