use std::pin::Pin;

use futures_util::stream::BoxStream;
use signalr_runtime::{HubResult, Stream, client_proxy, hub};

#[hub]
pub trait Chat {
    fn ticks(&self) -> BoxStream<'static, HubResult<u32>>;
    async fn later(&self) -> BoxStream<'_, HubResult<u32>>;
    fn by_hand(&self) -> Pin<Box<dyn Stream<Item = HubResult<Vec<u8>>> + Send>>;
    async fn upload(&self, lines: BoxStream<'_, HubResult<String>>) -> HubResult;
}

#[client_proxy]
pub trait Page {
    async fn show(&self, lines: BoxStream<'static, HubResult<String>>);
}

pub async fn use_it(chat: &ChatClient) -> HubResult {
    let mut ticks = chat.ticks();
    while let Some(tick) = ticks.next().await {
        println!("{}", tick? + 1);
    }
    Ok(())
}

fn main() {}
