#![deny(unused_must_use)]

use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

pub async fn join(chat: &ChatClient) {
    chat.join("lobby");
}

fn main() {}
