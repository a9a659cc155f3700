use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn upload(&self, lines: impl Stream<Item = HubResult<String>>) -> HubResult;
}

pub async fn upload(chat: &ChatClient, lines: &mut (impl Stream<Item = HubResult<String>> + Send + Unpin)) -> HubResult {
    chat.upload(lines).await
}

fn main() {}
