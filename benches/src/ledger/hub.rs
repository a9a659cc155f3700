//! A hub whose methods hold what they are sent, and its figures.

use std::alloc::System;
use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use cap::Cap;
use futures_util::Stream;
use futures_util::future::join_all;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use signalr_runtime::server::{
    HttpOptions, Hub, HubContext, HubOptions, HubRouterExt, HubService, Invocation, Limits, MemoryBudget,
    Next, Reply,
};
use signalr_runtime::{HubResult, client_proxy, hub};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Long enough for everything that is measured.
const NEVER: Duration = Duration::from_secs(600);

/// Any value, of which nothing is kept: the runtime's own copies are counted.
#[derive(Serialize)]
pub(crate) struct Unread;

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// The methods of the hub.
#[hub(client = HoldingClient)]
pub(crate) trait HoldingHub {
    /// Never ends.
    async fn wait(&self) -> HubResult;
    /// Takes any value.
    async fn take(&self, value: Value) -> HubResult;
    /// A filter waits for ever before it.
    async fn filtered(&self, value: Unread) -> HubResult;
    /// Never reads its items.
    async fn hold(&self, items: impl Stream<Item = HubResult<Value>>) -> HubResult;
    /// Answers with a text of so many bytes.
    async fn big(&self, bytes: usize) -> HubResult<String>;
    /// Sends so many texts of so many bytes each to the caller.
    async fn fill(&self, count: usize, bytes: usize) -> HubResult;
    /// Joins a group.
    async fn join_group(&self, group: &str) -> HubResult;
    /// Joins so many groups of the caller, with names of so many bytes.
    async fn join_groups(&self, count: usize, bytes: usize) -> HubResult;
    /// Sends a text to a group.
    async fn broadcast_group(&self, group: &str, text: &str) -> HubResult;
    /// Asks the caller so many times, each time with a text of so many bytes.
    async fn ask(&self, count: usize, bytes: usize) -> HubResult;
}

/// The methods of the clients.
#[client_proxy]
pub(crate) trait HoldingClient {
    /// A text was sent.
    async fn note(&self, text: &str);
    /// An answer is wanted.
    async fn answer(&self, text: &str) -> HubResult<u32>;
}

pub(crate) struct Holding(HubContext<HoldingHubContract>);

/// The hub, and its figures at `/figures`: the bytes that the budget counts, and those that are allocated.
pub(crate) fn application() -> Router {
    let budget = MemoryBudget::new(usize::MAX / 2);
    let limits = Limits { memory: Some(budget.clone()), negotiates: None, ..Limits::default() };
    let http = HttpOptions {
        allow_stateful_reconnects: true,
        disconnect_timeout: NEVER,
        transport_send_timeout: NEVER,
        ..HttpOptions::default()
    };
    let options = HubOptions { limits, http, client_timeout_interval: NEVER, ..HubOptions::default() };
    let hub = HubService::<Holding>::new(Holding).options(options).filter(wait_before_one_method);
    let figures = move || async move { format!("{} {}", budget.held(), ALLOCATOR.allocated()) };
    Router::new().hub("/hub", hub).route("/figures", get(figures))
}

async fn wait_before_one_method(call: Invocation, next: Next) -> Reply {
    if call.method() == HoldingHubContract::FILTERED.as_str() {
        pending::<()>().await;
    }
    next.run(call).await
}

impl Hub for Holding {
    type Contract = HoldingHubContract;
}

impl HoldingHub for Holding {
    async fn wait(&self) -> HubResult {
        pending().await
    }

    async fn take(&self, value: Value) -> HubResult {
        drop(value);
        Ok(())
    }

    async fn filtered(&self, _: Unread) -> HubResult {
        Ok(())
    }

    async fn hold(&self, items: impl Stream<Item = HubResult<Value>>) -> HubResult {
        let _items = pin!(items);
        pending().await
    }

    async fn big(&self, bytes: usize) -> HubResult<String> {
        Ok("x".repeat(bytes))
    }

    async fn fill(&self, count: usize, bytes: usize) -> HubResult {
        let text = "x".repeat(bytes);
        for _ in 0..count {
            self.0.clients().caller().note(&text).await?;
        }
        Ok(())
    }

    async fn join_group(&self, group: &str) -> HubResult {
        self.0.groups().join(group).await
    }

    async fn join_groups(&self, count: usize, bytes: usize) -> HubResult {
        for number in 0..count {
            let id = self.0.connection_id().as_str();
            let mut name = format!("{number}{id}{}", "x".repeat(bytes));
            name.truncate(bytes);
            self.0.groups().join(&name).await?;
        }
        Ok(())
    }

    async fn broadcast_group(&self, group: &str, text: &str) -> HubResult {
        self.0.clients().group(group).note(text).await
    }

    async fn ask(&self, count: usize, bytes: usize) -> HubResult {
        let text = "x".repeat(bytes);
        let caller = self.0.clients().caller();
        join_all((0..count).map(|_| caller.answer(&text))).await;
        Ok(())
    }
}
