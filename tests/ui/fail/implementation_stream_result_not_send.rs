use std::rc::Rc;

use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn ticks(&self) -> HubResult<impl Stream<Item = HubResult<u32>>>;
}

struct Rooms;

impl Chat for Rooms {
    async fn ticks(&self) -> HubResult<impl Stream<Item = HubResult<u32>>> {
        let count = Rc::new(0);
        Ok(futures_util::stream::once(async move { Ok(*count) }))
    }
}

fn main() {}
