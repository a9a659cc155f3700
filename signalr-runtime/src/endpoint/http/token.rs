//! Connection tokens: what a negotiate hands out and a transport brings back.
//!
//! A token is sealed, so that nothing has to be remembered for it: a flood of negotiates costs no memory. It opens one
//! connection of one endpoint, for the identity that has negotiated, and within a short time.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use tokio::time::Instant;

use crate::endpoint::connection_id::ConnectionId;

const NONCE_BYTES: usize = 24;
const EXPIRY_BYTES: usize = 8;
const MARK_BYTES: usize = 16;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 512;

/// A key for connection tokens, which several nodes can share. A token counts at the endpoint that made it: the nodes must
/// give the same path to `Router::hub`.
///
/// It promises less than the key that a process has for itself. Each node knows only the tokens that it has seen: one that
/// was used opens one more connection of the same identity on another node, or after the process was started anew, as long
/// as it is good ([`disconnect_timeout`](crate::server::HttpOptions::disconnect_timeout)). And nodes go by the time of day:
/// one whose clock is behind gives out tokens that the others take for expired, and one whose clock is ahead takes theirs
/// for expired. Within a process that time never goes back, so that no token becomes good again; a node whose clock was
/// ahead when it was set right stays ahead until it is started anew, or the time has come.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// 32 random bytes, the same on all nodes, kept as secret as a password.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

/// Seals and opens the tokens of one application, at each of its endpoints.
pub(crate) struct TokenSealer {
    cipher: XChaCha20Poly1305,
    lifetime: Duration,
    clock: Clock,
}

/// The tokens of one endpoint: none of them is one of another.
#[derive(Clone, Copy)]
pub(crate) struct EndpointTokens<'a> {
    sealer: &'a TokenSealer,
    endpoint: &'a str,
}

/// What expiry is counted with.
enum Clock {
    /// Within one process, a clock that nobody can set.
    Process(Instant),
    /// Between nodes, the time of day: they have nothing else in common.
    Shared(TimeOfDay),
}

/// The time of day, which goes on when the clock is set back: what has expired stays so.
struct TimeOfDay {
    start: Instant,
    /// What the time of day was at the start, by the clock when it was most ahead; in milliseconds.
    at_start: AtomicU64,
}

/// What a token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) id: ConnectionId,
    pub(crate) expiry: Instant,
    /// Whether the client asked for stateful reconnect, and was granted it.
    pub(crate) stateful: bool,
    /// Whether the token is the id of its connection, which is no secret.
    pub(crate) is_public: bool,
    nonce: [u8; NONCE_BYTES],
    holder: Mark,
}

/// What a token has of the identity that has negotiated: a keyed hash, enough to recognize it by.
type Mark = [u8; MARK_BYTES];

/// The mark of nobody.
const NOBODY: Mark = [0; MARK_BYTES];

impl TokenSealer {
    /// Tokens that are good for `lifetime`. Without a key, one that lives as long as the process.
    pub(crate) fn new(lifetime: Duration, key: Option<&TokenKey>) -> Self {
        let (key, clock) = match key {
            Some(TokenKey(key)) => (*key, Clock::Shared(TimeOfDay::starting(Instant::now()))),
            None => (rand::random(), Clock::Process(Instant::now())),
        };
        Self { cipher: XChaCha20Poly1305::new(&key.into()), lifetime, clock }
    }

    /// Those of the endpoint with this name.
    pub(crate) fn of<'a>(&'a self, endpoint: &'a str) -> EndpointTokens<'a> {
        EndpointTokens { sealer: self, endpoint }
    }
}

impl EndpointTokens<'_> {
    /// A token that opens the connection `id`.
    pub(crate) fn seal(&self, id: &ConnectionId, identity: Option<&str>, stateful: bool) -> String {
        self.seal_bytes(id.as_bytes(), identity, stateful)
    }

    /// A token that is the id of the connection it opens, for clients that know only one of the two.
    pub(crate) fn seal_id(&self, identity: Option<&str>, stateful: bool) -> ConnectionId {
        ConnectionId::new(&self.seal_bytes(b"", identity, stateful))
    }

    fn seal_bytes(&self, id: &[u8], identity: Option<&str>, stateful: bool) -> String {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let expiry = self.sealer.clock.now().saturating_add(self.sealer.lifetime).as_millis();
        let mut plain = u64::try_from(expiry).unwrap_or(u64::MAX).to_be_bytes().to_vec();
        plain.push(stateful.into());
        plain.extend_from_slice(&self.mark(nonce, identity));
        plain.extend_from_slice(id);
        let payload = Payload { msg: &plain, aad: self.endpoint.as_bytes() };
        // Encryption fails only for messages of many gigabytes.
        let sealed = self.sealer.cipher.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        let mut token = nonce.to_vec();
        token.extend_from_slice(&sealed);
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// Whether a token is brought by the identity that it was made for. Nobody is nobody only.
    pub(crate) fn is_held_by(&self, claim: &Claim, identity: Option<&str>) -> bool {
        claim.holder == self.mark(claim.nonce, identity)
    }

    /// What a token stands for, whoever brings it. None for every text that is no token of this endpoint.
    pub(crate) fn open(&self, token: &str) -> Option<Claim> {
        if token.len() > LONGEST {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: self.endpoint.as_bytes() };
        let plain = self.sealer.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        let (expiry, rest) = plain.split_first_chunk::<EXPIRY_BYTES>()?;
        let (stateful, rest) = rest.split_first()?;
        let (holder, id) = rest.split_first_chunk::<MARK_BYTES>()?;
        let id = std::str::from_utf8(id).ok()?;
        let left = Duration::from_millis(u64::from_be_bytes(*expiry)).saturating_sub(self.sealer.clock.now());
        Some(Claim {
            id: ConnectionId::new(if id.is_empty() { token } else { id }),
            // The clocks of two nodes may differ: no token lives longer than it may here.
            expiry: Instant::now().checked_add(left.min(self.sealer.lifetime))?,
            stateful: *stateful != 0,
            is_public: id.is_empty(),
            nonce: *nonce,
            holder: *holder,
        })
    }

    /// The mark of an identity in the token with this nonce: the tag of an empty message that goes with it. Its nonce is
    /// another one, because none may be used twice.
    fn mark(&self, nonce: [u8; NONCE_BYTES], identity: Option<&str>) -> Mark {
        let Some(identity) = identity else { return NOBODY };
        let nonce = XNonce::from(nonce.map(|byte| !byte));
        let payload = Payload { msg: b"", aad: identity.as_bytes() };
        let tag = self.sealer.cipher.encrypt(&nonce, payload).unwrap_or_default();
        // Encryption fails only for messages of many gigabytes. A mark that no identity has is still not that of nobody.
        Mark::try_from(tag).unwrap_or([1; MARK_BYTES])
    }
}

impl Clock {
    fn now(&self) -> Duration {
        match self {
            Self::Process(epoch) => epoch.elapsed(),
            Self::Shared(time) => time.now(SystemTime::now()),
        }
    }
}

impl TimeOfDay {
    fn starting(start: Instant) -> Self {
        Self { start, at_start: AtomicU64::new(0) }
    }

    /// What time it is, when the clock says `clock`.
    fn now(&self, clock: SystemTime) -> Duration {
        let since = self.start.elapsed();
        let at_start = clock.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(since).as_millis();
        let at_start = u64::try_from(at_start).unwrap_or(u64::MAX);
        let most = self.at_start.fetch_max(at_start, Ordering::Relaxed).max(at_start);
        Duration::from_millis(most).saturating_add(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_of_day_does_not_go_back() {
        let time = TimeOfDay::starting(Instant::now());
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(time.now(at(1_000)).as_secs(), 1_000);
        tokio::time::advance(Duration::from_secs(10)).await;
        // Set back by an hour, or by a little: it goes on at the pace of the other clock.
        assert_eq!(time.now(at(0)).as_secs(), 1_010);
        assert_eq!(time.now(at(1_009)).as_secs(), 1_010);
        // Set forward, and back to what it was.
        assert_eq!(time.now(at(5_000)).as_secs(), 5_000);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(time.now(at(1_030)).as_secs(), 5_010);
    }
}
