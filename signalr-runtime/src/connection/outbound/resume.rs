//! The queue of a connection whose peer may lose its transport and come back.

use super::{Outbound, State};
use crate::connection::replay::{Peer, ReplayBuffer};
use crate::contract::value::HubProtocol;

impl Outbound {
    /// From now on messages are numbered and kept until the peer acknowledges them, so that they can be sent again.
    /// While more than `limit` bytes are kept, those who send wait.
    pub(crate) fn keep_for_replay(&self, format: HubProtocol, limit: usize) {
        self.lock().queue.replay = Some(Box::new(ReplayBuffer::new(format, limit)));
    }

    /// Whether messages are kept for a peer that comes back.
    pub(crate) fn is_replayable(&self) -> bool {
        self.lock().queue.replay.is_some()
    }

    /// Whether those who send wait for an acknowledgement.
    pub(crate) fn awaits_acknowledgement(&self) -> bool {
        self.lock().awaits_acknowledgement()
    }

    /// The number of the last message that was acknowledged, while a peer that is here keeps those who send waiting for
    /// the next acknowledgement.
    pub(crate) fn unacknowledged(&self) -> Option<u64> {
        let state = self.lock();
        let replay = state.queue.replay.as_ref().filter(|replay| replay.peer == Peer::Here)?;
        state.awaits_acknowledgement().then(|| replay.acknowledged())
    }

    /// How many bytes are kept for a peer that comes back.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.lock().queue.unacknowledged()
    }

    /// The peer has every message up to this one.
    pub(crate) fn acknowledge(&self, sequence_id: i64) {
        let mut state = self.lock();
        if let Some(replay) = &mut state.queue.replay {
            replay.acknowledge(sequence_id);
            state.settle();
            state.senders.wake();
        }
    }

    /// The peer will not come back: nothing is kept any more, and nobody waits for an acknowledgement.
    pub(crate) fn end_replay(&self) {
        let mut state = self.lock();
        if state.queue.replay.take().is_some() {
            state.settle();
            state.senders.wake();
        }
    }

    /// The transport was lost and may be replaced: what waits to be written need not wait, because what matters of
    /// it is kept.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        if state.queue.detach() {
            state.settle();
            state.senders.wake();
        }
    }

    /// The transport was replaced: the peer is told which message comes next, and gets everything again that it
    /// has not acknowledged.
    pub(crate) fn rewind(&self) {
        let mut state = self.lock();
        state.queue.rewind();
        state.settle();
    }
}

impl State {
    /// Whether senders wait for an acknowledgement. The streams of the connection's own do so before others have to.
    fn awaits_acknowledgement(&self) -> bool {
        self.queue.replay.as_ref().is_some_and(|replay| {
            replay.is_full() || (replay.is_full_for_streams() && self.senders.streams_wait())
        })
    }
}
