//! Hubs on the connections of an endpoint: the calls of their clients, and the way to these clients.

pub(crate) mod asker;
pub(crate) mod blocking;
pub(crate) mod broadcast;
pub(crate) mod call_credentials;
pub(crate) mod call_slots;
pub(crate) mod client_results;
pub(crate) mod clients;
pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod core;
pub(crate) mod dispatcher;
pub(crate) mod drain;
pub(crate) mod filter;
pub(crate) mod groups;
pub(crate) mod handle;
pub(crate) mod lifetime;
pub(crate) mod method_options;
pub(crate) mod options;
pub(crate) mod registry;
pub(crate) mod roomy;
pub(crate) mod selection;
pub(crate) mod service;
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod span;
pub(crate) mod trace_context;

use std::future::Future;

use crate::contract::error::{HubError, HubResult};
use crate::contract::hub::{HubContract, Serves};

/// The server's side of a hub: one value per connection.
///
/// The value is made when a client has connected and dropped when it is gone, where ASP.NET Core makes one for each
/// call: its fields are the state of that connection. Calls of one client may run side by side, so they borrow it
/// (`&self`): what changes is in a `Mutex` or an atomic. Implement the hub trait (the one with `#[hub]`) for the same
/// type.
///
/// # The end of a connection
///
/// A client leaves: its streams of results end, [`on_disconnected`](Self::on_disconnected) runs, and then the connection
/// leaves its groups. Neither waits for calls. A call that runs goes on, and calls that wait for their turn still get it,
/// for [`Limits::call_linger`](crate::server::Limits::call_linger), 30 seconds by default; then they are dropped, each at the point
/// where it waits. The value is dropped with the last call. Where the server itself has ended the connection, calls that
/// wait for their turn are dropped at once. A call that must not be cut short belongs in a task of its own
/// (`tokio::spawn`).
///
/// Callbacks, and the factory that makes the value, have an end too:
/// [`Limits::callback_timeout`](crate::server::Limits::callback_timeout), 30 seconds by default.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// use signalr_runtime::server::Hub;
/// use signalr_runtime::{HubError, HubResult, hub};
///
/// #[hub]
/// pub trait Counter {
///     async fn increment(&self) -> HubResult<u32>;
/// }
///
/// #[derive(Default)]
/// struct Clicks(AtomicU32);
///
/// impl Hub for Clicks {
///     type Contract = CounterContract;
///
///     async fn on_disconnected(&self, error: Option<&HubError>) {
///         println!("{} clicks, and then {error:?}", self.0.load(Ordering::Relaxed));
///     }
/// }
///
/// impl Counter for Clicks {
///     async fn increment(&self) -> HubResult<u32> {
///         Ok(self.0.fetch_add(1, Ordering::Relaxed) + 1)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hub that can be served",
    label = "does not implement `Hub`",
    note = "beside the `#[hub]` trait, implement `Hub` for it, which names the contract: \
            `impl Hub for {Self} {{ type Contract = …Contract; }}`"
)]
pub trait Hub: Send + Sync {
    /// The contract: the marker type that `#[hub]` generated, e.g. `ChatHubContract`.
    ///
    /// A hub outlives whoever made it, so it borrows nothing: its type is `'static`. That is asked for here and not of the
    /// trait as a whole, because the compiler then says so once.
    type Contract: HubContract + Serves<Self>; // a hub lives on its own: no lifetime but `'static` in its type

    /// Runs before the first call of a client is read (`OnConnectedAsync`). An error closes the connection, and
    /// the client does not try again; [`on_disconnected`](Self::on_disconnected) does not run then. So does a callback
    /// that takes longer than [`callback_timeout`](crate::server::Limits::callback_timeout): it is dropped.
    fn on_connected(&self) -> impl Future<Output = HubResult> + Send {
        async { Ok(()) }
    }

    /// Runs when new credentials have taken the place of those with which the client connected
    /// (`OnAuthenticationRefreshedAsync`); see
    /// [`HubContext::authenticated_request`](crate::server::HubContext::authenticated_request). It has its turn among the calls of
    /// the client; what is refreshed while it waits for that makes it run once. It cannot ask a client for a result. An error
    /// is logged, and that is all; the same goes for a callback that takes longer than
    /// [`callback_timeout`](crate::server::Limits::callback_timeout).
    fn on_authentication_refreshed(&self) -> impl Future<Output = HubResult> + Send {
        async { Ok(()) }
    }

    /// Runs once when the connection is over (`OnDisconnectedAsync`), with what ended it if that was an error: see the
    /// [table of all ends](crate::server#ends-of-a-connection).
    /// The connection is still in its groups; what is sent to it is dropped. Calls of the client may still run. A
    /// callback that takes longer than [`callback_timeout`](crate::server::Limits::callback_timeout) is dropped, with an error in
    /// the log.
    fn on_disconnected(&self, error: Option<&HubError>) -> impl Future<Output = ()> + Send {
        let _ = error;
        async {}
    }
}
