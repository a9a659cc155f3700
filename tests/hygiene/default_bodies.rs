//! Methods that the trait itself implements.

use signalr_runtime::{HubError, HubResult, Stream, hub};

#[hub]
pub(crate) trait Counter {
    async fn add(&self, n: u32) -> HubResult<u32>;

    async fn add_twice(&self, n: u32) -> HubResult<u32> {
        if n == 0 {
            return Err(HubError::new("nothing to add"));
        }
        let once = self.add(n).await?;
        std::future::ready(()).await;
        Ok(once + self.add(n).await?)
    }

    async fn greet(&self, name: &str, names: &[String]) -> HubResult<String> {
        Ok(format!("{name} and {}", names.join(", ")))
    }

    async fn bytes(&self, early: bool) -> HubResult<Box<[u8]>> {
        if early {
            return Ok(Box::new([]));
        }
        Ok(Box::new([1, 2, 3]))
    }

    async fn later(&self) -> HubResult<u32> {
        todo!()
    }

    async fn unused(&self, _name: &str, _n: u32) -> HubResult {
        Ok(())
    }

    fn nothing(&self, _n: u32) -> impl Stream<Item = HubResult<u32>> {
        crate::empty()
    }

    async fn forget(&self, lines: impl Stream<Item = HubResult<String>>) -> HubResult {
        drop(lines);
        Ok(())
    }
}

struct Plain;

impl Counter for Plain {
    async fn add(&self, n: u32) -> HubResult<u32> {
        Ok(n)
    }
}

#[test]
fn bodies_may_borrow_wait_and_return_early() {
    let poll = |n| {
        let mut call = Box::pin(Plain.add_twice(n));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        match call.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(result) => result.map_err(|error| error.message().to_owned()),
            std::task::Poll::Pending => Err("pending".to_owned()),
        }
    };
    assert_eq!(poll(2), Ok(4));
    assert_eq!(poll(0), Err("nothing to add".to_owned()));
}
