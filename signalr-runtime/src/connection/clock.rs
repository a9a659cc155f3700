//! The times a connection watches: its pings, its acknowledgements and those of its peer, its peer's silence, a write that
//! is stuck.
//!
//! One timer per connection, set to whichever is due first. Traffic only notes a time; the timer is looked at
//! when it fires.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How the engine keeps a connection alive and finds out that it is not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Time between two pings of ours; none on a transport that keeps itself alive.
    pub(crate) ping: Option<Ping>,
    /// Longest silence of the peer; none where it is never held against it.
    pub(crate) silence: Option<Silence>,
    /// Longest time that one write may be stuck.
    pub(crate) write: Duration,
}

/// When pings are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ping {
    /// At every interval, traffic or not: what a server does.
    Every(Duration),
    /// When nothing was sent for that long: what a client does.
    WhenIdle(Duration),
}

/// From when on silence counts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Silence {
    /// From the peer's first ping on: a server does not hold it against clients that never ping.
    FromFirstPing(Duration),
    /// From the start: what a client does.
    FromStart(Duration),
}

/// How long what has arrived gathers before the peer is told.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_secs(1);

/// How long a peer may keep senders waiting for an acknowledgement that releases something. ASP.NET Core waits as long.
pub(crate) const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(5);

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Send a ping.
    Ping,
    /// Tell the peer what has arrived.
    Acknowledgement,
    /// The peer has acknowledged nothing for too long.
    Unacknowledged,
    /// The peer has been silent for too long.
    Silence,
    /// A write has been stuck for too long.
    Write,
    /// The peer may be read again.
    Read,
}

/// The clock of one connection.
pub(crate) struct Clock {
    timing: Timing,
    timer: Pin<Box<Sleep>>,
    /// When the next ping is due, unless something is sent before.
    ping_at: Option<Instant>,
    /// When the peer is told what has arrived, if anything has.
    acknowledge_at: Option<Instant>,
    /// The number of the last message that the peer has acknowledged, and since when senders have been waiting for the
    /// next one, if they do.
    unacknowledged: Option<(u64, Instant)>,
    /// Since when the peer has been silent, if that counts yet.
    heard: Option<Instant>,
    /// Silence does not count while we do not read.
    deaf: bool,
    /// Since when a write has been stuck.
    stuck: Option<Instant>,
    /// Until when nothing is read, because the peer has sent too much for the time being.
    held: Option<Instant>,
}

impl Clock {
    pub(crate) fn new(timing: Timing) -> Self {
        let now = Instant::now();
        let ping_at = timing.ping.and_then(|ping| now.checked_add(ping.interval()));
        let heard = matches!(timing.silence, Some(Silence::FromStart(_))).then_some(now);
        let timer = Box::pin(sleep_until(now));
        let mut clock = Self {
            timing,
            timer,
            ping_at,
            acknowledge_at: None,
            unacknowledged: None,
            heard,
            deaf: false,
            stuck: None,
            held: None,
        };
        clock.arm(now);
        clock
    }

    /// Something arrived.
    pub(crate) fn received(&mut self) {
        if let Some(heard) = &mut self.heard {
            *heard = Instant::now();
        }
    }

    /// Something is to be acknowledged.
    pub(crate) fn acknowledge(&mut self) {
        if self.acknowledge_at.is_none() {
            let now = Instant::now();
            self.acknowledge_at = now.checked_add(ACKNOWLEDGE_AFTER);
            self.arm(now);
        }
    }

    /// Senders wait for the next acknowledgement after that of message `last`, or do not wait.
    pub(crate) fn unacknowledged(&mut self, last: Option<u64>) {
        let known = self.unacknowledged.map(|(known, _)| known);
        if last != known {
            let now = Instant::now();
            self.unacknowledged = last.map(|last| (last, now));
            self.arm(now);
        }
    }

    /// The peer pinged.
    pub(crate) fn pinged(&mut self) {
        if self.timing.silence.is_some() && self.heard.is_none() {
            let now = Instant::now();
            self.heard = Some(now);
            self.arm(now);
        }
    }

    /// Whether the connection reads at the moment.
    pub(crate) fn listens(&mut self, reads: bool) {
        if self.deaf == reads {
            self.deaf = !reads;
            self.received();
            self.arm(Instant::now());
        }
    }

    /// Nothing is to be read for so long.
    pub(crate) fn hold(&mut self, time: Duration) {
        let now = Instant::now();
        self.held = now.checked_add(time);
        self.arm(now);
    }

    /// Whether nothing is to be read for the time being.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Something was written out.
    pub(crate) fn sent(&mut self) {
        self.stuck = None;
        if let Some(Ping::WhenIdle(interval)) = self.timing.ping {
            self.ping_at = Instant::now().checked_add(interval);
        }
    }

    /// A write is stuck.
    pub(crate) fn blocked(&mut self) {
        if self.stuck.is_none() {
            let now = Instant::now();
            self.stuck = Some(now);
            self.arm(now);
        }
    }

    /// Nothing is being written.
    pub(crate) fn idle(&mut self) {
        self.stuck = None;
    }

    /// Ready with what is due; the timer wakes the task otherwise.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        while self.timer.as_mut().poll(cx).is_ready() {
            if let Some(due) = self.ring() {
                return Poll::Ready(due);
            }
        }
        Poll::Pending
    }

    /// The time has come that the timer was set to: says for what, and sets it anew.
    // Apart from `poll`, which nearly always finds that it has not.
    #[cold]
    fn ring(&mut self) -> Option<Due> {
        let now = Instant::now();
        let due = self.due(now);
        match due {
            Some(Due::Ping) => {
                self.ping_at = self.timing.ping.and_then(|ping| now.checked_add(ping.interval()));
            }
            Some(Due::Acknowledgement) => self.acknowledge_at = None,
            Some(Due::Read) => self.held = None,
            Some(Due::Unacknowledged | Due::Silence | Due::Write) | None => {}
        }
        self.arm(now);
        due
    }

    fn due(&self, now: Instant) -> Option<Due> {
        if self.stuck_until().is_some_and(|at| now >= at) {
            Some(Due::Write)
        } else if self.acknowledged_until().is_some_and(|at| now >= at) {
            Some(Due::Unacknowledged)
        } else if self.silent_at().is_some_and(|at| now >= at) {
            Some(Due::Silence)
        } else if self.acknowledge_at.is_some_and(|at| now >= at) {
            Some(Due::Acknowledgement)
        } else if self.held.is_some_and(|until| now >= until) {
            Some(Due::Read)
        } else if self.ping_at.is_some_and(|at| now >= at) {
            Some(Due::Ping)
        } else {
            None
        }
    }

    /// Sets the timer to what is due first, with a far look where nothing is.
    fn arm(&mut self, now: Instant) {
        const FAR: Duration = Duration::from_secs(24 * 60 * 60);
        let times = [
            self.ping_at,
            self.acknowledge_at,
            self.acknowledged_until(),
            self.silent_at(),
            self.stuck_until(),
            self.held,
        ];
        let first = times.into_iter().flatten().min();
        self.timer.as_mut().reset(first.unwrap_or(now + FAR).max(now));
    }

    fn stuck_until(&self) -> Option<Instant> {
        self.stuck?.checked_add(self.timing.write)
    }

    fn acknowledged_until(&self) -> Option<Instant> {
        let (_, since) = self.unacknowledged?;
        since.checked_add(ACKNOWLEDGED_WITHIN)
    }

    fn silent_at(&self) -> Option<Instant> {
        let (Silence::FromFirstPing(limit) | Silence::FromStart(limit)) = self.timing.silence?;
        // Ask again later.
        if self.deaf { None } else { self.heard?.checked_add(limit) }
    }
}

impl Ping {
    fn interval(self) -> Duration {
        match self {
            Self::Every(interval) | Self::WhenIdle(interval) => interval,
        }
    }
}
