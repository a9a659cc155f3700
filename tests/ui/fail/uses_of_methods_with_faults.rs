use signalr_runtime::{HubResult, Stream, client_proxy, hub};

#[hub(client = Page)]
pub trait Chat {
    async fn join(&self, room: Option<&str>, mut last: u32) -> HubResult<u32>;
    async fn say<T: Into<String>>(&self, text: T) -> HubResult<Vec<String>>;
    async fn leave(self: std::sync::Arc<Self>) -> HubResult;
    async fn rename(&mut self, name: &'static str);
    fn count(&self) -> HubResult<u32>;
    async fn name(&self) -> HubResult<&str>;
    fn listen(&self, _: u32) -> impl Stream<Item = HubResult<&str>>;
    #[signalr(nam = "Put")]
    async fn upload(&self, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64>;
    #[signalr(name = "Sound")]
    async fn one(&self) -> HubResult;
    async fn sound(&self) -> HubResult;
    async fn two(&self, n: u32) -> HubResult;
    async fn Two(&self, n: u32) -> HubResult;
}

#[client_proxy]
pub trait Page {
    async fn show(&self, text: Vec<&str>);
    async fn confirm(&self, (text, last): (String, u32)) -> HubResult<bool>;
    async fn sound(&self, text: &str);
}

struct Rooms;

impl Chat for Rooms {
    async fn sound(&self) -> HubResult {
        Ok(())
    }
    async fn one(&self) -> HubResult {
        Ok(())
    }
    async fn two(&self, _: u32) -> HubResult {
        Ok(())
    }
    #[allow(non_snake_case)]
    async fn Two(&self, _: u32) -> HubResult {
        Ok(())
    }
}

struct Screen;

impl Page for Screen {
    async fn sound(&self, _: &str) {}
}

pub async fn use_it(chat: &ChatClient, page: &PageSingleProxy, pages: &PageProxy) -> HubResult {
    let joined: u32 = chat.join(Some("lobby"), 5).await?;
    let said: Vec<String> = chat.say("hi").await?;
    chat.leave().await?;
    chat.rename("Ada").await?;
    let count: u32 = chat.count().await?;
    println!("{joined} {said:?} {count} {}", chat.name().await?.len());
    let mut names = chat.listen(5);
    while let Some(name) = names.next().await {
        println!("{}", name?.len());
    }
    chat.sound().await?;
    chat.two(1).await?;
    page.show(vec!["hi"]).await?;
    pages.show(vec!["hi"]).await?;
    println!("{}", page.confirm((String::new(), 1)).await?);
    page.sound("hi").await?;
    println!("{} {}", ChatContract::JOIN, ChatContract::UPLOAD);
    take(chat);
    take(&Rooms);
    drop(Screen);
    Ok(())
}

fn take(_: &impl Chat) {}

fn main() {}
