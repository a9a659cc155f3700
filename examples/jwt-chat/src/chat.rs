//! The hub: who talks, and who may clear what was said.

use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use signalr_runtime::server::{HttpOptions, Hub, HubContext, HubOptions, HubService, Invocation};
use signalr_runtime::{HubError, HubResult, client_proxy, hub};

use crate::tokens::{Claims, Role};

/// The longest text that somebody may say, in characters.
const TEXT_LIMIT: usize = 2_000;

/// What clients may call.
#[hub(client = ChatClient)]
pub trait ChatHub {
    /// Says something to everybody.
    async fn say(&self, text: String) -> HubResult;
    /// Clears the conversation. For moderators.
    async fn clear(&self) -> HubResult;
}

/// What the server may call on clients.
#[client_proxy]
pub trait ChatClient {
    /// Somebody has said something.
    async fn said(&self, message: &Message);
    /// A moderator has cleared the conversation.
    async fn cleared(&self, by: &str);
}

/// Something that somebody has said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who: always the one who signed in, whatever the client would like to be called.
    pub from: String,
    /// What.
    pub text: String,
}

/// One connection of somebody who has signed in.
pub struct Chat {
    cx: HubContext<ChatHubContract>,
}

impl Hub for Chat {
    type Contract = ChatHubContract;
}

impl ChatHub for Chat {
    async fn say(&self, text: String) -> HubResult {
        if text.trim().is_empty() || text.chars().count() > TEXT_LIMIT {
            return Err(HubError::new(format!("Say something, in at most {TEXT_LIMIT} characters.")));
        }
        let message = Message { from: self.user()?.to_owned(), text };
        self.cx.clients().all().said(&message).await
    }

    async fn clear(&self) -> HubResult {
        self.cx.clients().all().cleared(self.user()?).await
    }
}

impl Chat {
    fn user(&self) -> HubResult<&str> {
        self.cx.user_id().ok_or_else(|| HubError::new("Please sign in first."))
    }
}

/// The hub, ready to be given a path behind [`authenticate`](crate::authenticate::authenticate).
pub fn hub() -> HubService<Chat> {
    let http = HttpOptions {
        // Who does not renew the token is gone when it ends.
        close_on_authentication_expiration: true,
        // Clients that can show the next token (those of .NET 11 and later) keep their connection.
        enable_authentication_refresh: true,
        ..HttpOptions::default()
    };
    HubService::new(|cx| Chat { cx })
        .options(HubOptions { http, ..HubOptions::default() })
        .user_id(|request| claims(request).map(|claims| claims.sub.clone()))
        .authentication_expiry(|request| claims(request).map(Claims::expiry))
        .authorize(&[ChatHubContract::CLEAR], is_moderator)
}

fn claims(request: &Parts) -> Option<&Claims> {
    request.extensions.get()
}

fn is_moderator(call: &Invocation) -> bool {
    claims(call.connection().request()).is_some_and(|claims| claims.role == Role::Moderator)
}
