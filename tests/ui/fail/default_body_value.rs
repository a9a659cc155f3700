use signalr_runtime::{HubResult, hub};

#[hub]
trait Counter {
    async fn count(&self) -> HubResult<u32> {
        Ok("three")
    }

    async fn add(&self, n: u32) -> HubResult<Box<[u8]>> {
        if n == 0 {
            return Ok(n);
        }
        Ok(Box::new([1, 2, 3]))
    }
}

fn main() {}
