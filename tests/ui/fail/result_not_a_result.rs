use signalr_runtime::hub;

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> u32;
}

fn main() {}
