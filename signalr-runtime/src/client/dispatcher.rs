//! The client's side of a connection: from the server's call to the user's handler, and from its end to an answer.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::connection::calls::{Mode, Turn};
use crate::connection::methods::MethodTable;
use crate::connection::panics::Panicked;
use crate::connection::pending::Awaited;
use crate::connection::role::{Bound, Role};
use crate::connection::running_method::Stage;
use crate::connection::shared::Shared;
use crate::connection::slice;
use crate::contract::arguments::BindError;
use crate::contract::backlog::StreamHooks;
use crate::contract::dispatch::{Call, Dispatch, Refusal, Running};
use crate::contract::error::{HubError, HubErrorKind};
use crate::protocol::ProtocolError;
use crate::protocol::message::{Invocation, Outcome};

const NO_RESULT: &str = "Client didn't provide a result.";
const BAD_ARGUMENTS: &str = "Client failed to parse argument(s).";

/// Items of the server's streams stay encoded: whoever reads them decodes them.
static RESULT_ITEMS: StreamHooks = StreamHooks {
    give_way: slice::poll_give_way,
    undecodable: |error| HubError::with_kind(HubErrorKind::Codec, error.to_string()),
    panicked: || {},
};

/// The user's handlers, whatever their type.
pub(crate) trait Handlers: Send + Sync {
    /// Binds the arguments of a call. `None` where there is no handler.
    fn bind(&self, target: &str, call: &mut Call<'_>) -> Option<Result<Running, BindError>>;
}

/// The implementation `T` of a client contract.
struct Typed<T: 'static> {
    methods: MethodTable<T>,
    handlers: Arc<T>,
}

/// The handlers of the contract `C` that `handlers` implements.
pub(crate) fn typed<C, T>(handlers: T) -> Arc<dyn Handlers>
where
    C: Dispatch<T>,
    T: Send + Sync + 'static,
{
    Arc::new(Typed { methods: MethodTable::new::<C>(), handlers: Arc::new(handlers) })
}

impl<T: Send + Sync> Handlers for Typed<T> {
    fn bind(&self, target: &str, call: &mut Call<'_>) -> Option<Result<Running, BindError>> {
        let handler = self.methods.find(target)?;
        Some((handler.bind)(&self.handlers, call))
    }
}

/// Dispatches the server's calls.
pub(crate) struct ClientDispatcher {
    pub(crate) handlers: Option<Arc<dyn Handlers>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) server_timeout: Duration,
}

impl Role for ClientDispatcher {
    fn turn(&self, invocation: &Invocation<'_>, _: Mode) -> Turn {
        if invocation.id.is_some() { Turn::Now } else { Turn::Ordered }
    }

    fn bind(&mut self, invocation: &Invocation<'_>, mode: Mode, call: &mut Call<'_>) -> Bound {
        let target = &*invocation.target;
        if mode == Mode::Stream {
            tracing::warn!(method = target, "the server asked for a stream: clients have none");
            return Bound::Refused(Refusal::new(NO_RESULT));
        }
        // Decoding is the user's code too: what panics does not fit.
        let bound =
            AssertUnwindSafe(|| self.handlers.as_ref().and_then(|handlers| handlers.bind(target, call)));
        let Ok(bound) = catch_unwind(bound) else {
            Panicked::Decoder.count();
            tracing::error!(method = target, "an argument panicked while it was decoded");
            return Bound::Refused(Refusal::new(BAD_ARGUMENTS));
        };
        match bound {
            Some(Ok(running)) => Bound::Run(running),
            Some(Err(misfit)) => {
                let reason = misfit.reason();
                tracing::warn!(method = target, reason, "a call from the server does not fit its handler");
                Bound::Refused(Refusal::new(BAD_ARGUMENTS))
            }
            None => {
                tracing::warn!(method = target, "a call from the server has no handler");
                let no_arguments = call.arguments(0).finish().is_ok();
                Bound::Refused(Refusal::new(if no_arguments { NO_RESULT } else { BAD_ARGUMENTS }))
            }
        }
    }

    fn stream_hooks(&self) -> &'static StreamHooks {
        &RESULT_ITEMS
    }

    fn error_text(&self, target: &str, _: Stage, error: &HubError) -> Cow<'static, str> {
        tracing::warn!(method = target, kind = ?error.kind(), "a handler failed");
        error.message().to_owned().into()
    }

    fn no_result(&self) -> Outcome<'static> {
        Outcome::Error(NO_RESULT.into())
    }

    fn remote_error(&self, text: String) -> HubError {
        let kind = if is_kept_back(&text) { HubErrorKind::Internal } else { HubErrorKind::Hub };
        HubError::with_kind(kind, text)
    }

    fn unwanted_value(&self, target: &str) {
        tracing::debug!(method = target, "a handler gave a value that the server had not asked for");
    }

    fn stray_item(&mut self, id: &str) {
        // Of a stream that was given up, unless a plain call waits under this id.
        if let Some(Awaited::Reply(reply)) = self.shared.pending.take(id) {
            let text = "The hub method streams its results: call it as a stream.";
            // The asker may have gone.
            drop(reply.send(Err(HubError::with_kind(HubErrorKind::Internal, text))));
        }
    }

    fn stream_result(&self) -> Option<HubError> {
        let text = "Server provided a result in a completion response to a streamed invocation.";
        Some(HubError::with_kind(HubErrorKind::Internal, text))
    }

    fn protocol_error(&self, error: &ProtocolError) -> HubError {
        let text = match error {
            ProtocolError::TooLarge { limit } => format!(
                "The server sent a message of more than {limit} bytes, which is the limit given to \
                 `maximum_receive_message_size`."
            ),
            error => error.to_string(),
        };
        HubError::with_kind(HubErrorKind::Codec, text)
    }

    fn silence(&self) -> HubError {
        let milliseconds = self.server_timeout.as_secs_f64() * 1000.0;
        let text = format!(
            "Server timeout ({milliseconds:.2}ms) elapsed without receiving a message from the server."
        );
        HubError::with_kind(HubErrorKind::Timeout, text)
    }
}

/// Whether the server says only that something failed, as ASP.NET Core does with exceptions that it does not want
/// its clients to read.
fn is_kept_back(text: &str) -> bool {
    let generic =
        ["An unexpected error occurred invoking '", "Failed to invoke '", "An error occurred on the server"];
    generic.iter().any(|generic| text.starts_with(generic))
        && !text.contains("HubException: ")
        && !text.ends_with("because user is unauthorized")
}

#[cfg(test)]
mod tests {
    use super::is_kept_back;

    #[test]
    fn the_texts_of_a_server_say_whether_they_are_meant_for_the_client() {
        let cases = [
            ("An unexpected error occurred invoking 'Join' on the server.", true),
            ("An unexpected error occurred invoking 'Join' on the server. IOException: disk", true),
            ("An unexpected error occurred invoking 'Join' on the server. HubException: room full", false),
            ("Failed to invoke 'Join' due to an error on the server.", true),
            (
                "Failed to invoke 'No' due to an error on the server. HubException: Method does not exist.",
                false,
            ),
            ("Failed to invoke 'Join' because user is unauthorized", false),
            ("An error occurred on the server while streaming results.", true),
            ("room full", false),
        ];
        for (text, kept_back) in cases {
            assert_eq!(is_kept_back(text), kept_back, "{text}");
        }
    }
}
