//! The server.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use crate::chat_contract::{ChatHub, ChatHubContract, Message};
use axum::Router;
use futures_util::{Stream, StreamExt, stream};
use signalr_runtime::server::{Hub, HubContext, HubRouterExt, HubService};
use signalr_runtime::{HubError, HubResult};

type History = Arc<Mutex<HashMap<String, Vec<Message>>>>;

/// One value per connection: its fields are the state of that connection.
pub struct Chat {
    cx: HubContext<ChatHubContract>,
    history: History,
}

impl Hub for Chat {
    type Contract = ChatHubContract;
}

impl ChatHub for Chat {
    async fn join(&self, room: &str) -> HubResult<Vec<Message>> {
        if !self.cx.clients().caller().confirm("Really join?").await? {
            return Err(HubError::new("then not")); // the client reads this text
        }
        self.cx.groups().join(room).await?;
        Ok(self.history.lock().unwrap().get(room).cloned().unwrap_or_default())
    }

    async fn say(&self, room: &str, text: String) -> HubResult {
        let message = Message { from: self.cx.connection_id().into(), text };
        self.history.lock().unwrap().entry(room.to_owned()).or_default().push(message.clone());
        self.cx.clients().group(room).message_received(&message).await
    }

    fn countdown(&self, from: u32) -> impl Stream<Item = HubResult<u32>> {
        stream::iter((0..=from).rev().map(Ok))
    }

    async fn paste(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<usize> {
        let mut lines = pin!(lines);
        let mut count = 0;
        while let Some(line) = lines.next().await {
            self.say(room, line?).await?;
            count += 1;
        }
        Ok(count)
    }
}

pub fn chat() -> HubService<Chat> {
    let history = History::default();
    HubService::new(move |cx| Chat { cx, history: history.clone() })
}

pub fn app() -> Router {
    Router::new().hub("/chat", chat())
}
