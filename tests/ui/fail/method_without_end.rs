use signalr_runtime::{HubResult, Stream, client_proxy, hub};

#[hub(client = Page)]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult

    #[signalr(name = "GoAway")]
    async fn leave(&self) -> HubResult;

    fn listen(&self, room: &str) -> impl Stream<Item = HubResult<u32>>
}

#[client_proxy]
pub trait Page {
    async fn show(&self, text: &str)
    #[signalr(name = "Ask")]
    async fn confirm(&self, text: &str) -> HubResult<bool>;
}

pub async fn use_it(chat: &ChatClient, page: &PageSingleProxy) -> HubResult {
    chat.join("lobby").await?;
    chat.leave().await?;
    drop(chat.listen("lobby"));
    page.show("hi").await?;
    page.confirm("hi").await?;
    println!("{} {}", ChatContract::JOIN, ChatContract::LEAVE);
    take(chat);
    Ok(())
}

fn take(_: &impl Chat) {}

fn main() {}
