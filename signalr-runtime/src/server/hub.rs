//! What a type must be to serve as a hub.

use std::future::Future;

use crate::contract::error::{HubError, HubResult};
use crate::contract::hub::HubContract;

/// The server's side of a hub: one value per connection.
///
/// The value is made when a client has connected and dropped when it is gone, where ASP.NET Core makes one for each
/// call: its fields are the state of that connection. Calls of one client may run side by side, so they borrow it
/// (`&self`): what changes is in a `Mutex` or an atomic. Implement the hub trait (the one with `#[hub]`) for the same
/// type.
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
pub trait Hub: Send + Sync + 'static {
    /// The contract: the marker type that `#[hub]` generated, e.g. `ChatHubContract`.
    type Contract: HubContract;

    /// Runs before the first call of a client is read (`OnConnectedAsync`). An error closes the connection, and
    /// the client does not try again; [`on_disconnected`](Self::on_disconnected) does not run then.
    fn on_connected(&self) -> impl Future<Output = HubResult> + Send {
        async { Ok(()) }
    }

    /// Runs when new credentials have taken the place of those with which the client connected
    /// (`OnAuthenticationRefreshedAsync`); see
    /// [`HubContext::authenticated_request`](super::HubContext::authenticated_request). It has its turn among the calls of
    /// the client; what is refreshed while it waits for that makes it run once. An error is logged, and that is all.
    fn on_authentication_refreshed(&self) -> impl Future<Output = HubResult> + Send {
        async { Ok(()) }
    }

    /// Runs once when the connection is over (`OnDisconnectedAsync`), with what ended it if that was an error.
    /// The connection is still in its groups; what is sent to it is dropped.
    fn on_disconnected(&self, error: Option<&HubError>) -> impl Future<Output = ()> + Send {
        let _ = error;
        async {}
    }
}
