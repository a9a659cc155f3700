use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    fn names(&self) -> impl Stream<Item = HubResult<&str>>;
}

fn main() {}
