use signalr_runtime::{HubResult, hub};

pub trait Page {
    fn show(&self, text: &str);
}

#[hub(client = Page)]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
