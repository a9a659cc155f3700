//! Code around every call: one filter watches, and one refuses what comes too often.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};

use signalr_runtime::server::{Filter, Hub, HubService, Invocation, Next, Reply};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubError, HubResult, hub};

#[hub]
trait Oracle {
    async fn ask(&self, question: &str) -> HubResult<String>;
}

struct Pythia;

impl Hub for Pythia {
    type Contract = OracleContract;
}

impl Oracle for Pythia {
    async fn ask(&self, question: &str) -> HubResult<String> {
        Ok(format!("{question} Perhaps."))
    }
}

/// An `async fn` of this shape is a filter.
async fn watch(call: Invocation, next: Next) -> Reply {
    let method = call.method().to_owned();
    let reply = next.run(call).await;
    println!("{method} {}", if reply.as_error().is_some() { "failed" } else { "succeeded" });
    reply
}

/// A filter with state: it counts the calls of all clients.
#[derive(Default)]
struct AtMostTwo(AtomicU32);

impl Filter for AtMostTwo {
    async fn invoke(&self, call: Invocation, next: Next) -> Reply {
        if self.0.fetch_add(1, Ordering::Relaxed) >= 2 {
            return Reply::error(HubError::new("the oracle is tired"));
        }
        next.run(call).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The filter that is added first is the outermost: it sees what the second one refuses.
    let hub = HubService::<Pythia>::new(|_| Pythia).filter(watch).filter(AtMostTwo::default());
    let server = TestServer::new(hub);
    let oracle = server.client().connect().await?.hub();
    for _ in 0..3 {
        println!("{}", oracle.ask("Will it rain?").await.unwrap_or_else(|error| error.detail().to_owned()));
    }
    Ok(())
}
