//! The client.

use std::time::Duration;

use crate::chat_contract::{ChatClient, ChatHubContract, Message};
use futures_util::stream;
use signalr_runtime::HubResult;
use signalr_runtime::client::HubConnection;

struct Ui;

impl ChatClient for Ui {
    async fn message_received(&self, message: &Message) {
        println!("{}: {}", message.from, message.text);
    }

    async fn confirm(&self, question: &str) -> HubResult<bool> {
        println!("{question} Yes.");
        Ok(true)
    }
}

pub async fn run(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let connection = HubConnection::<ChatHubContract>::builder(url).handlers(Ui).connect().await?;
    let hub = connection.hub();

    let history = hub.join("lobby").timeout(Duration::from_secs(5)).await?;
    println!("{} messages so far", history.len());
    hub.say("lobby", "Hello!".to_owned()).await?;

    let mut countdown = hub.countdown(3);
    while let Some(n) = countdown.next().await {
        println!("{}…", n?);
    }
    let lines = stream::iter(["one", "two", "three"].map(|line| Ok(line.to_owned())));
    println!("{} lines pasted", hub.paste("lobby", lines).await?);

    connection.stop().await;
    Ok(())
}
