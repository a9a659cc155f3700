//! What each message of the peer does.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::task::Context;

use super::Core;
use crate::connection::calls::Mode;
use crate::connection::ended::Ended;
use crate::connection::limit::Limit;
use crate::connection::logged_name::LoggedName;
use crate::connection::pending::{Awaited, Delivered};
use crate::connection::receipts::{Arrived, Gap};
use crate::connection::role::Role;
use crate::connection::slice;
use crate::connection::strays::Strays;
use crate::contract::error::{HubError, HubErrorKind};
use crate::contract::value::Encoded;
use crate::protocol;
use crate::protocol::message::{Message, Outcome};

/// A message of so many bytes is a step of some length before anything of it runs.
const LARGE: usize = 4 * 1024;

impl<R: Role> Core<R> {
    /// Handles one record; breaks when the next one has to wait.
    pub(super) fn record(&mut self, record: &[u8], cx: &mut Context<'_>) -> ControlFlow<()> {
        self.messages = self.messages.saturating_add(1);
        if record.len() > LARGE {
            // Reading it takes its time, too.
            slice::start();
        }
        match protocol::read(self.shared.format, record) {
            Ok(Some(message)) => self.message(message, record, cx),
            // A type that we do not know: skipped.
            Ok(None) => {}
            Err(error) => self.broken(&error),
        }
        if self.ended.is_some() {
            return ControlFlow::Break(());
        }
        if let Some(limit) = self.pause()
            && !self.has_gone
        {
            // The answers may yet go out: that is counted only if they do not.
            if limit != Limit::UnsentAnswers {
                self.count_pause(limit);
            }
            return ControlFlow::Break(());
        }
        // What is left is handled when others have had their turn.
        if slice::step() || self.calls.has_startable() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn message(&mut self, message: Message<'_>, record: &[u8], cx: &mut Context<'_>) {
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
            Message::Invocation(invocation) => self.invocation(&invocation, Mode::Plain, record, cx),
            Message::StreamInvocation(invocation) => {
                self.invocation(&invocation, Mode::Stream, record, cx);
            }
            Message::StreamItem { id, item } => match self.shared.pending.item(&id, item) {
                Delivered::Taken => {}
                Delivered::Unchecked => self.validate(record),
                Delivered::Ended => {
                    self.validate(record);
                    self.expect_strays(&id);
                }
                Delivered::Nowhere => {
                    self.validate(record);
                    tracing::debug!(id = ?LoggedName(&id), "an item came for a stream that does not exist");
                    self.role.stray_item(&id);
                    self.count_stray(&id);
                }
            },
            Message::Completion { id, outcome } => self.completion(&id, outcome, record),
            Message::CancelInvocation { id } => self.cancel(&id),
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

    fn completion(&mut self, id: &str, outcome: Outcome<'_>, record: &[u8]) {
        let awaited = self.shared.pending.take(id);
        if let Some(strays) = &mut self.strays {
            strays.completed(id);
        }
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
                // Perhaps the answer to a call that was given up.
                tracing::debug!(id = ?LoggedName(id), "an answer or an end came that nothing waits for");
                if let Err(error) = self.role.unasked(id) {
                    self.role.limit_hit(Limit::ForgedResult);
                    self.end(Ended::Failed(error));
                }
            }
        }
    }

    /// A stream has ended on this side, and the peer may not have ended it.
    pub(super) fn expect_strays(&mut self, id: &str) {
        if let Some(strays) = self.strays() {
            strays.expect(id);
        }
    }

    /// Those of these streams that are not open have ended, or will never begin.
    pub(super) fn expect_strays_of(&mut self, ids: &[Cow<'_, str>]) {
        for id in ids {
            if id.len() <= self.limits.id_length && !self.shared.pending.is_open(id) {
                self.expect_strays(id);
            }
        }
    }

    /// None where all that come are ignored.
    fn strays(&mut self) -> Option<&mut Strays> {
        let (allowance, most) = (self.limits.stray_items?, self.limits.upload_streams);
        Some(self.strays.get_or_insert_with(|| Box::new(Strays::new(allowance, most))))
    }

    /// An item came for a stream that does not exist.
    fn count_stray(&mut self, id: &str) {
        if self.strays().is_some_and(|strays| !strays.take(id)) {
            self.role.limit_hit(Limit::StrayItems);
            let text = "Too many items came for streams that do not exist.";
            self.end(Ended::Failed(HubError::with_kind(HubErrorKind::Codec, text)));
        }
    }

    /// Values are checked while they are decoded; one that is thrown away undecoded is checked here, because
    /// what is not JSON at all ends the connection.
    pub(super) fn validate(&mut self, record: &[u8]) {
        if let Err(error) = protocol::validate(self.shared.format, record) {
            self.broken(&error);
        }
    }
}
