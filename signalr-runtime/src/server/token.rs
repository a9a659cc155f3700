//! Connection tokens: what a negotiate hands out and a transport brings back.
//!
//! A token is sealed, so that nothing has to be remembered for it: a flood of negotiates costs no memory. It
//! opens one connection, for a short time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use tokio::time::Instant;

use super::connection::ConnectionId;

/// How long a token may wait for its transport: ASP.NET Core's `DisconnectTimeout`.
const LIFETIME: Duration = Duration::from_secs(15);

const ID_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;
const EXPIRY_BYTES: usize = 8;

/// A new connection id: 128 random bits as 22 characters.
pub(crate) fn new_connection_id() -> ConnectionId {
    ConnectionId::new(&BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; ID_BYTES]>()))
}

/// Seals and opens the tokens of one hub. The key is random and lives as long as the process.
pub(crate) struct TokenSealer {
    cipher: XChaCha20Poly1305,
    /// Expiry is counted from here: never from a clock that can be set.
    epoch: Instant,
    /// The ids whose token was used, until it would have expired.
    used: Mutex<HashMap<ConnectionId, Instant>>,
}

impl TokenSealer {
    pub(crate) fn new() -> Self {
        let key: [u8; 32] = rand::random();
        Self { cipher: XChaCha20Poly1305::new(&key.into()), epoch: Instant::now(), used: Mutex::default() }
    }

    /// A token that opens the connection `id`, until it expires.
    pub(crate) fn seal(&self, id: &ConnectionId) -> String {
        self.seal_bytes(id.as_bytes())
    }

    /// A token that is the id of the connection it opens, for clients that know only one of the two.
    pub(crate) fn seal_id(&self) -> ConnectionId {
        ConnectionId::new(&self.seal_bytes(b""))
    }

    fn seal_bytes(&self, id: &[u8]) -> String {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let expiry = (self.epoch.elapsed() + LIFETIME).as_millis();
        let mut plain = u64::try_from(expiry).unwrap_or(u64::MAX).to_be_bytes().to_vec();
        plain.extend_from_slice(id);
        // Encryption fails only for messages of many gigabytes.
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), &*plain).unwrap_or_default();
        let mut token = nonce.to_vec();
        token.extend_from_slice(&sealed);
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }

    /// The connection that a token opens. None for every other text, and for a token that has expired or was
    /// used before: whoever presents it learns no more than that.
    pub(crate) fn open(&self, token: &str) -> Option<ConnectionId> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), sealed).ok()?;
        let (expiry, id) = plain.split_first_chunk::<EXPIRY_BYTES>()?;
        let expiry = self.epoch.checked_add(Duration::from_millis(u64::from_be_bytes(*expiry)))?;
        let id = std::str::from_utf8(id).ok()?;
        self.use_once(ConnectionId::new(if id.is_empty() { token } else { id }), expiry)
    }

    fn use_once(&self, id: ConnectionId, expiry: Instant) -> Option<ConnectionId> {
        let now = Instant::now();
        if now >= expiry {
            return None;
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        // Everything in the map was used within one lifetime. Forgetting in batches keeps the cost constant.
        if used.len() == used.capacity() {
            used.retain(|_, expiry| *expiry > now);
        }
        used.insert(id.clone(), expiry).is_none().then_some(id)
    }
}
