//! The state of a connection, and what happens to it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::{mpsc, watch};

use crate::contract::error::{HubError, HubErrorKind};

/// Whether a connection can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Calls go through.
    Connected,
    /// The connection is about to end: calls fail.
    Disconnecting,
    /// The connection has ended. It does not come back.
    Disconnected,
}

/// Something that happened to a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// The connection has ended: with nothing when this side or the server ended it in good order, or with what
    /// went wrong.
    #[non_exhaustive]
    Closed {
        /// What went wrong.
        error: Option<HubError>,
    },
}

/// What happens to a connection from now on, as a [`Stream`]. It ends after [`ConnectionEvent::Closed`], and does
/// not keep the connection alive.
pub struct ConnectionEvents(mpsc::UnboundedReceiver<ConnectionEvent>);

impl ConnectionEvents {
    /// Waits for the next event; `None` after the last.
    ///
    /// Does the same as `StreamExt::next` of the futures crates. Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<ConnectionEvent> {
        self.0.recv().await
    }
}

impl Stream for ConnectionEvents {
    type Item = ConnectionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectionEvent>> {
        self.0.poll_recv(cx)
    }
}

impl fmt::Debug for ConnectionEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionEvents").finish_non_exhaustive()
    }
}

/// The life of a connection, for those who watch it.
pub(crate) struct Life {
    state: watch::Sender<ConnectionState>,
    story: Mutex<Story>,
}

enum Story {
    /// Who wants to know what happens.
    Open(Vec<mpsc::UnboundedSender<ConnectionEvent>>),
    /// It has ended.
    Closed(Option<HubError>),
}

impl Life {
    pub(crate) fn new() -> Self {
        Self {
            state: watch::Sender::new(ConnectionState::Connected),
            story: Mutex::new(Story::Open(Vec::new())),
        }
    }

    pub(crate) fn state(&self) -> watch::Receiver<ConnectionState> {
        self.state.subscribe()
    }

    pub(crate) fn is_over(&self) -> bool {
        *self.state.borrow() == ConnectionState::Disconnected
    }

    /// What happens from now on. A connection that has ended says so at once.
    pub(crate) fn events(&self) -> ConnectionEvents {
        let (sender, receiver) = mpsc::unbounded_channel();
        match &mut *self.story() {
            Story::Open(subscribers) => {
                subscribers.retain(|subscriber| !subscriber.is_closed());
                subscribers.push(sender);
            }
            Story::Closed(error) => tell(&sender, error.as_ref()),
        }
        ConnectionEvents(receiver)
    }

    /// Waits for the end, and gives what went wrong.
    pub(crate) async fn closed(&self) -> Option<HubError> {
        // The sender lives in `self`: it cannot be gone.
        let _ = self.state().wait_for(|state| *state == ConnectionState::Disconnected).await;
        match &*self.story() {
            Story::Closed(error) => error.as_ref().map(HubError::again),
            Story::Open(_) => None,
        }
    }

    /// The connection is about to end.
    pub(crate) fn ending(&self) {
        self.state.send_if_modified(|state| {
            let was_connected = *state == ConnectionState::Connected;
            if was_connected {
                *state = ConnectionState::Disconnecting;
            }
            was_connected
        });
    }

    /// Why nothing can be sent any more.
    pub(crate) fn refusal(&self) -> HubError {
        HubError::with_kind(
            HubErrorKind::Closed,
            match *self.state.borrow() {
                ConnectionState::Disconnecting => "Cannot send data: the connection is stopping.",
                ConnectionState::Connected | ConnectionState::Disconnected => {
                    "Cannot send data if the connection is not in the 'Connected' State."
                }
            },
        )
    }

    /// The connection has ended.
    pub(crate) fn end(&self, error: Option<HubError>) {
        let mut story = self.story();
        if let Story::Open(subscribers) = &*story {
            for subscriber in subscribers {
                tell(subscriber, error.as_ref());
            }
            *story = Story::Closed(error);
        }
        drop(story);
        self.state.send_replace(ConnectionState::Disconnected);
    }

    fn story(&self) -> MutexGuard<'_, Story> {
        self.story.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(subscriber: &mpsc::UnboundedSender<ConnectionEvent>, error: Option<&HubError>) {
    // Whoever has dropped the stream does not want to know.
    let _ = subscriber.send(ConnectionEvent::Closed { error: error.map(HubError::again) });
}
