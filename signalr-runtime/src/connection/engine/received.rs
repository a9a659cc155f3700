//! What each message of the peer does.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Core, Ended};
use crate::connection::calls::{Call, Guarded, Mode, Uploads};
use crate::connection::limit::Limit;
use crate::connection::outbound::Share;
use crate::connection::pending::{Awaited, Delivered};
use crate::connection::rate::TokenBucket;
use crate::connection::receipts::{Arrived, Gap};
use crate::connection::role::{Bound, Role};
use crate::connection::shared::StreamResults;
use crate::contract::dispatch::{self, ResultSink};
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::value::Encoded;
use crate::protocol;
use crate::protocol::message::{Invocation, Message, Outcome};

impl<R: Role> Core<R> {
    /// Handles one record; breaks when the next one has to wait.
    pub(super) fn record(&mut self, record: &[u8]) -> ControlFlow<()> {
        self.messages = self.messages.saturating_add(1);
        match protocol::read(self.shared.format, record) {
            Ok(Some(message)) => self.message(message, record),
            // A type that we do not know: skipped.
            Ok(None) => {}
            Err(error) => self.broken(&error),
        }
        if self.ended.is_some() {
            return ControlFlow::Break(());
        }
        let Some(limit) = self.pause() else {
            return ControlFlow::Continue(());
        };
        self.count_pause(limit);
        ControlFlow::Break(())
    }

    fn message(&mut self, message: Message<'_>, record: &[u8]) {
        if message.is_numbered()
            && let Some(receipts) = &mut self.receipts
        {
            let arrived = receipts.arrived();
            if receipts.is_due() {
                self.clock.acknowledge();
            }
            if arrived == Arrived::Again {
                return;
            }
        }
        match message {
            Message::Invocation(invocation) => self.invocation(&invocation, Mode::Plain, record),
            Message::StreamInvocation(invocation) => self.invocation(&invocation, Mode::Stream, record),
            Message::StreamItem { id, item } => {
                let role = &self.role;
                match self.shared.pending.item(&id, item, |error| role.undecodable_item(error)) {
                    Delivered::Taken => {}
                    Delivered::Dropped => self.validate(record),
                    Delivered::Nowhere => {
                        self.validate(record);
                        self.role.stray_item(&id);
                        self.count_stray();
                    }
                }
            }
            Message::Completion { id, outcome } => self.completion(&id, outcome, record),
            Message::CancelInvocation { id } => {
                if let Some(finished) = self.calls.cancel(&id) {
                    self.finished(finished);
                }
            }
            Message::Ping => self.clock.pinged(),
            Message::Close { error, allow_reconnect } => {
                self.end(Ended::PeerClosed { error: error.map(Into::into), allow_reconnect });
            }
            // Without stateful reconnect these two mean nothing.
            Message::Ack { sequence_id } => self.shared.outbound.acknowledge(sequence_id),
            Message::Sequence { sequence_id } => self.sequence(sequence_id),
        }
    }

    fn sequence(&mut self, sequence_id: i64) {
        let Some(receipts) = &mut self.receipts else { return };
        match receipts.sequence(sequence_id) {
            Ok(()) if receipts.is_due() => self.clock.acknowledge(),
            Ok(()) => {}
            Err(Gap) => self.end(Ended::Failed(HubError::named(
                HubErrorKind::Internal,
                "InvalidOperationException",
                "Sequence ID greater than amount of messages we've received.",
            ))),
        }
    }

    fn invocation(&mut self, invocation: &Invocation<'_>, mode: Mode, record: &[u8]) {
        let id = invocation.id.as_deref();
        if let Some(text) = self.refusal(invocation) {
            return self.refuse(id, text, record);
        }
        let results = match (mode, id) {
            (Mode::Stream, Some(id)) => {
                let shared = Arc::clone(&self.shared);
                Some(ResultSink(Box::new(StreamResults { shared, id: id.into(), share: Share::default() })))
            }
            _ => None,
        };
        let mut call =
            dispatch::Call::new(invocation.arguments, self.limits.stream_capacity, &self.backlog, results);
        match self.role.bind(invocation, mode, &mut call) {
            Bound::Run { turn, running } => {
                let ids = invocation.stream_ids.iter().map(|id| (&**id).into());
                let uploads: Uploads = ids.zip(call.into_uploads()).collect();
                for (id, sink) in &uploads {
                    if let Err(error) = self.shared.pending.insert(id, Awaited::Items(Arc::clone(sink))) {
                        sink.end(Some(error));
                    }
                }
                self.calls.push(Call {
                    id: id.map(Into::into),
                    target: (&*invocation.target).into(),
                    mode,
                    turn,
                    uploads,
                    running: Guarded::new(running),
                });
            }
            Bound::Refused(text) => self.refuse(id, text, record),
        }
    }

    /// Why a call is not even looked at: its id is in use, or it is more than a peer may ask of one connection.
    fn refusal(&self, invocation: &Invocation<'_>) -> Option<Cow<'static, str>> {
        if let Some(id) = &invocation.id
            && self.calls.is_active(id)
        {
            return Some(format!("Invocation ID '{id}' is already in use.").into());
        }
        let streams = invocation.stream_ids.len();
        let mut ids = invocation.id.iter().chain(&invocation.stream_ids);
        let limits = &self.limits;
        let (limit, reason) = if ids.any(|id| id.len() > limits.id_length) {
            (Limit::IdLength, "The id of a call or of a stream is too long.")
        } else if streams > 0 && self.shared.pending.open_streams() + streams > limits.upload_streams {
            (Limit::UploadStreams, "Too many streams are open.")
        } else if self.calls.unordered() >= limits.unordered_calls {
            (Limit::Calls, "Too many calls are in progress.")
        } else {
            return None;
        };
        self.role.limit_hit(limit);
        let target = &invocation.target;
        Some(
            format!("Failed to invoke '{target}' due to an error on the server. HubException: {reason}")
                .into(),
        )
    }

    /// Answers a call that does not run. Nobody has looked at its values: if they are broken, so is the peer.
    fn refuse(&mut self, id: Option<&str>, text: Cow<'static, str>, record: &[u8]) {
        self.validate(record);
        if let Some(id) = id
            && self.ended.is_none()
        {
            self.complete(id, Outcome::Error(text));
        }
    }

    fn completion(&mut self, id: &str, outcome: Outcome<'_>, record: &[u8]) {
        let awaited = self.shared.pending.take(id);
        if matches!(outcome, Outcome::Result(_)) {
            // Whoever decodes the value does so later, when it can no longer end the connection.
            self.validate(record);
        }
        match awaited {
            Some(Awaited::Reply(reply)) => {
                let answer = match outcome {
                    Outcome::Error(text) if !text.is_empty() => {
                        Err(self.role.remote_error(text.into_owned()))
                    }
                    Outcome::Result(value) => Ok(Encoded::copy_from(value.bytes)),
                    // An empty error is none.
                    Outcome::Error(_) | Outcome::Void => Ok(Encoded::null(self.shared.format)),
                };
                // The asker may have gone.
                drop(reply.send(answer));
            }
            Some(Awaited::Items(sink)) => {
                let error = match outcome {
                    Outcome::Error(text) => self.role.stream_error(text.into_owned()),
                    Outcome::Result(_) => self.role.stream_result(),
                    Outcome::Void => None,
                };
                sink.end(error);
            }
            None => {
                if let Err(error) = self.role.unasked(id) {
                    self.role.limit_hit(Limit::ForgedResult);
                    self.end(Ended::Failed(error));
                }
            }
        }
    }

    /// An item came for a stream that does not exist: never did, or not any more. A peer may not know yet that the
    /// call it streams to has ended, but it will not be long before it does.
    fn count_stray(&mut self) {
        let Some(rate) = self.limits.stray_items else { return };
        if self.strays.get_or_insert_with(|| Box::new(TokenBucket::new(rate))).take().is_err() {
            self.role.limit_hit(Limit::StrayItems);
            let text = "Too many items came for streams that do not exist.";
            self.end(Ended::Failed(HubError::with_kind(HubErrorKind::Codec, text)));
        }
    }

    /// Values are checked while they are decoded; one that is thrown away undecoded is checked here, because
    /// what is not JSON at all ends the connection.
    fn validate(&mut self, record: &[u8]) {
        if let Err(error) = protocol::validate(self.shared.format, record) {
            self.broken(&error);
        }
    }
}
