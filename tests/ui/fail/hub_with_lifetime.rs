use signalr_runtime::server::Hub;
use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn join(&self) -> HubResult;
}

struct Rooms<'a> {
    names: &'a [String],
}

impl Hub for Rooms<'_> {
    type Contract = ChatContract;
}

impl Chat for Rooms<'_> {
    async fn join(&self) -> HubResult {
        println!("{:?}", self.names);
        Ok(())
    }
}

fn main() {}
