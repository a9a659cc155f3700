//! The seam between a typed client proxy and the connections that its calls go to.

use std::task::{Context, Poll};

use futures_core::future::BoxFuture;

use super::client_call::ClientCall;
use super::error::HubResult;
use super::per_protocol::Formats;
use super::value::{Encoded, HubProtocol};

/// Any number of clients: a choice, which is made anew for each call.
pub trait Receivers: Send + Sync {
    /// The hub protocols of all who may be chosen for a call that is made now.
    fn formats(&self) -> Formats;

    /// Queues a call for each of them. That fails for a receiver who speaks a protocol in which the call is not encoded.
    fn send(&self, call: ClientCall) -> Delivery;

    /// Ready unless it is time to let other tasks run: asked after a call that did not wait.
    fn poll_give_way(&self, cx: &mut Context<'_>) -> Poll<()>;
}

/// Exactly one client, which can be asked for a result.
pub trait Receiver: Receivers {
    /// Calls the client and waits for its answer (a *client result*).
    fn ask(&self, call: ClientCall) -> BoxFuture<'static, HubResult<Answer>>;
}

/// The answer of a client.
pub struct Answer {
    /// The protocol it is encoded in.
    pub format: HubProtocol,
    /// The encoded value.
    pub value: Encoded,
}

/// How far a call to clients got.
pub enum Delivery {
    /// It is in the queue of every receiver, or it failed.
    Done(HubResult),
    /// Some receivers have to be waited for.
    Waiting(BoxFuture<'static, HubResult>),
}
