//! How often something may happen.

use std::time::Duration;

use tokio::time::Instant;

/// How often something may happen: `per_second` times in the long run, and `burst` times at once.
///
/// Zero, in either, is taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often in a second, for as long as it goes on.
    pub per_second: u32,
    /// How often at once, after a rest.
    pub burst: u32,
}

impl Rate {
    /// So often in a second, and at once.
    pub const fn per_second(times: u32) -> Self {
        Self { per_second: times, burst: times }
    }

    fn pace(self) -> f64 {
        f64::from(self.per_second.max(1))
    }

    fn most(self) -> f64 {
        f64::from(self.burst.max(1))
    }
}

/// A token bucket.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    rate: Rate,
    /// What was left when it was last filled up; less than nothing after a loan.
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    /// A full one.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, tokens: rate.most(), filled: Instant::now() }
    }

    /// Takes tokens, and lends those that are missing: gives how long it takes until they are back.
    ///
    /// Looks at the clock only when the bucket seems empty, so that it costs next to nothing: after a rest there may
    /// be two bursts.
    pub(crate) fn borrow(&mut self, tokens: u32) -> Option<Duration> {
        self.tokens -= f64::from(tokens);
        if self.tokens >= 0.0 {
            return None;
        }
        self.fill();
        (self.tokens < 0.0).then(|| self.time_for(-self.tokens))
    }

    /// Takes one token, or gives how long it takes until there is one.
    pub(crate) fn take(&mut self) -> Result<(), Duration> {
        self.fill();
        if self.tokens < 1.0 {
            return Err(self.time_for(1.0 - self.tokens));
        }
        self.tokens -= 1.0;
        Ok(())
    }

    /// How much is left of a full bucket.
    pub(crate) fn level(&mut self) -> f64 {
        self.fill();
        self.tokens
    }

    fn fill(&mut self) {
        let now = Instant::now();
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + since * self.rate.pace()).min(self.rate.most());
        self.filled = now;
    }

    fn time_for(&self, tokens: f64) -> Duration {
        // Never less than the timer can tell apart, or whoever waits would wake too early.
        let time = Duration::try_from_secs_f64(tokens / self.rate.pace()).unwrap_or(Duration::MAX);
        time.max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_the_pace() {
        let mut bucket = TokenBucket::new(Rate { per_second: 10, burst: 3 });
        assert_eq!([bucket.take(), bucket.take(), bucket.take()], [Ok(()); 3]);
        let wait = bucket.take().unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        tokio::time::advance(wait).await;
        assert_eq!(bucket.take(), Ok(()));
        assert!(bucket.take().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_is_worth_no_more_than_a_burst() {
        let mut bucket = TokenBucket::new(Rate { per_second: 10, burst: 3 });
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!([bucket.take(), bucket.take(), bucket.take()], [Ok(()); 3]);
        assert!(bucket.take().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_borrowed_is_paid_back_by_waiting() {
        let mut bucket = TokenBucket::new(Rate::per_second(10));
        let wait = bucket.borrow(30).unwrap();
        assert_eq!(wait, Duration::from_secs(2));
        tokio::time::advance(wait).await;
        assert!(bucket.borrow(1).is_some());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(bucket.borrow(1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_at_all_is_taken_for_one() {
        let mut bucket = TokenBucket::new(Rate { per_second: 0, burst: 0 });
        assert_eq!(bucket.take(), Ok(()));
        assert_eq!(bucket.take(), Err(Duration::from_secs(1)));
    }
}
