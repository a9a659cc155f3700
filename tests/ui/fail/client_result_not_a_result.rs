use signalr_runtime::client_proxy;

#[client_proxy]
pub trait Chat {
    async fn confirm(&self, question: &str) -> bool;
}

fn main() {}
