//! How somebody comes by a token.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use crate::authenticate::Refused;
use crate::tokens::{Claims, Role, Tokens, now};

/// How long somebody can go on renewing tokens before they are asked for their password again, in seconds.
const SESSION: u64 = 8 * 60 * 60;

/// What the page sends.
#[derive(Deserialize)]
pub struct Credentials {
    name: String,
    password: String,
}

/// What the page gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    token: String,
    expires_in_seconds: u64,
    name: String,
    /// For the page, which offers only what this role may do. The hub does not ask the page: it looks into the token.
    role: Role,
}

/// `POST /login`: a token for a name and a password.
pub async fn login(
    State(tokens): State<Arc<Tokens>>,
    Json(credentials): Json<Credentials>,
) -> Result<Json<Issued>, Refused> {
    let role = role_of(&credentials).ok_or(Refused::WrongPassword)?;
    issue(&tokens, credentials.name, role, now())
}

/// `POST /renew`: a new token for one that is still valid.
pub async fn renew(
    State(tokens): State<Arc<Tokens>>,
    Extension(claims): Extension<Claims>,
) -> Result<Json<Issued>, Refused> {
    if now() >= claims.auth_time + SESSION {
        return Err(Refused::InvalidToken);
    }
    issue(&tokens, claims.sub, claims.role, claims.auth_time)
}

fn issue(tokens: &Tokens, name: String, role: Role, auth_time: u64) -> Result<Json<Issued>, Refused> {
    let token = tokens.issue(name.clone(), role, auth_time).map_err(|_| Refused::CannotSign)?;
    Ok(Json(Issued { token, expires_in_seconds: tokens.lifetime().as_secs(), name, role }))
}

/// The users of this example. Yours are in a database, with their passwords hashed.
fn role_of(Credentials { name, password }: &Credentials) -> Option<Role> {
    match (name.as_str(), password.as_str()) {
        ("ada", "lovelace") => Some(Role::Moderator),
        ("bob", "builder") => Some(Role::Member),
        _ => None,
    }
}
