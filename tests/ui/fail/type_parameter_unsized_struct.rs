use signalr_runtime::{HubResult, client_proxy};

#[derive(serde::Serialize)]
pub struct Raw(str);

#[client_proxy]
pub trait Page {
    async fn show(&self, value: &Raw);
    async fn confirm(&self) -> HubResult<bool>;
}

fn main() {}
