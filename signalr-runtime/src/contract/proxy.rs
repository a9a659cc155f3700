//! The calls of a typed client proxy.
//!
//! Arguments are encoded at the call, in each protocol that a receiver may speak. Receivers are chosen, and messages
//! queued, when the future is polled first: one that is never polled sends nothing.

use std::future::poll_fn;
use std::sync::Arc;

use super::client_call::ClientCall;
use super::error::{HubError, HubResult};
use super::hub::{Method, Outcome};
use super::parameters::{Given, GivenArguments, Signature};
use super::receivers::{Delivery, Receiver, Receivers};
use super::value::Payload;

/// Queues a call for each of the receivers; the future waits for those that have no room yet.
pub fn deliver<C: Signature, R: Receivers + ?Sized>(
    receivers: &Arc<R>,
    target: &'static str,
    given: Given<'_, C>,
) -> impl Future<Output = HubResult> + Send + use<C, R> {
    let arguments = GivenArguments::<C::Parameters>(given);
    let call = ClientCall::encode(receivers.formats(), target, &arguments);
    let receivers = Arc::clone(receivers);
    async move {
        match receivers.send(call) {
            Delivery::Done(result) => {
                poll_fn(|cx| receivers.poll_give_way(cx)).await;
                result
            }
            Delivery::Waiting(waiting) => waiting.await,
        }
    }
}

/// Exactly one client: nothing implements this. What a proxy to many clients would have to be for a call with a result.
#[diagnostic::on_unimplemented(
    message = "a result can be asked of one client only, not of many",
    label = "asks all of these clients for one result",
    note = "choose one client: `clients().client(id)`, or `clients().caller()` in a method of the hub"
)]
pub trait OneClient {}

/// Calls a method of one client; the future waits for its answer.
pub fn ask<C: Method>(
    receiver: &Arc<dyn Receiver>,
    target: &'static str,
    given: Given<'_, C>,
) -> impl Future<Output = C::Output> + Send + use<C> {
    let arguments = GivenArguments::<C::Parameters>(given);
    let call = ClientCall::encode(receiver.formats(), target, &arguments);
    let receiver = Arc::clone(receiver);
    async move {
        let answer = receiver.ask(call).await.and_then(|answer| {
            // The client's mistake, and no secret: it reads the text where the method passes it on.
            let decoded = Payload { format: answer.format, bytes: answer.value.bytes() }.answer();
            decoded.map_err(|error| HubError::new(error.message().to_owned()))
        });
        C::Output::from_result(answer)
    }
}
