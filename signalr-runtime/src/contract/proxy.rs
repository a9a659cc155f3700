//! What a typed client proxy does with a call.

use super::arguments::EncodeArguments;
use super::error::{HubError, HubResult};
use super::hub::{Method, Outcome};
use super::receivers::{Delivery, Receiver, Receivers};
use super::value::Payload;

/// Queues a call for each of the receivers; the future waits for those that have no room yet.
pub fn deliver(
    receivers: &dyn Receivers,
    target: &'static str,
    arguments: &dyn EncodeArguments,
) -> impl Future<Output = HubResult> + Send + use<> {
    let delivery = receivers.send(target, arguments);
    async move {
        match delivery {
            Delivery::Done(result) => result,
            Delivery::Waiting(room) => room.await,
        }
    }
}

/// Calls method `M` of one client; the future waits for its answer.
pub fn ask<C: Method<M>, const M: usize>(
    receiver: &dyn Receiver,
    target: &'static str,
    arguments: &dyn EncodeArguments,
) -> impl Future<Output = C::Output> + Send + use<C, M> {
    let format = receiver.format();
    let answer = receiver.invoke(target, arguments);
    async move {
        let answer = answer.await.and_then(|answer| {
            // The client's mistake, and no secret: it reads the text where the method passes it on.
            let decoded = Payload { format, bytes: answer.bytes() }.answer();
            decoded.map_err(|error| HubError::new(error.message().to_owned()))
        });
        C::Output::from_result(answer)
    }
}
