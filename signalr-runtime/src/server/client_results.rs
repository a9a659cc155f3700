//! Asking a client for a result.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::future::BoxFuture;
use tokio::sync::oneshot;

use super::connection::{Connection, ConnectionId};
use super::deadline::within;
use super::lifetime::invocation_frame;
use crate::connection::frame::Frame;
use crate::connection::limit::Limit;
use crate::connection::pending::Awaited;
use crate::connection::scope::{self, Scope};
use crate::contract::arguments::EncodeArguments;
use crate::contract::error::{HubError, HubErrorKind, HubResult};
use crate::contract::value::Encoded;

/// The questions of one hub that are open, so that an answer from the wrong client is recognized.
#[derive(Default)]
pub(crate) struct ClientResults {
    next: AtomicU64,
    asked: Mutex<HashMap<Box<str>, ConnectionId>>,
}

impl ClientResults {
    /// Calls `target` on one client and waits for its answer. The wait ends with the answer, with the connection, or with
    /// the time that a client has.
    pub(crate) fn ask(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        target: &'static str,
        arguments: &dyn EncodeArguments,
    ) -> BoxFuture<'static, HubResult<Encoded>> {
        match self.question(connection, target, arguments) {
            Ok(question) => Box::pin(question.answer()),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn question(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        target: &'static str,
        arguments: &dyn EncodeArguments,
    ) -> HubResult<Question> {
        if scope::current() == Scope::Connecting {
            return Err(HubError::named(
                HubErrorKind::Internal,
                "InvalidOperationException",
                "Client results inside OnConnectedAsync Hub methods are not allowed.",
            ));
        }
        // Numbers of the server start with a letter: clients number their own streams.
        let id: Box<str> = format!("s{}", self.next.fetch_add(1, Ordering::Relaxed).wrapping_add(1)).into();
        let frame = invocation_frame(connection.shared.format, Some(&id), target, arguments)?;
        let (reply, answer) = oneshot::channel();
        connection.shared.pending.insert(&id, Awaited::Reply(reply))?;
        self.asked().insert(id.clone(), connection.id.clone());
        scope::ask();
        Ok(Question { results: Arc::clone(self), connection: Arc::clone(connection), id, frame, answer })
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
struct Question {
    results: Arc<ClientResults>,
    connection: Arc<Connection>,
    id: Box<str>,
    frame: Frame,
    answer: oneshot::Receiver<HubResult<Encoded>>,
}

impl Question {
    async fn answer(mut self) -> HubResult<Encoded> {
        let connection = Arc::clone(&self.connection);
        let answered = async {
            connection.shared.outbound.push_when_room(&self.frame).await;
            (&mut self.answer).await.unwrap_or_else(|_| {
                Err(HubError::with_kind(HubErrorKind::Canceled, "Invocation canceled by the server."))
            })
        };
        let answered = within(connection.client_result_timeout, Limit::ClientResultTime, answered).await;
        let late = || Err(HubError::with_kind(HubErrorKind::Timeout, "The client did not answer in time."));
        answered.unwrap_or_else(late)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.results.asked().remove(&self.id);
        self.connection.shared.pending.forget_reply(&self.id);
    }
}
