use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: Option<&str>, all: &Vec<&[&str]>) -> HubResult<Vec<&str>>;
}

fn main() {}
