//! ASP.NET Core SignalR for Rust: typed hubs, typed clients, exactly the same wire.
//!
//! A *hub* is a trait with `#[hub]`: what clients may call. A second trait, with `#[client_proxy]`, says what the server
//! may call on its clients. Both live in a contract crate that server and client share. From there,
#![cfg_attr(feature = "server", doc = "* a server implements the hub trait and serves it: see [`server`];")]
#![cfg_attr(
    not(feature = "server"),
    doc = "* a server implements the hub trait and serves it (feature `server`);"
)]
#![cfg_attr(
    feature = "client",
    doc = "* a client connects and calls it through a typed stub: see [`client`]."
)]
#![cfg_attr(
    not(feature = "client"),
    doc = "* a client connects and calls it through a typed stub (feature `client`)."
)]
//!
//! A method answers with a `Result`: [`HubResult`], or any error that converts to and from [`HubError`](struct@HubError),
//! as `#[derive(HubError)]` makes one. Whatever serde can write and read can be an argument, a result or a stream item; a
//! method may stream its results (`-> impl Stream<Item = HubResult<T>>`, or an `async fn` that returns a `Result` of one and
//! can fail before), and take streams from its caller. How values are
//! written, and how their members are named for clients in `camelCase`, is told in [`payload`].
//!
//! # Features
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `macros` | the two attributes, and `#[derive(HubError)]` | yes |
//! | `json` | the JSON hub protocol | yes |
//! | `messagepack` | the MessagePack hub protocol | |
//! | `server` | hubs over HTTP, as tower services | |
//! | `axum` | `Router::hub`; includes `server` | |
//! | `http2` | WebSockets over HTTP/2; includes `server` | |
//! | `client` | connections to hubs | |
//! | `rustls` | `https` and `wss` for the client; includes `client` | |
//! | `metrics` | metrics of a server, and limits that were hit, through the `metrics` facade | |
//! | `test-util` | hubs and clients in one process, without a socket; includes `server` and `client` | |
//! | `chrono`, `time`, `jiff` | [`payload::timestamp`] for the times of these crates | |
//!
//! A contract crate takes `default-features = false, features = ["macros"]`: no runtime and no sockets in its tree.
//!
//! # Where to look
//!
//! | | |
//! |---|---|
//! | this page | the attributes, [`HubError`](struct@HubError), and the calls that a stub makes: [`Invoke`], [`ResultStream`], [`OpenStream`] |
//! | [`payload`] | how values are written, for .NET and JavaScript to read; times and bytes |
//! | `server` | serving a hub: its options, limits, rules and filters; `server::telemetry` for operators |
//! | `client` | calling a hub |
//! | `test` | both in one process, without a socket |
//!
//! The `README.md` of the repository is a tour with a whole program, and its `examples` are programs to try.
//!
#![cfg_attr(
    all(feature = "axum", feature = "test-util", feature = "macros"),
    doc = include_str!("from_aspnetcore.md")
)]
// What only one side uses is dead without that side.
#![cfg_attr(
    not(all(feature = "server", feature = "client")),
    allow(dead_code, unused_imports, unreachable_pub)
)]
// Without a protocol `HubProtocol` has no variant, and what takes one has nothing to do with its arguments.
#![cfg_attr(
    not(any(feature = "json", feature = "messagepack")),
    allow(unused_variables, unused_mut, unreachable_code, clippy::ptr_arg)
)]

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "engine")]
mod connection;
mod contract;
#[cfg(feature = "server")]
mod endpoint;
/// What the targets in `fuzz/` run. Not part of the API: it may change in any release.
#[cfg(feature = "__fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::protocol::fuzzing::{handshake, json_frames, messagepack_frames, varint};
    pub use crate::server::fuzzing::{connection, long_polling, token};
}
#[cfg(feature = "server")]
mod hub;
pub mod payload;
#[cfg(feature = "engine")]
mod protocol;
#[cfg(feature = "server")]
mod raw;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "test-util")]
pub mod test;
#[cfg(feature = "engine")]
mod transport;

pub use contract::error::{HubError, HubErrorKind, HubResult, ResultExt};
pub use contract::hub::{
    ClientContract, HubContract, MethodDescription, MethodKind, MethodName, NoClient, ParameterDescription,
};
pub use contract::open_stream::OpenStream;
pub use contract::stub::{Invoke, ResultStream, Sending};
#[cfg(feature = "engine")]
pub use contract::value::HubProtocol;
pub use contract::value::WireValue;
#[doc(no_inline)]
pub use futures_core::Stream;

/// Makes the contract of a client of a trait: what a server may call on its clients.
///
/// ```
/// use signalr_runtime::{HubResult, client_proxy};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// pub struct Message {
///     pub from: String,
///     pub text: String,
/// }
///
/// /// What the server may call on clients.
/// #[client_proxy]
/// pub trait ChatClient {
///     /// No return type: it is sent, and nobody waits for an answer.
///     async fn message_received(&self, message: &Message);
///
///     /// A return type: the server asks, and waits for the answer of one client.
///     async fn confirm(&self, question: &str) -> HubResult<bool>;
/// }
///
/// // A client implements it,
/// struct Terminal;
///
/// impl ChatClient for Terminal {
///     async fn message_received(&self, message: &Message) {
///         println!("{}: {}", message.from, message.text);
///     }
///
///     async fn confirm(&self, question: &str) -> HubResult<bool> {
///         Ok(question.ends_with('?'))
///     }
/// }
///
/// // and a server calls it: many clients at once, or one.
/// async fn announce(room: &ChatClientProxy, message: &Message) -> HubResult {
///     room.message_received(message).await
/// }
///
/// async fn ask(caller: &ChatClientSingleProxy) -> HubResult<bool> {
///     caller.confirm("really join?").await
/// }
/// ```
///
/// # What is generated
///
/// The trait itself, as [`hub`](macro@hub) writes it but with `where Self: Sized` on its methods, so that
/// `dyn ChatClient` is a type which leads to the contract; and for a trait `ChatClient`
///
/// - `ChatClientContract`, which implements [`ClientContract`],
/// - `ChatClientProxy`: calls to any number of clients, by the methods without a return type: nobody can ask a whole
///   group for one result;
/// - `ChatClientSingleProxy`: calls to one client, with all methods.
///
/// A method of a proxy encodes its arguments and returns a future, which sends when it is first polled. The future borrows
/// nothing: calls can be joined, collected and spawned. It gives a `Result`, because sending can fail, too. Proxies are
/// cheap to clone.
///
/// # Options
///
/// `rename_all` and `crate`, and `#[signalr(name = "…")]` on a method, as for [`hub`](macro@hub).
///
/// # What a contract of a client can say
///
/// The same as one of a [`hub`](macro@hub), but for streams: they exist only between a client and a hub.
#[cfg(feature = "macros")]
pub use signalr_macros::client_proxy;

/// Makes an enum of errors a type that a method can fail with: each variant is a code on the wire, its fields are data.
///
/// ```
/// use std::fmt;
///
/// use signalr_runtime::{HubError, hub};
///
/// #[derive(Debug, HubError)]
/// pub enum JoinError {
///     RoomFull { limit: u32 },
///     #[signalr(code = "name_taken")]
///     NameTaken(String),
///     /// Every other error: what the application did not foresee, a connection that is lost.
///     #[signalr(other)]
///     Call(HubError),
/// }
///
/// /// What a person reads.
/// impl fmt::Display for JoinError {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         match self {
///             Self::RoomFull { limit } => write!(f, "The room is full: it has {limit} places."),
///             Self::NameTaken(name) => write!(f, "Somebody else is called {name}."),
///             Self::Call(error) => f.write_str(error.detail()),
///         }
///     }
/// }
///
/// #[hub]
/// pub trait Rooms {
///     async fn join(&self, room: &str) -> Result<(), JoinError>;
/// }
///
/// // On the wire the error is a text, which every client can show,
/// let sent = HubError::from(JoinError::RoomFull { limit: 10 });
/// assert_eq!(sent.message(), r#"The room is full: it has 10 places. [RoomFull {"limit":10}]"#);
/// // and which this type takes apart again.
/// assert!(matches!(JoinError::from(sent), JoinError::RoomFull { limit: 10 }));
/// ```
///
/// It implements `From<JoinError> for HubError` and `From<HubError> for JoinError`. The enum implements
/// [`Display`](std::fmt::Display) itself. A field is any type that can be sent ([`WireValue`]); one that a received text
/// does not have is read as `null`. A text that is none of the variants becomes the one with `#[signalr(other)]`, whose
/// field converts from and into [`HubError`](struct@HubError). Such an error is sent as it is, an internal one as
/// [`HubError::internal`] says.
///
/// A client in JavaScript takes the text apart with
///
/// ```js
/// const [, text, code, data] = /^(?:.* HubException: )?(.*) \[([\p{L}\p{N}_.-]+)(?: (\{(?:(?! \[).)*\}))?\]$/su.exec(error.message) ?? [];
/// if (code === "RoomFull") show(`${JSON.parse(data).limit} are in it`);
/// ```
///
/// # Options
///
/// - `#[signalr(code = "…")]` on a variant: its code, if not its name. Letters, digits, `_`, `-` and `.`.
/// - `#[signalr(other)]` on one variant with one field: it stands for every other error.
/// - `#[signalr(crate = path::to::runtime)]` on the enum: where this crate is, if not at `::signalr_runtime`.
#[cfg(feature = "macros")]
pub use signalr_macros::HubError;

/// Makes the contract of a hub of a trait: what clients may call.
///
/// ```
/// use signalr_runtime::{HubError, HubResult, Stream, client_proxy, hub};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// pub struct Message {
///     pub from: String,
///     pub text: String,
/// }
///
/// /// What clients may call.
/// #[hub(client = ChatClient)]
/// pub trait ChatHub {
///     async fn send_message(&self, room: &str, text: String) -> HubResult;
///
///     #[signalr(name = "JoinRoom")]
///     async fn join(&self, room: &str) -> HubResult<Vec<Message>>;
///
///     /// Streams to the client.
///     fn ticker(&self, every_ms: u64) -> impl Stream<Item = HubResult<u64>>;
///
///     /// The same, but for rooms that there are not.
///     async fn history(&self, room: &str) -> HubResult<impl Stream<Item = HubResult<Message>>>;
///
///     /// Streams from the client.
///     async fn upload(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64>;
/// }
///
/// /// What the server may call on clients.
/// #[client_proxy]
/// pub trait ChatClient {
///     async fn message_received(&self, message: &Message);
/// }
///
/// // The names on the wire:
/// assert_eq!(ChatHubContract::SEND_MESSAGE.as_str(), "SendMessage");
/// assert_eq!(ChatHubContract::JOIN.as_str(), "JoinRoom");
///
/// // What takes a hub takes the server's type, the stub of a client, and a double in a test.
/// async fn greet(hub: &impl ChatHub) -> HubResult {
///     let history = hub.join("lobby").await?;
///     hub.send_message("lobby", format!("I have read {} messages", history.len())).await
/// }
///
/// // The stub's own methods return the call itself.
/// async fn in_haste(hub: &ChatHubClient) -> HubResult {
///     let limit = std::time::Duration::from_secs(5);
///     hub.join("lobby").timeout(limit).await?;
///     hub.send_message("lobby", "hi".into()).send().await?;
///     let mut ticks = hub.ticker(500);
///     while let Some(tick) = ticks.next().await {
///         println!("{}", tick?);
///     }
///     Ok(())
/// }
/// ```
///
/// # What is generated
///
/// The trait keeps its name, its methods and its parameters. `async fn f() -> R` becomes
/// `fn f() -> impl Future<Output = R> + Send`, streams become `Send` as well, and the trait
/// `Send + Sync`; implementations still write `async fn`:
///
/// ```
/// # use signalr_runtime::{HubResult, Stream, hub};
/// # struct Rooms;
/// # #[hub]
/// # pub trait ChatHub {
/// #     async fn send_message(&self, room: &str, text: String) -> HubResult;
/// #     async fn upload(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64>;
/// # }
/// impl ChatHub for Rooms {
///     async fn send_message(&self, room: &str, text: String) -> HubResult {
///         println!("{room}: {text}");
///         Ok(())
///     }
///
///     async fn upload(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64> {
///         let mut lines = std::pin::pin!(lines);
///         let mut count = 0;
///         while let Some(line) = std::future::poll_fn(|cx| lines.as_mut().poll_next(cx)).await {
///             println!("{room}: {}", line?);
///             count += 1;
///         }
///         Ok(count)
///     }
/// }
/// ```
///
/// Beside it, for a trait `ChatHub`:
///
/// - `ChatHubContract`, which implements [`HubContract`]: it names the contract to a server or a client, and
///   has the [wire name](MethodName) of each method as a constant;
/// - `ChatHubClient`, the stub: its own methods return an [`Invoke`], a [`ResultStream`] or an [`OpenStream`], and it
///   implements `ChatHub` too. Streams given to its own methods outlive the call (`'static`); those given to the methods
///   of the trait may borrow.
///
/// # Options
///
/// - `client = ChatClient`: the trait of the client, which carries [`client_proxy`](macro@client_proxy), by whatever name or
///   path it has here. Without it the server cannot call its clients.
/// - `rename_all = "camelCase"`: how wire names are written: `PascalCase` (as .NET does, and the default),
///   `camelCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`. Servers ignore the
///   case of a name, so two names that differ in nothing else are refused.
/// - `crate = path::to::runtime`: where this crate is, if not at `::signalr_runtime`; in a macro, `$crate::…`. It may
///   stand in quotes.
///
/// On a method, `#[signalr(name = "…")]` says its wire name.
///
/// # What a contract can say
///
/// - A method takes `&self`, and is either an `async fn` that returns a `Result`, or a plain `fn` that returns
///   `impl Stream` of `Result`s. Where there may be no stream at all, it is an `async fn` that returns a `Result` of one:
///   see [below](#streams-that-may-not-be-there). The error is [`HubError`](struct@HubError), or any type that converts into it (to
///   answer) and from it (to ask), which [`#[derive(HubError)]`](derive@HubError) writes.
/// - Parameters are values that serde can write and read ([`WireValue`]), taken by value or by reference. What
///   is behind the reference is decoded and lent: `&str`, `&[T]`, and `&T` for any such `T`.
/// - A parameter may be `impl Stream<Item = Result<T, E>>`, any number of them and anywhere. An item that is an
///   error ends that stream with the error.
/// - Methods may have bodies, and may depend on `#[cfg]`.
/// - There are no generics and no lifetimes, because what arrives has fixed types and owns its data.
///
/// Everything else is refused where it is written, and all faults of a trait at once.
///
/// # Streams that may not be there
///
/// A plain `fn` has its stream at once. A method that checks its arguments first, or waits for something, is an `async fn`:
///
/// ```
/// use futures_util::stream;
/// use signalr_runtime::{HubError, HubResult, Stream, hub};
///
/// #[hub]
/// pub trait Clock {
///     /// A tick every so often.
///     async fn ticks(&self, every_ms: u64) -> HubResult<impl Stream<Item = HubResult<u64>>>;
/// }
///
/// struct Ticker {
///     shortest_ms: u64,
/// }
///
/// impl Clock for Ticker {
///     async fn ticks(&self, every_ms: u64) -> HubResult<impl Stream<Item = HubResult<u64>>> {
///         if every_ms < self.shortest_ms {
///             return Err(HubError::new("not that often"));
///         }
///         Ok(stream::iter((0..).map(move |n| Ok(n * every_ms))))
///     }
/// }
/// ```
///
/// As in ASP.NET Core, a method that fails (or panics) before it has its stream is answered like any other that fails, `An
/// unexpected error occurred invoking 'Ticks' on the server. HubException: not that often`; one that fails later, with
/// `An error occurred on the server while streaming results.` and its detail. Filters see the error, and
/// `MethodOptions::timeout` is the time until there is a stream. The stream may borrow `self` and the arguments. The type is a
/// `Result` by any name or alias, with an `impl Stream` in it; who implements the method may box the stream.
///
/// To a client there is no difference: the wire says nothing when a stream is opened. The stub gives the stream at once
/// ([`OpenStream`]), and such a failure is its only item.
#[cfg(feature = "macros")]
pub use signalr_macros::hub;

/// What generated code names. Not part of the API: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use core::future::Future;
    pub use core::marker::{Send, Sized, Sync};
    pub use core::option::Option;
    pub use core::result::Result;
    pub use core::{concat, fmt};
    pub use std::boxed::Box;
    pub use std::clone::Clone;
    pub use std::convert::From;
    pub use std::string::String;
    pub use std::sync::Arc;

    pub use futures_core::Stream;

    pub use crate::contract::arguments::BindError;
    pub use crate::contract::dispatch::{Call, Dispatch, Handler, Reply, Running};
    pub use crate::contract::error::{HubError, HubResult};
    pub use crate::contract::error_type::{ErrorOf, ReceivedError, SentError};
    pub use crate::contract::handle::{HandleCall, HandleNotify, HandleOpen, HandleStream, OpenedBy};
    pub use crate::contract::hub::{
        ClientContract, ClientTrait, HubContract, Method, MethodDescription, MethodKind, MethodName,
        NoClient, OpenMethod, Opened, Outcome, Param, ParameterDescription, Returned, SliceParam, StreamItem,
        StreamMethod, StreamParam,
    };
    pub use crate::contract::incoming::Incoming;
    pub use crate::contract::lent::LentParam;
    pub use crate::contract::link::Link;
    pub use crate::contract::open_stream::OpenStream;
    pub use crate::contract::opening::{Opener, Opening};
    pub use crate::contract::parameters::{Lent, Owned, Passed, Signature, Slice, Text, Upload};
    pub use crate::contract::place::{P0, P1, P2, P3, P4, P5, P6, P7, P8, P9};
    pub use crate::contract::proxy::{OneClient, ask, deliver};
    pub use crate::contract::receivers::{Receiver, Receivers};
    pub use crate::contract::refused::refused;
    pub use crate::contract::relay::{Pump, Pumping, Relay, pumping, pumping_opened, relay};
    pub use crate::contract::stub::{Invoke, Outgoing, ResultStream};
    pub use crate::contract::typed_error::{ErrorField, ErrorReader, ErrorWriter, error_text};
    pub use crate::contract::value::{HubProtocol, ValueError, WireValue};
}
