//! A chat whose users sign in, from the login to the rules of the hub. In the order in which a request meets them:
//!
//! - [`login`]: a name and a password become a short-lived token, and a token that is about to end becomes a new one;
//! - [`tokens`]: how tokens are signed and verified;
//! - [`authenticate()`]: turns away who has no valid token, and tells the rest of the server who it is;
//! - [`request_log`]: logs every request, without its secrets;
//! - [`chat`]: the hub, which knows its users by name, and lets only moderators clear the conversation.
//!
//! The page is in `page/public`: it signs in, renews its token, and gives it to the SignalR client.

pub mod authenticate;
pub mod chat;
pub mod login;
pub mod page;
pub mod request_log;
pub mod shutdown;
pub mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use signalr_runtime::server::{AccessTokenLayer, HubRouterExt, HubService};

use authenticate::authenticate;
use chat::Chat;
use tokens::Tokens;

/// Everything but the page.
pub fn app(tokens: &Arc<Tokens>, hub: HubService<Chat>) -> Router {
    let signed_in = Router::new()
        .route("/renew", post(login::renew))
        .with_state(Arc::clone(tokens))
        .hub("/chat", hub)
        // The last layer is the first that a request meets: the log must not see the token.
        .layer(from_fn_with_state(Arc::clone(tokens), authenticate))
        .layer(request_log::layer())
        .layer(AccessTokenLayer::new());
    Router::new().route("/login", post(login::login)).with_state(Arc::clone(tokens)).merge(signed_in)
}
