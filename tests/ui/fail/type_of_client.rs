use signalr_runtime::client_proxy;

pub struct Room;

#[client_proxy]
pub trait Chat {
    async fn show(&self, room: &Room);
}

fn main() {}
