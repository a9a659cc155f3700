//! Who is asking: the layer around everything that only users may do.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use signalr_runtime::server::AccessToken;

use crate::tokens::Tokens;

/// Verifies the token of a request, and puts its [`Claims`](crate::tokens::Claims) into the extensions, where the hub and
/// the handlers find them.
pub async fn authenticate(
    State(tokens): State<Arc<Tokens>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let token = request.extensions().get::<AccessToken>().ok_or(Refused::NoToken)?;
    let claims = tokens.verify(token.expose()).map_err(|_| Refused::InvalidToken)?;
    request.extensions_mut().insert(claims);
    Ok(next.run(request).await)
}

/// Why a request is turned away. Nothing more is told: it would only help somebody who guesses.
#[derive(Debug)]
pub enum Refused {
    /// It has no token.
    NoToken,
    /// It has one that is not ours, or that has ended.
    InvalidToken,
    /// It was to sign in.
    WrongPassword,
    /// There is no token to be had: this server is at fault.
    CannotSign,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let challenge = match self {
            Self::NoToken | Self::WrongPassword => "Bearer",
            Self::InvalidToken => r#"Bearer error="invalid_token""#,
            Self::CannotSign => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response()
    }
}
