//! The server's side of a connection: from an invocation to the hub's method, and from its error to a text.

use std::borrow::Cow;
use std::future::{self, Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::call_credentials;
use super::call_slots::ClientQueues;
use super::connection::Connection;
use super::filter::{ConnectionInfo, Invocation as FilteredCall, KeptArguments};
use super::shared::{HubShared, Rule};
use crate::connection::calls::{Mode, Turn};
use crate::connection::limit::Limit;
use crate::connection::logged_name::LoggedName;
use crate::connection::panics::Panicked;
use crate::connection::role::{Bound, Role};
use crate::connection::running_method::Stage;
use crate::connection::scope::{self, Scope};
use crate::connection::slice;
use crate::contract::backlog::StreamHooks;
use crate::contract::dispatch::{Answer, Call, Handler, Refusal, Reply, Running};
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::hub::MethodKind;
use crate::endpoint::deadline::within;
use crate::hub::Hub;
use crate::hub::span::{self, CallSpan};
use crate::protocol::message::{Invocation, Outcome};

/// The callback for new credentials, for logs.
const REFRESHED: &str = "OnAuthenticationRefreshed";

/// Items of clients' streams: their readers learn what is wrong with one where detailed errors are on.
static DETAILED_ITEMS: StreamHooks = StreamHooks {
    give_way: slice::poll_give_way,
    undecodable: |error| HubError::new(format!("{UNDECODABLE_ITEM} InvalidDataException: {error}")),
    panicked: decoder_panicked,
};
static TERSE_ITEMS: StreamHooks =
    StreamHooks { undecodable: |_| HubError::new(UNDECODABLE_ITEM), ..DETAILED_ITEMS };
const UNDECODABLE_ITEM: &str = "Failed to bind Stream message.";

fn decoder_panicked() {
    Panicked::Decoder.count();
    tracing::error!("an item of a stream panicked while it was decoded");
}

/// Dispatches the calls of one client to its hub.
pub(crate) struct HubDispatcher<H: Hub + 'static> {
    /// The hub's value; none before the client has connected, and until then no message is handled.
    pub(crate) hub: Option<Arc<H>>,
    pub(crate) shared: Arc<HubShared<H>>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) queues: ClientQueues,
}

impl<H: Hub + 'static> HubDispatcher<H> {
    /// The call as filters and rules see it.
    fn seen(&self, handler: &Handler<H>, invocation: &Invocation<'_>) -> FilteredCall {
        let budget = self.shared.endpoint.limits.memory.as_ref();
        FilteredCall {
            method: handler.name,
            format: invocation.arguments.format,
            arguments: Arc::new(KeptArguments::new(invocation.arguments.bytes, budget)),
            connection: ConnectionInfo::of(&self.connection),
        }
    }

    /// What runs when the call's turn has come: the rules, then the filters, then the method.
    fn guarded(
        &self,
        handler: &Handler<H>,
        invocation: &Invocation<'_>,
        mode: Mode,
        busy_stream: Option<&str>,
        running: Running,
    ) -> Running {
        let (filters, rules) = (&self.shared.filters, self.shared.rules_for(handler.name));
        let seen = (!filters.is_empty() || !rules.is_empty()).then(|| self.seen(handler, invocation));
        let running = match (misuse(handler, invocation, mode, busy_stream), &seen) {
            (Some(refusal), _) => Box::pin(future::ready(Reply::refused(refusal))),
            (None, Some(call)) if !filters.is_empty() => filters.around_call(call.share(), running),
            (None, _) => running,
        };
        let (Some(mut call), false) = (seen, rules.is_empty()) else { return running };
        let refusal = unauthorized(handler);
        Box::pin(async move {
            let is_allowed = allow(&rules, &mut call);
            drop(call);
            if is_allowed {
                return running.await;
            }
            Reply::refused(refusal)
        })
    }

    /// Refuses a call that cannot be bound: `cause` is for the log, and `reason` for the peer, where it may read it.
    fn refuse(&self, target: &str, cause: impl Into<Cow<'static, str>>, reason: &HubError) -> Bound {
        let text = format!("Failed to invoke '{target}' due to an error on the server.");
        Bound::Refused(Refusal::because(self.shared.with_detail(text, reason), cause))
    }
}

/// Data that does not fit: no deliberate error, so the peer reads what is wrong only where detailed errors are on.
fn invalid_data(cause: impl Into<Cow<'static, str>>) -> HubError {
    HubError::with_kind(HubErrorKind::Codec, cause)
}

/// Whether every rule allows a call whose turn has come, or that has given it up.
fn allow(rules: &[Arc<Rule>], call: &mut FilteredCall) -> bool {
    call.connection.look_again();
    rules.iter().all(|rule| rule.allows(call))
}

fn unauthorized<H>(handler: &Handler<H>) -> Refusal {
    let text = format!("Failed to invoke '{}' because user is unauthorized", handler.name);
    Refusal::because(text, "a rule forbids it")
}

/// Why a method cannot be called like this.
#[inline]
fn misuse<H>(
    handler: &Handler<H>,
    invocation: &Invocation<'_>,
    mode: Mode,
    busy_stream: Option<&str>,
) -> Option<Refusal> {
    let target = handler.name;
    let refusal = match (handler.kind, mode) {
        (MethodKind::Stream, Mode::Plain) => Refusal::new(format!(
            "The client attempted to invoke the streaming '{target}' method with a non-streaming invocation."
        )),
        (MethodKind::Call | MethodKind::Notify, Mode::Stream) => Refusal::new(format!(
            "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
        )),
        _ if invocation.stream_ids.len() != handler.uploads => Refusal::new(format!(
            "An unexpected error occurred invoking '{target}' on the server. HubException: Client sent {} \
             stream(s), Hub method expects {}.",
            invocation.stream_ids.len(),
            handler.uploads
        )),
        _ => {
            let id = busy_stream?;
            let text = format!(
                "An unexpected error occurred invoking '{target}' on the server. HubException: Stream ID '{id}' is \
                 already in use."
            );
            Refusal::because(text, "the id of one of its streams is in use")
        }
    };
    Some(refusal)
}

impl<H: Hub + 'static> Role for HubDispatcher<H> {
    fn turn(&self, invocation: &Invocation<'_>, mode: Mode) -> Turn {
        // Calls that stream, in either direction, need no permit.
        if mode == Mode::Plain && invocation.stream_ids.is_empty() { Turn::Ordered } else { Turn::Free }
    }

    fn bind(&mut self, invocation: &Invocation<'_>, mode: Mode, call: &mut Call<'_>) -> Bound {
        let target = &*invocation.target;
        let Some(handler) = self.shared.methods.find(target) else {
            let reason = HubError::new("Method does not exist.");
            return self.refuse(target, "there is no such method", &reason);
        };
        let Some(hub) = &self.hub else {
            return Bound::Refused(Refusal::new("The hub is still connecting."));
        };
        let target = handler.name;
        let guard = self.shared.guard_of(handler.name);
        if guard.is_some_and(|guard| !guard.takes(invocation.arguments.bytes.len())) {
            let reason = HubError::new("The arguments are larger than this method takes.");
            return self.refuse(target, "its arguments are too large", &reason);
        }
        let gate = guard.and_then(|guard| guard.gate(call));
        let busy_stream = call.busy_stream();
        // Decoding is the user's code too: what panics does not fit.
        let running = match catch_unwind(AssertUnwindSafe(|| (handler.bind)(hub, call))) {
            Ok(Ok(running)) => running,
            Ok(Err(misfit)) => {
                return self.refuse(target, misfit.reason(), &invalid_data(misfit.to_string()));
            }
            Err(_) => {
                Panicked::Decoder.count();
                tracing::error!(
                    hub = self.shared.core.name(),
                    method = handler.name,
                    "an argument panicked while it was decoded"
                );
                let reason = invalid_data("An argument panicked while it was decoded.");
                return self.refuse(target, "an argument panicked", &reason);
            }
        };
        let running = match guard {
            Some(guard) => {
                guard.place(&mut self.queues, &self.shared.threads, &self.connection.aborted, running, gate)
            }
            None => running,
        };
        let running = self.guarded(handler, invocation, mode, busy_stream, running);
        let mut running = call_credentials::keep(
            self.connection.authentication.as_ref(),
            &self.connection.request,
            running,
        );
        if let Some(guard) = guard {
            running = guard.timed(running);
        }
        let (hub, trace_parent) = (self.shared.core.name(), self.shared.trace_parent.as_ref());
        let network = || self.shared.endpoint.identity.network(&self.connection.request);
        if let Some(span) = CallSpan::new(hub, handler.name, network, invocation, trace_parent) {
            running = Box::pin(span.around(running));
        }
        Bound::Run(running)
    }

    fn fault(&self, invocation: &Invocation<'_>, mode: Mode) -> Option<Refusal> {
        let handler = self.shared.methods.find(&invocation.target)?;
        let rules = self.shared.rules_for(handler.name);
        if !rules.is_empty() {
            let mut call = self.seen(handler, invocation);
            match catch_unwind(AssertUnwindSafe(|| allow(&rules, &mut call))) {
                Ok(true) => {}
                Ok(false) => return Some(unauthorized(handler)),
                Err(_) => {
                    Panicked::Method.count();
                    return None;
                }
            }
        }
        misuse(handler, invocation, mode, None)
    }

    fn refused(&self, target: &str, refusal: &Refusal) {
        let (hub, reason) = (self.shared.core.name(), refusal.reason());
        tracing::debug!(hub, method = ?LoggedName(self.declared_name(target)), %reason, "a call was refused");
    }

    fn declared_name<'a>(&self, target: &'a str) -> &'a str {
        self.shared.methods.find(target).map_or(target, |handler| handler.name)
    }

    fn held_the_thread(&self, method: &str, took: Duration) {
        // By the name that is declared: names that clients send are without number.
        let name = self.shared.methods.find(method).map_or(REFRESHED, |handler| handler.name);
        self.shared.blocking.found(name, took);
    }

    fn poll_own_call(&mut self, cx: &Context<'_>) -> Poll<(&'static str, Running)> {
        let (Some(hub), Some(authentication)) = (&self.hub, &self.connection.authentication) else {
            return Poll::Pending;
        };
        ready!(authentication.poll_refreshed(cx));
        let (hub, authentication) = (Arc::clone(hub), Arc::clone(authentication));
        let connection = Arc::clone(&self.connection);
        let longest = self.shared.endpoint.limits.callback_timeout;
        let callback = async move {
            // First: what is refreshed from now on is told of again.
            authentication.told();
            let callback = Box::pin(hub.on_authentication_refreshed());
            let mut callback = pin!(call_credentials::keep_in_callback(
                connection.authentication.as_ref(),
                &connection.request,
                callback
            ));
            let callback = poll_fn(|cx| scope::enter(Scope::Refreshing, || callback.as_mut().poll(cx)).0);
            let refreshed = within(longest, Limit::CallbackTime, callback).await;
            let late =
                || Err(HubError::with_kind(HubErrorKind::Timeout, "The callback took longer than it may."));
            Reply(refreshed.unwrap_or_else(late).map(|()| Answer::Nothing))
        };
        let (hub, connection) = (Arc::clone(&self.shared), Arc::clone(&self.connection));
        let network = move || hub.endpoint.identity.network(&connection.request);
        let callback = span::authentication_refreshed(self.shared.core.name(), network, Box::pin(callback));
        Poll::Ready((REFRESHED, Box::pin(callback)))
    }

    fn error_text(&self, target: &str, stage: Stage, error: &HubError) -> Cow<'static, str> {
        let hub = self.shared.core.name();
        let target = self.declared_name(target);
        match error.kind() {
            // Meant for the caller, or the caller's own doing: it went, or gave the call up.
            kind @ (HubErrorKind::Hub | HubErrorKind::Closed | HubErrorKind::Canceled) => {
                tracing::debug!(hub, method = target, ?kind, "a call was answered with an error");
            }
            // The text quotes what it could not read, and that came from the caller.
            kind @ HubErrorKind::Codec => tracing::error!(hub, method = target, ?kind, "a call failed"),
            kind => tracing::error!(hub, method = target, ?kind, %error, "a call failed"),
        }
        let text = match stage {
            Stage::Invoking => format!("An unexpected error occurred invoking '{target}' on the server."),
            Stage::Streaming => "An error occurred on the server while streaming results.".to_owned(),
        };
        self.shared.with_detail(text, error).into()
    }

    fn no_result(&self) -> Outcome<'static> {
        Outcome::Void
    }

    fn remote_error(&self, text: String) -> HubError {
        HubError::new(text)
    }

    fn stream_error(&self, text: String) -> Option<HubError> {
        // An empty text is an error here.
        Some(HubError::new(text))
    }

    fn stream_hooks(&self) -> &'static StreamHooks {
        if self.shared.options.enable_detailed_errors { &DETAILED_ITEMS } else { &TERSE_ITEMS }
    }

    fn unasked(&mut self, id: &str) -> HubResult {
        // An answer to a question that was put to another client.
        let connection = &self.connection.id;
        if self.shared.core.client_results.is_open_to_another(id, connection) {
            return Err(HubError::named(
                HubErrorKind::Internal,
                "InvalidOperationException",
                format!("Connection ID '{connection}' is not valid for invocation ID '{id}'."),
            ));
        }
        Ok(())
    }

    fn limit_hit(&self, limit: Limit) {
        limit.hit();
    }

    fn silence(&self) -> HubError {
        HubError::named(
            HubErrorKind::Timeout,
            "OperationCanceledException",
            "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.",
        )
    }
}

impl<H: Hub + 'static> Drop for HubDispatcher<H> {
    fn drop(&mut self) {
        // The hub's value goes with its last call, or here.
        let hub = self.hub.take();
        let dropped = || self.shared.blocking.watch("the end of a hub", || drop(hub));
        if catch_unwind(AssertUnwindSafe(dropped)).is_err() {
            Panicked::Disconnect.count();
            tracing::error!(hub = self.shared.core.name(), "a hub panicked while it was dropped");
        }
    }
}
