use signalr_runtime::{HubError, HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn ticks(&self, every_ms: u64) -> Result<impl Stream<Item = HubResult<u32>>, Refused>;
}

#[derive(Debug, HubError)]
pub enum Refused {
    TooOften,
    #[signalr(other)]
    Call(HubError),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

struct Clock;

impl Chat for Clock {
    async fn ticks(&self, every_ms: u64) -> Result<impl Stream<Item = HubResult<u32>>, Refused> {
        if every_ms < 10 {
            return Err(Refused::TooOften);
        }
        Ok(futures_util::stream::iter(0..3).map(Ok))
    }
}

use futures_util::StreamExt;

fn main() {
    let _ = Clock;
}
