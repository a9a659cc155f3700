//! The tokens that have opened their connection: none of them opens another one.

use std::collections::HashSet;
use std::mem;
use std::time::Duration;

use tokio::time::Instant;

/// Fingerprints of used tokens, in two generations. Each generation gathers for one lifetime of a token and is kept
/// for another one. It is forgotten as a whole: forgetting costs the same, however many there are.
pub(super) struct UsedTokens {
    lifetime: Duration,
    /// The end of the current generation. `None` before the first token, and where time does not reach that far.
    ends: Option<Instant>,
    current: HashSet<u64>,
    previous: HashSet<u64>,
}

impl UsedTokens {
    /// Remembers tokens that are good for `lifetime`.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, ends: None, current: HashSet::new(), previous: HashSet::new() }
    }

    /// Whether a token was used within one lifetime.
    pub(super) fn contains(&self, fingerprint: u64) -> bool {
        self.current.contains(&fingerprint) || self.previous.contains(&fingerprint)
    }

    /// Marks a token as used. False if it was used before.
    pub(super) fn insert(&mut self, fingerprint: u64, now: Instant) -> bool {
        self.turn_over(now);
        !self.previous.contains(&fingerprint) && self.current.insert(fingerprint)
    }

    fn turn_over(&mut self, now: Instant) {
        if let Some(ends) = self.ends {
            if now < ends {
                return;
            }
            let gathered = mem::take(&mut self.current);
            let all_expired = ends.checked_add(self.lifetime).is_some_and(|expired| now >= expired);
            self.previous = if all_expired { HashSet::new() } else { gathered };
        }
        self.ends = now.checked_add(self.lifetime);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn a_token_is_remembered_for_its_lifetime_whatever_comes_between() {
        let mut used = UsedTokens::new(LIFETIME);
        let start = Instant::now();
        for token in 0..3_000 {
            let now = start + Duration::from_millis(token * 50);
            assert!(used.insert(token, now), "{token} is new");
            // As many come in one lifetime.
            for earlier in token.saturating_sub(299)..=token {
                assert!(used.contains(earlier), "{earlier} at {token}");
            }
            assert!(!used.insert(token.saturating_sub(299), now));
        }
    }

    /// Nothing is looked through to forget what has expired: the two tables are all there is, and one is dropped.
    #[tokio::test(start_paused = true)]
    async fn no_more_is_kept_than_two_lifetimes_bring_at_any_rate() {
        for per_lifetime in [10_u64, 1_000, 100_000] {
            let mut used = UsedTokens::new(LIFETIME);
            let mut now = Instant::now();
            for lifetime in 0..4 {
                for n in 0..per_lifetime {
                    assert!(used.insert(lifetime * per_lifetime + n, now));
                }
                now += LIFETIME;
                let kept = u64::try_from(used.current.len() + used.previous.len()).unwrap();
                assert!(kept <= 2 * per_lifetime, "{kept} of {per_lifetime}");
            }
            used.insert(u64::MAX, now + LIFETIME);
            assert_eq!((used.current.len(), used.previous.capacity()), (1, 0));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lifetime_without_end_forgets_nothing() {
        let mut used = UsedTokens::new(Duration::MAX);
        let now = Instant::now();
        assert!(used.insert(1, now) && used.insert(2, now + LIFETIME));
        assert!(!used.insert(1, now + 100 * LIFETIME));
    }
}
