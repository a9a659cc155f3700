use std::pin::Pin;

use signalr_runtime::{HubResult, Stream, hub};

type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

#[hub]
pub trait Chat {
    async fn ticks(&self) -> HubResult<BoxStream<'_, HubResult<u32>>>;
}

fn main() {}
