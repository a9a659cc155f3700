use signalr_runtime::{HubResult, client_proxy};

#[client_proxy]
pub trait Page {
    async fn show(&self, text: &str);
    async fn confirm(&self, question: &str) -> HubResult<bool>;
}

pub async fn ask(everyone: &PageProxy) -> HubResult<bool> {
    everyone.confirm("ready?").await
}

fn main() {}
