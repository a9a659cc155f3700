//! What a peer asks for beside its data: pings, and frames that hold nothing.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::violation::Violation;
use crate::connection::rate::{Rate, TokenBucket};
use crate::connection::slice;

/// How often a ping is answered at once.
const ANSWERS: Rate = Rate { per_second: 4, burst: 32 };

/// Time between two answers to pings of a peer that pings more often. It gets an answer to the newest one only, as
/// RFC 6455 §5.5.3 allows.
const ANSWER_INTERVAL: Duration = Duration::from_secs(1);

/// So many frames in one read are many.
const MANY: usize = 64;

/// The control frames of one peer. Most connections never see one, and have none of this.
pub(super) struct ControlFrames {
    allowance: Option<TokenBucket>,
    /// The number of frames in the last read.
    in_read: usize,
    /// The payload of the newest ping that has no answer yet.
    ping: Option<Vec<u8>>,
    answers: TokenBucket,
    /// Wakes the connection when a ping is answered that was not answered at once.
    timer: Option<Pin<Box<Sleep>>>,
}

impl ControlFrames {
    pub(super) fn new(rate: Option<Rate>) -> Self {
        Self {
            allowance: rate.map(TokenBucket::new),
            in_read: 0,
            ping: None,
            answers: TokenBucket::new(ANSWERS),
            timer: None,
        }
    }

    /// More was read.
    pub(super) fn begin_read(&mut self) {
        self.in_read = 0;
    }

    /// The last read has brought many of these frames: the next one is to bring less.
    pub(super) fn were_many(&self) -> bool {
        self.in_read >= MANY
    }

    /// A frame has come that carries no data.
    pub(super) fn count(&mut self) -> Result<(), Violation> {
        self.in_read = self.in_read.saturating_add(1);
        slice::step();
        match &mut self.allowance {
            Some(allowance) => allowance.take().map_err(|_| Violation::TooManyControlFrames),
            None => Ok(()),
        }
    }

    /// A ping has come.
    pub(super) fn ping(&mut self, payload: Vec<u8>) -> Result<(), Violation> {
        self.count()?;
        self.ping = Some(payload);
        Ok(())
    }

    /// The payload of the answer that is due. One that is due later wakes the task.
    pub(super) fn answer(&mut self, cx: &mut Context<'_>) -> Option<Vec<u8>> {
        self.ping.as_ref()?;
        // Whoever has had to wait once waits for the whole interval.
        if self.timer.is_some() || self.answers.take().is_err() {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(ANSWER_INTERVAL)));
            if timer.as_mut().poll(cx).is_pending() {
                return None;
            }
            self.timer = None;
        }
        self.ping.take()
    }
}
