//! Places for calls of all clients, of which each client has a share.
//!
//! A client's calls wait for its share in a line of their own, and one of them at a time stands in the line of all
//! clients: whoever has many calls has no more turns there than whoever has one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::limit::Limit;

/// A number of places.
pub(crate) struct Places {
    /// None for as many as there are shares.
    all: Option<Arc<Semaphore>>,
    /// Places that the calls of one connection may have.
    share: usize,
    /// Counted when a call has to wait.
    limit: Limit,
}

/// The calls of one connection that want a place.
pub(crate) struct ClientLine {
    places: Arc<Places>,
    share: Arc<Semaphore>,
    /// Whose turn it is to stand in the line of all clients.
    turn: Semaphore,
}

/// The lines of one connection.
#[derive(Default)]
pub(crate) struct ClientLines(Vec<Arc<ClientLine>>);

/// A place of a call. Dropped, it is another's.
pub(crate) struct Place {
    _share: Option<OwnedSemaphorePermit>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Places {
    /// `most` for all calls, half of them for those of one client, and at least one.
    pub(crate) fn new(most: usize, limit: Limit) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { all: Some(Arc::new(Semaphore::new(most))), share: (most / 2).max(1), limit }
    }

    /// `share` for the calls of one client, and as many for all of them as that makes.
    pub(crate) fn for_each_client(share: usize, limit: Limit) -> Self {
        Self { all: None, share: share.clamp(1, Semaphore::MAX_PERMITS), limit }
    }

    /// With another share of one client.
    pub(crate) fn with_share(self, share: usize) -> Self {
        Self { share: share.clamp(1, Semaphore::MAX_PERMITS), ..self }
    }
}

impl ClientLines {
    /// The line for `places`.
    pub(crate) fn of(&mut self, places: &Arc<Places>) -> Arc<ClientLine> {
        if let Some(line) = self.0.iter().find(|line| Arc::ptr_eq(&line.places, places)) {
            return Arc::clone(line);
        }
        let line = Arc::new(ClientLine {
            places: Arc::clone(places),
            share: Arc::new(Semaphore::new(places.share)),
            turn: Semaphore::new(1),
        });
        self.0.push(Arc::clone(&line));
        line
    }
}

impl ClientLine {
    /// Waits for a place. A call that is dropped meanwhile is out of both lines.
    pub(crate) async fn place(&self) -> Place {
        let limit = self.places.limit;
        let share = take(&self.share, limit).await;
        let Some(all) = &self.places.all else { return Place { _share: share, _place: None } };
        let turn = self.turn.acquire().await;
        let place = take(all, limit).await;
        drop(turn);
        Place { _share: share, _place: place }
    }
}

async fn take(places: &Arc<Semaphore>, limit: Limit) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    limit.hit();
    // It is never closed.
    Arc::clone(places).acquire_owned().await.ok()
}
