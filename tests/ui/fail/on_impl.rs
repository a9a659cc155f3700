use signalr_runtime::{HubResult, hub};

pub struct Chat;

#[hub]
impl Chat {
    #[signalr(name = "Enter")]
    pub async fn join(&self, room: &str) -> HubResult {
        let _ = room;
        Ok(())
    }
}

fn main() {}
