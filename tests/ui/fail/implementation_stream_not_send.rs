use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    fn ticks(&self) -> impl Stream<Item = HubResult<u32>>;
}

pub struct Rooms;

pub struct Ticks(std::rc::Rc<u32>);

impl Stream for Ticks {
    type Item = HubResult<u32>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Ok(*self.0)))
    }
}

impl Chat for Rooms {
    fn ticks(&self) -> impl Stream<Item = HubResult<u32>> {
        Ticks(std::rc::Rc::new(1))
    }
}

fn main() {}
