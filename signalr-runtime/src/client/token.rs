//! The access token of a connection.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;
use http::HeaderValue;

use super::error::ConnectError;
use crate::transport::negotiate::AccessToken;

type Provider = dyn Fn() -> BoxFuture<'static, Result<String, Box<dyn Error + Send + Sync>>> + Send + Sync;

/// Where the access token comes from.
#[derive(Clone)]
pub(crate) enum TokenSource {
    None,
    /// The user's function, asked for every request.
    Provider(Arc<Provider>),
    /// Handed out by a redirect, for all that follows.
    Redirect(AccessToken),
}

impl TokenSource {
    /// The value of the `Authorization` header; none for an empty token.
    pub(crate) async fn bearer(&self) -> Result<Option<HeaderValue>, ConnectError> {
        let token = match self {
            Self::None => return Ok(None),
            Self::Provider(provider) => provider().await.map_err(ConnectError::AccessToken)?,
            Self::Redirect(AccessToken(token)) => token.clone(),
        };
        if token.trim().is_empty() {
            return Ok(None);
        }
        let mut header = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| ConnectError::AccessToken("it holds what a header must not hold".into()))?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}

// The token is a secret.
impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Provider(_) => "Provider",
            Self::Redirect(_) => "Redirect",
        })
    }
}
