//! The seam between a typed stub and the connection that carries its calls.

use std::borrow::Cow;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use super::error::{HubError, HubResult};
use super::value::{Encoded, HubProtocol};

/// A connection as a stub sees it.
///
/// Nothing is sent before the returned future or stream is polled. Dropping one before its end cancels the
/// call on the other side.
pub trait Link: Send + Sync {
    /// The protocol to encode arguments in.
    fn format(&self) -> HubProtocol;
    /// Calls and waits for the answer.
    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<Encoded>>;
    /// Calls without an answer; done when the call is in the connection's queue.
    fn send(&self, call: OutgoingCall) -> BoxFuture<'static, HubResult<()>>;
    /// Calls a method that streams its results.
    fn stream(&self, call: OutgoingCall) -> BoxStream<'static, HubResult<Encoded>>;
    /// Why it takes no call any more; none while it does.
    fn refusal(&self) -> Option<HubError>;
    /// Waits; here, because the contract knows no clock.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// One call on its way out.
pub struct OutgoingCall {
    /// The name of the method on the wire.
    pub target: Cow<'static, str>,
    /// The encoded argument list, streams left out.
    pub arguments: Encoded,
    /// The streams among the arguments, in order.
    pub uploads: Vec<Upload>,
}

/// A stream on its way out, item by item.
pub(crate) type Upload = BoxStream<'static, HubResult<Encoded>>;
