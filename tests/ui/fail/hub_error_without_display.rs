use signalr_runtime::{HubError, hub};

#[derive(HubError)]
pub enum JoinError {
    RoomFull { limit: u32 },
    #[signalr(other)]
    Call(HubError),
}

#[hub]
pub trait Chat {
    async fn join(&self) -> Result<(), JoinError>;
}

fn main() {}
