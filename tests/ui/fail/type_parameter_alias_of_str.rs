use signalr_runtime::{HubResult, hub};

pub type Text = str;

#[hub]
pub trait Chat {
    async fn say(&self, room: &str, text: &Text) -> HubResult;
}

fn main() {}
