//! Who may do what, in front of a hub that has nothing to do.

use futures_util::{Stream, stream};
use signalr_runtime::HubResult;
use signalr_runtime::server::Hub;

use crate::chat_contract::{ChatHub, ChatHubContract, Message};

struct Chat;

impl Hub for Chat {
    type Contract = ChatHubContract;
}

impl ChatHub for Chat {
    async fn join(&self, _room: &str) -> HubResult<Vec<Message>> {
        Ok(Vec::new())
    }

    async fn say(&self, _room: &str, _text: String) -> HubResult {
        Ok(())
    }

    fn countdown(&self, _from: u32) -> impl Stream<Item = HubResult<u32>> {
        stream::empty()
    }

    async fn paste(&self, _room: &str, _lines: impl Stream<Item = HubResult<String>>) -> HubResult<usize> {
        Ok(0)
    }
}

/// Tokens are names here.
fn verify(token: &str) -> Option<Claims> {
    let is_known = ["ada", "bob"].contains(&token);
    let ends = SystemTime::now() + std::time::Duration::from_secs(60);
    is_known.then(|| Claims { name: token.to_owned(), is_moderator: token == "ada", ends })
}

// What the README shows:
use std::time::SystemTime;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use signalr_runtime::server::{AccessToken, AccessTokenLayer, HubRouterExt, HubService};

/// What a token says about its bearer.
#[derive(Clone)]
struct Claims {
    name: String,
    is_moderator: bool,
    ends: SystemTime,
}

/// Turns away who has no valid token; `verify` is yours.
async fn authenticate(mut request: Request, next: Next) -> Result<Response, StatusCode> {
    let token = request.extensions().get::<AccessToken>().ok_or(StatusCode::UNAUTHORIZED)?;
    let claims: Claims = verify(token.expose()).ok_or(StatusCode::UNAUTHORIZED)?;
    request.extensions_mut().insert(claims);
    Ok(next.run(request).await)
}

fn guarded(chat: HubService<Chat>) -> Router {
    let chat = chat
        .user_id(|request| Some(request.extensions.get::<Claims>()?.name.clone()))
        .authentication_expiry(|request| Some(request.extensions.get::<Claims>()?.ends))
        .authorize(&[ChatHubContract::PASTE], |call| {
            call.connection().request().extensions.get::<Claims>().is_some_and(|claims| claims.is_moderator)
        });
    // The layer that is added last is the first that a request meets.
    Router::new().hub("/chat", chat).layer(from_fn(authenticate)).layer(AccessTokenLayer::new())
}
// To here.

pub fn app() -> Router {
    guarded(HubService::new(|_| Chat))
}
