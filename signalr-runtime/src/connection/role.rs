//! What differs between the two sides of a connection.

use std::borrow::Cow;
use std::task::{Context, Poll};
use std::time::Duration;

use super::calls::{Mode, Turn};
use super::limit::Limit;
use super::running_method::Stage;
use crate::contract::backlog::StreamHooks;
use crate::contract::dispatch::{Call, Refusal, Running};
use crate::contract::error::{HubError, HubResult};
use crate::protocol::ProtocolError;
use crate::protocol::message::{Invocation, Outcome};

/// The side of a connection an engine plays: it knows the methods and the texts.
pub(crate) trait Role: Send {
    /// When a call may start.
    fn turn(&self, invocation: &Invocation<'_>, mode: Mode) -> Turn;

    /// Finds the method of a call whose turn has come, and binds the arguments. Nothing of the user's method runs yet.
    fn bind(&mut self, invocation: &Invocation<'_>, mode: Mode, call: &mut Call<'_>) -> Bound;

    /// Why a call that fits is refused before its method runs, other than by `bind`.
    fn fault(&self, _invocation: &Invocation<'_>, _mode: Mode) -> Option<Refusal> {
        None
    }

    /// A call is answered that does not run: the place where that is logged.
    fn refused(&self, _target: &str, _refusal: &Refusal) {}

    /// The name of a method as it was declared, or as the peer has spelled it if there is none.
    fn declared_name<'a>(&self, target: &'a str) -> &'a str {
        target
    }

    /// A call that this side makes to itself, with its name for logs. It has its turn among those of the peer, and nobody
    /// is answered.
    fn poll_own_call(&mut self, _cx: &Context<'_>) -> Poll<(&'static str, Running)> {
        Poll::Pending
    }

    /// The text with which a call answers that failed. Also the place where such a failure is logged.
    fn error_text(&self, target: &str, stage: Stage, error: &HubError) -> Cow<'static, str>;

    /// The answer of a method that has no return type.
    fn no_result(&self) -> Outcome<'static>;

    /// The error that a text from the other side stands for.
    fn remote_error(&self, text: String) -> HubError;

    /// A completion came that this connection does not wait for. An error ends the connection.
    fn unasked(&mut self, _id: &str) -> HubResult {
        Ok(())
    }

    /// A method has given a value, and its caller wants none.
    fn unwanted_value(&self, _target: &str) {}

    /// An item came that no stream waits for.
    fn stray_item(&mut self, _id: &str) {}

    /// A method has held the thread for so long without giving way, and everybody else who is served by it waited.
    fn held_the_thread(&self, _method: &str, _took: Duration) {}

    /// The peer has run into a limit.
    fn limit_hit(&self, _limit: Limit) {}

    /// The end of a stream to which the other side gave an error text. An empty text is none.
    fn stream_error(&self, text: String) -> Option<HubError> {
        (!text.is_empty()).then(|| self.remote_error(text))
    }

    /// How items of the peer's streams are read.
    fn stream_hooks(&self) -> &'static StreamHooks;

    /// A stream ended with a result. An error becomes its last item.
    fn stream_result(&self) -> Option<HubError> {
        None
    }

    /// What ends the connection of a peer whose bytes cannot be read.
    fn protocol_error(&self, error: &ProtocolError) -> HubError {
        error.to_hub_error()
    }

    /// What ends the connection of a peer that has been silent for too long.
    fn silence(&self) -> HubError;
}

/// An invocation after binding.
pub(crate) enum Bound {
    /// It may run.
    Run(Running),
    /// The method does not exist or the arguments do not fit: answered at once.
    Refused(Refusal),
}
