use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    #[signalr(name = "Enter")]
    async fn join(&self, room: ) -> HubResult;

    #[signalr(name = "GoAway")]
    async fn leave(&self) -> HubResult;
}

pub async fn use_it(chat: &ChatClient) -> HubResult {
    println!("{}", ChatContract::LEAVE);
    chat.leave().await
}

fn main() {}
