//! A hub with a method for each way to keep a server busy.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use futures_util::{Stream, stream};
use signalr_benches::count;
use signalr_runtime::server::{Hub, HubContext, HubOptions, HubService, Limits};
use signalr_runtime::{HubResult, client_proxy, hub};

/// The methods of the hub. Those that answer nothing never end.
#[hub(client = BusyClient)]
pub(crate) trait BusyHub {
    /// Answers with its argument.
    async fn echo(&self, text: String) -> HubResult<String>;
    /// Takes any value.
    async fn take(&self, value: serde_json::Value) -> HubResult;
    /// Computes for so many microseconds.
    async fn compute(&self, microseconds: u64) -> HubResult;
    /// Nobody may call it.
    async fn forbidden(&self) -> HubResult;
    /// Joins a group.
    async fn join_group(&self, group: &str) -> HubResult;
    /// Leaves a group.
    async fn leave_group(&self, group: &str) -> HubResult;
    /// Joins so many groups.
    async fn join_groups(&self, count: u32) -> HubResult;
    /// Sends to everyone.
    async fn broadcast(&self, text: &str) -> HubResult;
    /// Sends to the caller for ever.
    async fn send_to_caller(&self) -> HubResult;
    /// Sends to a group for ever, with the caller as its member.
    async fn send_to_own_group(&self) -> HubResult;
    /// Sends to an empty group for ever.
    async fn send_to_nobody(&self) -> HubResult;
    /// Asks a connection that is not there for ever.
    async fn ask_nobody(&self) -> HubResult;
    /// Joins and leaves 1,000 groups for ever.
    async fn join_and_leave(&self) -> HubResult;
    /// Streams for ever, every item ready at once.
    fn items(&self) -> impl Stream<Item = HubResult<u64>>;
    /// Counts the items of a stream.
    async fn upload(&self, items: impl Stream<Item = HubResult<u64>>) -> HubResult<u64>;
}

/// The methods of the clients.
#[client_proxy]
pub(crate) trait BusyClient {
    /// A text was sent.
    async fn note(&self, text: &str);
    /// A number is wanted.
    async fn ask(&self) -> HubResult<u64>;
}

pub(crate) struct Busy(HubContext<BusyHubContract>);

/// The hub as a service. Limits that would end a flood before it is one are off.
pub(crate) fn service() -> HubService<Busy> {
    let limits = Limits { messages: None, control_frames: None, negotiates: None, ..Limits::default() };
    HubService::new(Busy)
        .options(HubOptions { limits, ..HubOptions::default() })
        .authorize(&[BusyHubContract::FORBIDDEN], |_| false)
}

impl Hub for Busy {
    type Contract = BusyHubContract;
}

impl BusyHub for Busy {
    async fn echo(&self, text: String) -> HubResult<String> {
        Ok(text)
    }

    async fn take(&self, value: serde_json::Value) -> HubResult {
        drop(value);
        Ok(())
    }

    async fn compute(&self, microseconds: u64) -> HubResult {
        let start = Instant::now();
        while start.elapsed() < Duration::from_micros(microseconds) {
            spin_loop();
        }
        Ok(())
    }

    async fn forbidden(&self) -> HubResult {
        Ok(())
    }

    async fn join_group(&self, group: &str) -> HubResult {
        self.0.groups().join(group).await
    }

    async fn leave_group(&self, group: &str) -> HubResult {
        self.0.groups().leave(group).await
    }

    async fn join_groups(&self, count: u32) -> HubResult {
        for number in 0..count {
            self.0.groups().join(&format!("shared {number}")).await?;
        }
        Ok(())
    }

    async fn broadcast(&self, text: &str) -> HubResult {
        self.0.clients().all().note(text).await
    }

    async fn send_to_caller(&self) -> HubResult {
        loop {
            self.0.clients().caller().note("to the caller").await?;
        }
    }

    async fn send_to_own_group(&self) -> HubResult {
        let group = self.0.connection_id().to_string();
        self.0.groups().join(&group).await?;
        loop {
            self.0.clients().group(&group).note("to a group").await?;
        }
    }

    async fn send_to_nobody(&self) -> HubResult {
        loop {
            self.0.clients().group("nobody").note("to nobody").await?;
        }
    }

    async fn ask_nobody(&self) -> HubResult {
        let nobody = self.0.connection_id().to_string() + "?";
        loop {
            // Fails at once, each time.
            let _ = self.0.clients().client(&nobody).ask().await;
        }
    }

    async fn join_and_leave(&self) -> HubResult {
        let names: Vec<_> = (0..500).map(|number| format!("passing {number}")).collect();
        loop {
            for name in &names {
                self.0.groups().join(name).await?;
            }
            for name in &names {
                self.0.groups().leave(name).await?;
            }
        }
    }

    fn items(&self) -> impl Stream<Item = HubResult<u64>> {
        stream::iter((0..).map(Ok))
    }

    async fn upload(&self, items: impl Stream<Item = HubResult<u64>>) -> HubResult<u64> {
        count(items).await
    }
}
