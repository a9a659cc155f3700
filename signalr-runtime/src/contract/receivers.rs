//! The seam between a typed client proxy and the connections that its calls go to.

use futures_core::future::BoxFuture;

use super::arguments::EncodeArguments;
use super::error::HubResult;
use super::value::{Encoded, HubProtocol};

/// Any number of clients, chosen when the proxy was made.
pub trait Receivers: Send + Sync {
    /// Queues a call for each of them; encoded at most once per hub protocol in use.
    fn send(&self, target: &'static str, arguments: &dyn EncodeArguments) -> Delivery;
}

/// Exactly one client, which can be asked for a result.
pub trait Receiver: Receivers {
    /// The protocol that the client's answers are encoded in.
    fn format(&self) -> HubProtocol;
    /// Calls the client and waits for its answer (a *client result*).
    fn invoke(
        &self,
        target: &'static str,
        arguments: &dyn EncodeArguments,
    ) -> BoxFuture<'static, HubResult<Encoded>>;
}

/// How far a call to clients got.
pub enum Delivery {
    /// It is in the queue of every receiver, or it failed.
    Done(HubResult),
    /// Some receivers have no room yet: waiting queues it there too.
    Waiting(BoxFuture<'static, HubResult>),
}
