//! Asking a client for a result.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tokio::sync::oneshot;

use super::broadcast;
use super::connection::Connection;
use crate::connection::budget::{Charge, ChargeKind};
use crate::connection::frame::Frame;
use crate::connection::limit::Limit;
use crate::connection::pending::Awaited;
use crate::connection::slow_consumer::Sender;
use crate::contract::client_call::ClientCall;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::receivers::Answer;
use crate::contract::value::Encoded;
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::deadline::within;

/// The questions of one hub that are open, so that an answer from the wrong client is recognized.
pub(crate) struct ClientResults {
    /// What the ids begin with. No other node has it.
    prefix: Box<str>,
    next: AtomicU64,
    asked: Mutex<HashMap<Box<str>, ConnectionId>>,
}

/// What an open question costs beside its text: its places in two tables, and the futures that wait.
const OPEN: usize = 1024;

/// How many random bytes tell the ids of one node from those of others.
const NODE_BYTES: usize = 6;

impl ClientResults {
    pub(crate) fn new() -> Self {
        // The hub's own tests name ids in their texts.
        Self::with_prefix(if cfg!(test) { "s".into() } else { Self::random_prefix() })
    }

    /// A prefix that no other node has. Ids of the server start with a letter: clients number their own streams.
    fn random_prefix() -> Box<str> {
        let node: [u8; NODE_BYTES] = rand::random();
        format!("s{}", BASE64_URL_SAFE_NO_PAD.encode(node)).into()
    }

    fn with_prefix(prefix: Box<str>) -> Self {
        Self { prefix, next: AtomicU64::new(1), asked: Mutex::default() }
    }

    fn next_id(&self) -> Box<str> {
        format!("{}{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed)).into()
    }

    /// Asks one client. The question is open until the client has answered, is gone, or has had its time, or until the
    /// question is dropped.
    pub(crate) fn ask(
        self: &Arc<Self>,
        connection: Arc<Connection>,
        call: &ClientCall,
    ) -> HubResult<Question> {
        let id = self.next_id();
        let Some(frame) = broadcast::frame(call, Some(&id), connection.shared.format) else {
            return Err(call.missing(connection.shared.format));
        };
        let frame = frame.charged_to(connection.shared.outbound.budget());
        let (reply, answer) = oneshot::channel();
        connection.shared.pending.insert(&id, Awaited::Reply(reply))?;
        self.asked().insert(id.clone(), connection.id.clone());
        let mut charge = Charge::new(connection.shared.outbound.budget().cloned(), ChargeKind::Calls);
        charge.set(frame.uncharged().saturating_add(OPEN));
        Ok(Question { results: Arc::clone(self), connection, id, frame: Some(frame), answer, charge })
    }

    /// Whether a question with this id is open to a connection other than `connection`. One that answers twice finds
    /// its own question here until the method that asked goes on.
    pub(crate) fn is_open_to_another(&self, id: &str, connection: &ConnectionId) -> bool {
        self.asked().get(id).is_some_and(|asked| asked != connection)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.asked().is_empty()
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<Box<str>, ConnectionId>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open question. Nothing is sent before it is awaited; dropping it forgets it.
pub(crate) struct Question {
    results: Arc<ClientResults>,
    connection: Arc<Connection>,
    id: Box<str>,
    /// Until it is in the queue.
    frame: Option<Frame>,
    answer: oneshot::Receiver<HubResult<Encoded>>,
    charge: Charge,
}

impl Question {
    /// Puts the question, and waits for the answer.
    pub(crate) async fn answer(mut self) -> HubResult<Answer> {
        let connection = Arc::clone(&self.connection);
        let answered = async {
            if let Some(frame) = self.frame.take() {
                connection.shared.push_when_room(&frame, Sender::Own).await;
            }
            self.charge.set(OPEN);
            (&mut self.answer).await.unwrap_or_else(|_| {
                Err(HubError::with_kind(HubErrorKind::Canceled, "Invocation canceled by the server."))
            })
        };
        let answered = within(connection.client_result_timeout, Limit::ClientResultTime, answered).await;
        let late = || Err(HubError::with_kind(HubErrorKind::Timeout, "The client did not answer in time."));
        let answered = answered.unwrap_or_else(late);
        answered.map(|value| Answer { format: connection.shared.format, value })
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.results.asked().remove(&self.id);
        self.connection.shared.pending.forget_reply(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::ClientResults;

    #[test]
    fn no_two_nodes_give_a_question_the_same_id() {
        let nodes = [(); 2].map(|()| ClientResults::with_prefix(ClientResults::random_prefix()));
        let [one, two] = nodes.each_ref().map(|node| [node.next_id(), node.next_id()]);
        assert!(one[0] != one[1] && one.iter().all(|id| !two.contains(id)), "{one:?} {two:?}");
        for id in one.iter().chain(&two) {
            assert!(id.len() == 10 && id.starts_with('s'), "{id}");
        }
    }
}
