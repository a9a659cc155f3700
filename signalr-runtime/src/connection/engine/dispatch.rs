//! From a call that has come to its answer: checked, bound, run, answered.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Core, EngineLimits};
use crate::connection::calls::{GivenUp, Mode, NewCall, Turn, Uploads, WaitingCall, Work, canceled};
use crate::connection::limit::Limit;
use crate::connection::outbound::Share;
use crate::connection::role::{Bound, Role};
use crate::connection::running_method::{Ended, Guarded, RunningMethod, Stage};
use crate::connection::shared::StreamResults;
use crate::connection::slice;
use crate::connection::waiting_streams::WaitingStreams;
use crate::contract::dispatch::{self, Answer, Refusal, ResultSink};
use crate::contract::value::Payload;
use crate::protocol;
use crate::protocol::message::{Invocation, Message, Outcome};

impl<R: Role> Core<R> {
    /// A call came: it starts now if it may.
    pub(super) fn invocation(
        &mut self,
        invocation: &Invocation<'_>,
        mode: Mode,
        record: &[u8],
        cx: &mut Context<'_>,
    ) {
        let id = invocation.id.as_deref();
        let turn = self.role.turn(invocation, mode);
        let refusal = self.refusal(invocation, turn);
        if refusal.is_none() && self.calls.may_start(turn) && !self.is_behind() {
            let streams = self.streams_of(invocation);
            return self.start(invocation, mode, turn, streams, record, cx);
        }
        // What is refused is answered at once if no call waits before it. ASP.NET Core checks arguments where it reads
        // them, too.
        if self.calls.waiting() == 0
            && let Some(refusal) = refusal.clone().or_else(|| self.misfit(invocation, mode))
        {
            return self.refuse(invocation, &refusal, record);
        }
        // What is not even readable ends the connection now.
        self.validate(record);
        let id = id.map(Into::into);
        if refusal.is_some() {
            self.expect_strays_of(&invocation.stream_ids);
        }
        self.calls.wait(if let Some(refusal) = refusal {
            let target = self.role.declared_name(&invocation.target).into();
            let (turn, work) = (Turn::Free, Work::Refusal { target, refusal: Box::new(refusal) });
            WaitingCall { id, mode, turn, work, streams: WaitingStreams::default() }
        } else {
            let work = Work::Record(record.into());
            WaitingCall { id, mode, turn, work, streams: self.streams_of(invocation) }
        });
    }

    /// Takes the ids of the streams that feed a call.
    fn streams_of(&self, invocation: &Invocation<'_>) -> WaitingStreams {
        let (ids, capacity) = (&invocation.stream_ids, self.limits.stream_capacity);
        WaitingStreams::take(ids, capacity, &self.backlog, &self.shared.pending)
    }

    /// Why a call that has to wait would be refused when its turn has come, if its arguments do not fit.
    fn misfit(&mut self, invocation: &Invocation<'_>, mode: Mode) -> Option<Refusal> {
        slice::start();
        let mut call = dispatch::Call::new(invocation.arguments, 0, &self.backlog, None);
        let bound = self.role.bind(invocation, mode, &mut call);
        note_blocking(&self.role, &self.limits, &invocation.target);
        match bound {
            Bound::Refused(refusal) => Some(refusal),
            // It is decoded again when it starts: large values do not wait.
            Bound::Run(running) => {
                drop(Guarded::new(running));
                None
            }
        }
    }

    /// Why a call is not even looked at: its id is in use, or it is more than a peer may ask of one connection.
    fn refusal(&self, invocation: &Invocation<'_>, turn: Turn) -> Option<Refusal> {
        if let Some(id) = &invocation.id
            && self.calls.is_active(id)
        {
            let text = format!("Invocation ID '{id}' is already in use.");
            return Some(Refusal::because(text, "its id is in use"));
        }
        let streams = invocation.stream_ids.len();
        let mut ids = invocation.id.iter().chain(&invocation.stream_ids);
        let limits = &self.limits;
        let (limit, reason) = if ids.any(|id| id.len() > limits.id_length) {
            (Limit::IdLength, "The id of a call or of a stream is too long.")
        } else if streams > 0 && self.shared.pending.open_streams() + streams > limits.upload_streams {
            (Limit::UploadStreams, "Too many streams are open.")
        } else if self.calls.are_too_many(turn, limits.unordered_calls) {
            (Limit::Calls, "Too many calls are in progress.")
        } else {
            return None;
        };
        self.role.limit_hit(limit);
        let target = self.role.declared_name(&invocation.target);
        let text =
            format!("Failed to invoke '{target}' due to an error on the server. HubException: {reason}");
        Some(Refusal::because(text, reason))
    }

    /// Answers a call that does not run. Nobody has looked at its values: if they are broken, so is the peer.
    fn refuse(&mut self, invocation: &Invocation<'_>, refusal: &Refusal, record: &[u8]) {
        self.validate(record);
        self.expect_strays_of(&invocation.stream_ids);
        if self.ended.is_none() {
            self.answer_refusal(invocation.id.as_deref(), &invocation.target, refusal);
        }
    }

    fn answer_refusal(&self, id: Option<&str>, target: &str, refusal: &Refusal) {
        self.role.refused(target, refusal);
        if let Some(id) = id {
            self.complete(id, Outcome::Error((&*refusal.text).into()));
        }
    }

    /// Binds a call whose turn has come, and polls it for the first time: one that ends at once is answered at once.
    fn start(
        &mut self,
        invocation: &Invocation<'_>,
        mode: Mode,
        turn: Turn,
        streams: WaitingStreams,
        record: &[u8],
        cx: &mut Context<'_>,
    ) {
        slice::start();
        let id = invocation.id.as_deref();
        let results = match (mode, id) {
            (Mode::Stream, Some(id)) => {
                let shared = Arc::clone(&self.shared);
                Some(ResultSink(Box::new(StreamResults { shared, id: id.into(), share: Share::default() })))
            }
            _ => None,
        };
        let mut call =
            dispatch::Call::new(invocation.arguments, self.limits.stream_capacity, &self.backlog, results)
                .with_busy_stream(streams.busy());
        let running = match self.role.bind(invocation, mode, &mut call) {
            Bound::Run(running) => Guarded::new(running),
            Bound::Refused(refusal) => {
                note_blocking(&self.role, &self.limits, &invocation.target);
                streams.give_up(&self.shared.pending);
                return self.refuse(invocation, &refusal, record);
            }
        };
        let ids = invocation.stream_ids.iter().map(|id| (&**id).into());
        let uploads: Uploads = ids.zip(call.into_uploads()).collect();
        streams.hand_over(uploads.iter().map(|(_, sink)| sink), &self.shared.pending);
        self.expect_strays_of(&invocation.stream_ids);
        self.first_poll(NewCall { id, target: &invocation.target, mode, turn, uploads }, running, cx);
    }

    fn first_poll(&mut self, call: NewCall<'_>, running: Guarded, cx: &mut Context<'_>) {
        slice::start();
        let mut method = RunningMethod::new(self.calls.next_number(), running);
        let (polled, asked) = method.poll(cx);
        note_blocking(&self.role, &self.limits, call.target);
        match polled {
            Poll::Ready(ended) => {
                self.calls.go_on_with_thread(call.turn, method);
                self.finished(call.id, call.target, &call.uploads, ended);
            }
            Poll::Pending => self.calls.go_on(call, method, asked),
        }
    }

    /// Starts a call that has waited. It is read again: what it has become is on the wire until now.
    fn start_waiting(&mut self, call: WaitingCall, cx: &mut Context<'_>) {
        let WaitingCall { id, mode, turn, work, streams } = call;
        match work {
            Work::Record(record) => match protocol::read(self.shared.format, &record) {
                Ok(Some(Message::Invocation(invocation) | Message::StreamInvocation(invocation))) => {
                    self.start(&invocation, mode, turn, streams, &record, cx);
                }
                // It was read before.
                Ok(_) => {}
                Err(error) => self.broken(&error),
            },
            Work::Refusal { target, refusal } => self.answer_refusal(id.as_deref(), &target, &refusal),
            Work::Own(name, running) => {
                let call = NewCall { id: id.as_deref(), target: name, mode, turn, uploads: Vec::new() };
                self.first_poll(call, running, cx);
            }
        }
    }

    /// Takes a call of our own role among those of the peer.
    pub(super) fn poll_own_call(&mut self, cx: &Context<'_>) {
        if let Poll::Ready((name, running)) = self.role.poll_own_call(cx) {
            let work = Work::Own(name, Guarded::new(running));
            let (mode, turn, streams) = (Mode::Plain, Turn::Ordered, WaitingStreams::default());
            self.calls.wait(WaitingCall { id: None, mode, turn, work, streams });
        }
    }

    /// Starts calls that have waited for their turn, and goes on with those that were woken, until the slice is over, or
    /// tokio's budget used up: one step is made in any case.
    pub(super) fn poll_calls(&mut self, cx: &mut Context<'_>) {
        loop {
            let startable = if self.is_behind() { None } else { self.calls.next_to_start() };
            if let Some(call) = startable {
                self.start_waiting(call, cx);
            } else {
                let Self { calls, role, limits, .. } = self;
                match calls.poll_running(|target| note_blocking(role, limits, target)) {
                    None => return,
                    Some(Poll::Pending | Poll::Ready(None)) => {}
                    Some(Poll::Ready(Some((call, ended)))) => {
                        self.finished(call.id.as_deref(), &call.target, &call.uploads, ended);
                    }
                }
            }
            if slice::is_due() || slice::has_used_up_budget() || self.ended.is_some() {
                return;
            }
        }
    }

    /// Takes back the permits of calls that wait for a client in other tasks.
    #[inline]
    pub(super) fn take_permits_back(&mut self) {
        if self.shared.returned_permits.any() {
            for call in &self.shared.returned_permits.take() {
                self.calls.take_permit_back(*call);
            }
        }
    }

    /// The peer gives a call up.
    pub(super) fn cancel(&mut self, id: &str) {
        slice::start();
        match self.calls.cancel(id) {
            Some(GivenUp::Running(call)) => {
                note_blocking(&self.role, &self.limits, &call.target);
                self.finished(Some(id), &call.target, &call.uploads, canceled(call.mode));
            }
            Some(GivenUp::Waiting(call)) => self.cancel_waiting(id, call),
            None => {}
        }
    }

    /// A call that waits for its turn is answered now, with its own fault if it has one.
    fn cancel_waiting(&mut self, id: &str, call: WaitingCall) {
        call.streams.give_up(&self.shared.pending);
        let Work::Record(record) = &call.work else { return };
        let read = protocol::read(self.shared.format, record);
        let Ok(Some(Message::Invocation(invocation) | Message::StreamInvocation(invocation))) = read else {
            return;
        };
        self.expect_strays_of(&invocation.stream_ids);
        let fault = self.misfit(&invocation, call.mode).or_else(|| self.role.fault(&invocation, call.mode));
        match fault {
            Some(refusal) => self.answer_refusal(Some(id), &invocation.target, &refusal),
            None => self.finished(Some(id), &invocation.target, &Uploads::new(), canceled(call.mode)),
        }
    }

    fn finished(&mut self, id: Option<&str>, target: &str, uploads: &Uploads, (stage, reply): Ended) {
        for (id, sink) in uploads {
            if self.shared.pending.end_stream(id, sink) {
                self.expect_strays(id);
            }
        }
        let outcome = match &reply.0 {
            Ok(Answer::Value(value)) => {
                let format = self.shared.format;
                Outcome::Result(Payload { format, bytes: value.bytes() })
            }
            Ok(Answer::Refused(refusal)) => return self.answer_refusal(id, target, refusal),
            Ok(Answer::Nothing | Answer::Items(_)) if stage == Stage::Streaming => Outcome::Void,
            Ok(Answer::Nothing | Answer::Items(_)) => self.role.no_result(),
            Err(error) => Outcome::Error(self.role.error_text(target, stage, error)),
        };
        match id {
            Some(id) => self.complete(id, outcome),
            None if matches!(outcome, Outcome::Result(_)) => self.role.unwanted_value(target),
            None => {}
        }
    }

    fn complete(&self, id: &str, outcome: Outcome<'_>) {
        self.shared.send(&Message::Completion { id: id.into(), outcome });
    }
}

/// The user's code has run: tells when it has held the thread for too long.
fn note_blocking<R: Role>(role: &R, limits: &EngineLimits, method: &str) {
    let took = slice::lap();
    if limits.longest_poll.is_some_and(|longest| took > longest) {
        role.held_the_thread(method, took);
    }
}
