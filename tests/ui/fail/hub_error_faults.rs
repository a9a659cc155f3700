use signalr_runtime::{HubError, HubResult, hub};

#[derive(HubError)]
pub struct Full;

#[derive(HubError)]
pub enum NoOther {
    Full,
}

#[derive(HubError)]
#[signalr(name = "x")]
pub enum JoinError {
    #[signalr(code = "room full")]
    RoomFull {
        #[signalr(code = "l")]
        limit: u32,
    },
    #[signalr(kode = "x")]
    Banned,
    #[signalr(code = "Closed")]
    Shut,
    Closed,
    #[signalr(other = true)]
    Call(HubError),
    #[signalr(other)]
    Any,
    #[signalr(other)]
    One(HubError),
    #[signalr(other)]
    Two(HubError),
    #[signalr]
    Nothing,
}

#[derive(HubError)]
pub enum Generic<T> {
    Full(T),
    #[signalr(other)]
    Call(HubError),
}

#[hub]
pub trait Chat {
    async fn join(&self) -> Result<(), JoinError>;
    async fn enter(&self) -> Result<(), NoOther>;
    async fn leave(&self) -> HubResult;
}

fn main() {}
