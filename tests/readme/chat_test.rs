//! A test of the hub.

use std::time::Duration;

use crate::chat_contract::{ChatClient, Message};
use crate::chat_server::chat;
use signalr_runtime::HubResult;
use signalr_runtime::test::TestServer;

/// Thinks for an hour, and says no.
struct Undecided;

impl ChatClient for Undecided {
    async fn message_received(&self, _message: &Message) {}

    async fn confirm(&self, _question: &str) -> HubResult<bool> {
        tokio::time::sleep(Duration::from_secs(60 * 60)).await;
        Ok(false)
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_joins_who_says_no() {
    let server = TestServer::new(chat());
    let client = server.client().handlers(Undecided).connect().await.unwrap();
    let refused = client.hub().join("lobby").await.unwrap_err();
    assert_eq!(refused.detail(), "then not");
}
