//! Items for streams that do not exist.
//!
//! A stream may have ended on this side only: its call was answered, or refused. Clients go on with what they upload until
//! it is over (`HubConnection.LaunchStreams`), so those items are ignored, however many come. Others are a fault of the
//! peer, and it may not make many.

use std::collections::VecDeque;

use super::rate::{Rate, TokenBucket};

/// What a peer may yet send for streams that do not exist.
pub(super) struct Strays {
    /// For streams that this side knows nothing of.
    allowance: TokenBucket,
    /// The streams that have ended on this side only, the latest last.
    ended: VecDeque<Box<str>>,
    /// The most of them that are remembered.
    most: usize,
    bytes: usize,
}

impl Strays {
    pub(super) fn new(allowance: Rate, most: usize) -> Self {
        Self { allowance: TokenBucket::new(allowance), ended: VecDeque::new(), most, bytes: 0 }
    }

    /// A stream has ended on this side, and the peer has not ended it.
    pub(super) fn expect(&mut self, id: &str) {
        if self.most == 0 || self.is_expected(id) {
            return;
        }
        if self.ended.len() >= self.most
            && let Some(oldest) = self.ended.pop_front()
        {
            self.bytes -= bytes_of(&oldest);
        }
        self.bytes += bytes_of(id);
        self.ended.push_back(id.into());
    }

    /// The peer has ended a stream.
    pub(super) fn completed(&mut self, id: &str) {
        let at = self.ended.iter().position(|ended| &**ended == id);
        if let Some(id) = at.and_then(|at| self.ended.remove(at)) {
            self.bytes -= bytes_of(&id);
        }
    }

    /// Whether an item may come for a stream that does not exist.
    pub(super) fn take(&mut self, id: &str) -> bool {
        self.is_expected(id) || self.allowance.take().is_ok()
    }

    /// What is held of the peer's ids.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn is_expected(&self, id: &str) -> bool {
        self.ended.iter().any(|ended| &**ended == id)
    }
}

/// What one id holds.
fn bytes_of(id: &str) -> usize {
    id.len() + size_of::<Box<str>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn those_of_streams_that_ended_on_this_side_are_without_number() {
        let mut strays = Strays::new(Rate { per_second: 1, burst: 2 }, 3);
        strays.expect("ended");
        assert!((0..100).all(|_| strays.take("ended")));
        strays.completed("ended");
        assert!(strays.take("ended") && strays.take("other"));
        assert!(!strays.take("ended") && !strays.take("other"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_is_forgotten() {
        let mut strays = Strays::new(Rate { per_second: 1, burst: 1 }, 3);
        for id in ["first", "a", "a", "b", "c"] {
            strays.expect(id);
        }
        assert_eq!(strays.bytes(), 3 * (1 + 16));
        assert!(strays.take("first") && !strays.take("first"));
        for id in ["a", "b", "c", "unknown"] {
            assert_eq!(strays.take(id), id != "unknown");
            strays.completed(id);
        }
        assert_eq!(strays.bytes(), 0);
    }
}
