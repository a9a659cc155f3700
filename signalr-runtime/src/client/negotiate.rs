//! Negotiation: asking a server where and how to connect.

use http::Method;
use tokio::time::timeout;

use super::cookies::Cookies;
use super::error::ConnectError;
use super::exchange::{Exchange, request};
use super::settings::Settings;
use super::token::TokenSource;
use super::url::HubUrl;
use crate::transport::negotiate::{NegotiatedConnection, Negotiation};

/// How often a client negotiates before it gives up following redirects.
const REDIRECTS: usize = 100;

/// The largest answer that is read, in bytes.
const ANSWER: usize = 64 * 1024;

/// What the negotiation came to.
pub(crate) struct Negotiated {
    /// Where to connect: not where the user said, after a redirect.
    pub(crate) url: HubUrl,
    pub(crate) token: TokenSource,
    pub(crate) connection: NegotiatedConnection,
}

/// Negotiates, and follows redirects.
pub(crate) async fn negotiate(
    settings: &Settings,
    cookies: &mut Cookies,
    mut url: HubUrl,
) -> Result<Negotiated, ConnectError> {
    let mut token = settings.token.clone();
    for _ in 0..REDIRECTS {
        match ask(settings, cookies, &url, &token).await? {
            Negotiation::Connection(connection) => return Ok(Negotiated { url, token, connection }),
            Negotiation::Redirect { url: to, access_token } => {
                url = HubUrl::parse(&to)?;
                if let Some(handed_out) = access_token {
                    token = TokenSource::Redirect(handed_out);
                }
                tracing::debug!(host = url.authority(), "the server redirects");
            }
            Negotiation::Refused { error } => return Err(ConnectError::NegotiateRefused(error)),
        }
    }
    Err(ConnectError::TooManyRedirects)
}

async fn ask(
    settings: &Settings,
    cookies: &mut Cookies,
    url: &HubUrl,
    token: &TokenSource,
) -> Result<Negotiation, ConnectError> {
    let target = url.negotiate().map_err(|error| ConnectError::Request(error.into()))?;
    let request = request(settings, cookies, token, Method::POST, url, target).await?;
    let answer = async {
        let exchange = Exchange::make(url, request).await?;
        let status = exchange.head.status;
        if !status.is_success() {
            return Err(ConnectError::NegotiateStatus(status));
        }
        cookies.take(url.authority(), &exchange.head.headers);
        exchange.body(ANSWER).await
    };
    let limit = settings.request_timeout;
    let answer = timeout(limit, answer).await.map_err(|_| ConnectError::RequestTimeout(limit))??;
    Negotiation::read(&answer).map_err(|error| ConnectError::NegotiateUnreadable(error.to_string()))
}
