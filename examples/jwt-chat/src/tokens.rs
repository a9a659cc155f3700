//! The tokens: JSON Web Tokens, signed with a key that only this process has.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

/// What a token says about its bearer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who it is.
    pub sub: String,
    /// What they may do.
    pub role: Role,
    /// When they have given their password, in seconds since 1970.
    pub auth_time: u64,
    /// When the token ends, in seconds since 1970.
    pub exp: u64,
}

impl Claims {
    /// When the token ends.
    pub fn expiry(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.exp)
    }
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May talk.
    Member,
    /// May clear the conversation as well.
    Moderator,
}

/// Signs tokens and verifies them.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    lifetime: Duration,
}

impl Tokens {
    /// Tokens that are valid for `lifetime`. With the process the key is gone, and everybody signs in again; several
    /// servers would share one from their configuration.
    pub fn new(lifetime: Duration) -> Self {
        let key: [u8; 32] = rand::random();
        Self { signing: EncodingKey::from_secret(&key), verifying: DecodingKey::from_secret(&key), lifetime }
    }

    /// How long a token is valid.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A token for somebody who gave their password at `auth_time`.
    pub fn issue(&self, sub: String, role: Role, auth_time: u64) -> jsonwebtoken::errors::Result<String> {
        self.sign(&Claims { sub, role, auth_time, exp: now() + self.lifetime.as_secs() })
    }

    /// A token that says this.
    pub fn sign(&self, claims: &Claims) -> jsonwebtoken::errors::Result<String> {
        encode(&Header::new(Algorithm::HS256), claims, &self.signing)
    }

    /// What a token says, if it is ours and has not ended.
    pub fn verify(&self, token: &str) -> jsonwebtoken::errors::Result<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        // A token that is valid for a minute is not to live for two.
        validation.leeway = 0;
        decode(token, &self.verifying, &validation).map(|token| token.claims)
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
