//! Code of the application that holds its thread is found, wherever it runs.

use std::thread;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::runtime::Builder;

use super::call;
use super::client::Client;
use super::recorder::Recorder;
use crate::server::{Hub, HubOptions, HubService, Invocation, Next};
use crate::{HubError, HubResult, Stream, hub};

/// Holds its thread while it is read and written.
struct Sluggish;

fn hold() {
    thread::sleep(Duration::from_millis(30));
}

impl Serialize for Sluggish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hold();
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Sluggish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hold();
        <()>::deserialize(deserializer).map(|()| Self)
    }
}

#[hub(crate = "crate")]
trait Slow {
    async fn quick(&self) -> HubResult;
    async fn run(&self) -> HubResult;
    fn items(&self) -> impl Stream<Item = HubResult<i32>>;
    async fn take(&self, value: Sluggish) -> HubResult;
    async fn give(&self) -> HubResult<Sluggish>;
    async fn ruled(&self) -> HubResult;
    async fn filtered(&self) -> HubResult;
}

struct SlowHub;

impl Hub for SlowHub {
    type Contract = SlowContract;

    async fn on_connected(&self) -> HubResult {
        hold();
        Ok(())
    }

    async fn on_disconnected(&self, _: Option<&HubError>) {
        hold();
    }
}

impl Drop for SlowHub {
    fn drop(&mut self) {
        hold();
    }
}

impl Slow for SlowHub {
    async fn quick(&self) -> HubResult {
        Ok(())
    }

    async fn run(&self) -> HubResult {
        hold();
        Ok(())
    }

    fn items(&self) -> impl Stream<Item = HubResult<i32>> {
        stream::iter(0..2).map(|n| {
            hold();
            Ok(n)
        })
    }

    async fn take(&self, _: Sluggish) -> HubResult {
        Ok(())
    }

    async fn give(&self) -> HubResult<Sluggish> {
        Ok(Sluggish)
    }

    async fn ruled(&self) -> HubResult {
        Ok(())
    }

    async fn filtered(&self) -> HubResult {
        Ok(())
    }
}

#[test]
fn code_that_holds_its_thread_is_told_of() {
    let (recorder, _guard) = Recorder::start();
    let options = HubOptions { blocking_warning: Some(Duration::from_millis(20)), ..HubOptions::default() };
    let service = HubService::<SlowHub>::new(|_| SlowHub)
        .options(options)
        .user_id(|_| {
            hold();
            None
        })
        .authorize_hub(|_| {
            hold();
            true
        })
        .authorize(&[SlowContract::RULED], |_| {
            hold();
            true
        })
        .filter(|call: Invocation, next: Next| async move {
            if call.method() == "Filtered" {
                hold();
            }
            next.run(call).await
        });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = Client::connect_to(&service, 1 << 20).await;
        let calls = ["Quick", "RUN", "run", "Take", "Give", "Ruled", "Filtered"];
        for (n, method) in calls.into_iter().enumerate() {
            let arguments = if method == "Take" { "[null]" } else { "[]" };
            client.send(call(&n.to_string(), method, arguments)).await;
            client.next().await;
        }
        client.send(r#"{"type":4,"invocationId":"s","target":"Items","arguments":[]}"#).await;
        while !client.next().await.contains(r#""type":3"#) {}
        client.send(r#"{"type":7}"#).await;
        assert_eq!(client.next().await, r#"{"type":7}"#);
        drop(client);
        service.handle().shut_down().await;
    });
    let mut told: Vec<_> = recorder
        .events()
        .into_iter()
        .filter(|event| event.fields.contains_key("took"))
        .map(|event| event.fields["method"].trim_matches('"').to_owned())
        .collect();
    told.sort();
    // Once in a minute for each, and by the names that the contract gives.
    let expected = [
        "Filtered",
        "Give",
        "Items",
        "OnConnectedAsync",
        "OnDisconnectedAsync",
        "Ruled",
        "Run",
        "Take",
        "a rule of a hub",
        "the end of a hub",
        "the user id of a connection",
    ];
    assert_eq!(told, expected);
}
