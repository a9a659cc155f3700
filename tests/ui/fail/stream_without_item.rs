use signalr_runtime::{Stream, hub};

#[hub]
pub trait Chat {
    fn ticks(&self) -> impl Stream;
}

fn main() {}
