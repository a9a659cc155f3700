//! Limits on the calls that run at once: slots for the calls of all clients, of which each client may hold some.
//!
//! A call waits for one of its client's own slots first. Then it waits for one of those for all clients, where one call of
//! each client waits at a time: a client with many calls has no more turns there than a client with one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::limit::Limit;

/// The slots of one limit.
pub(crate) struct CallSlots {
    /// For the calls of all clients. `None` if only those of each client are counted.
    total: Option<Arc<Semaphore>>,
    /// How many the calls of one connection may hold.
    per_client: usize,
    /// Counted when a call has to wait.
    limit: Limit,
}

/// The calls of one connection that want one of these slots.
pub(crate) struct ClientQueue {
    slots: Arc<CallSlots>,
    /// The slots of this connection.
    own: Arc<Semaphore>,
    /// Held by the call that waits for one of the slots for all clients.
    turn: Semaphore,
}

/// The queues of one connection, made when a call first needs them. There are few.
#[derive(Default)]
pub(crate) struct ClientQueues(Vec<Arc<ClientQueue>>);

/// The slot of a call. It is free when this is dropped.
pub(crate) struct CallSlot {
    _own: Option<OwnedSemaphorePermit>,
    _total: Option<OwnedSemaphorePermit>,
}

impl CallSlots {
    /// `total` for the calls of all clients. One client may hold half of them, and at least one.
    pub(crate) fn new(total: usize, limit: Limit) -> Self {
        let total = total.min(Semaphore::MAX_PERMITS);
        Self { total: Some(Arc::new(Semaphore::new(total))), per_client: (total / 2).max(1), limit }
    }

    /// `per_client` for each client, and no limit for all of them.
    pub(crate) fn for_each_client(per_client: usize, limit: Limit) -> Self {
        Self { total: None, per_client: Self::at_least_one(per_client), limit }
    }

    /// The same, but one client may hold `per_client` of them.
    pub(crate) fn with_per_client(self, per_client: usize) -> Self {
        Self { per_client: Self::at_least_one(per_client), ..self }
    }

    fn at_least_one(per_client: usize) -> usize {
        per_client.clamp(1, Semaphore::MAX_PERMITS)
    }
}

impl ClientQueues {
    /// The queue for `slots`.
    pub(crate) fn queue(&mut self, slots: &Arc<CallSlots>) -> Arc<ClientQueue> {
        if let Some(queue) = self.0.iter().find(|queue| Arc::ptr_eq(&queue.slots, slots)) {
            return Arc::clone(queue);
        }
        let queue = Arc::new(ClientQueue {
            slots: Arc::clone(slots),
            own: Arc::new(Semaphore::new(slots.per_client)),
            turn: Semaphore::new(1),
        });
        self.0.push(Arc::clone(&queue));
        queue
    }
}

impl ClientQueue {
    /// Waits for a slot. A call that is dropped meanwhile no longer waits anywhere.
    pub(crate) async fn slot(&self) -> CallSlot {
        let limit = self.slots.limit;
        let own = acquire(&self.own, limit).await;
        let Some(total) = &self.slots.total else { return CallSlot { _own: own, _total: None } };
        let turn = self.turn.acquire().await;
        let total = acquire(total, limit).await;
        drop(turn);
        CallSlot { _own: own, _total: total }
    }
}

/// Never `None`: no semaphore here is closed.
async fn acquire(slots: &Arc<Semaphore>, limit: Limit) -> Option<OwnedSemaphorePermit> {
    if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
        return Some(slot);
    }
    limit.hit();
    Arc::clone(slots).acquire_owned().await.ok()
}
