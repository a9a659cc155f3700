//! Whatever panics, because of its input or by itself: at most one connection ends.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use signalr_runtime::server::{Hub, HubContext, HubRouterExt, HubService};
use signalr_runtime::{HubError, HubResult, Stream, hub};

use super::victim::serve;
use super::wire::{Socket, call, item, stream_call, upload};

/// A value that panics where it is told to.
struct Mine(String);

impl Serialize for Mine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 != "written", "a serializer panics on purpose");
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Mine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        assert!(text != "read", "a decoder panics on purpose");
        Ok(Self(text))
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        assert!(
            self.0 != "dropped" || std::thread::panicking(),
            "a value panics on purpose when it is dropped"
        );
    }
}

#[hub]
trait Field {
    async fn echo(&self, mine: Mine) -> HubResult<Mine>;
    async fn step(&self) -> HubResult;
    fn items(&self, mine: Mine) -> impl Stream<Item = HubResult<Mine>>;
    async fn collect(&self, mines: impl Stream<Item = HubResult<Mine>>) -> HubResult;
}

struct Minefield(String);

impl Hub for Minefield {
    type Contract = FieldContract;

    async fn on_connected(&self) -> HubResult {
        assert!(self.0 != "connected", "a connect callback panics on purpose");
        Ok(())
    }

    async fn on_disconnected(&self, _: Option<&HubError>) {
        assert!(self.0 != "disconnected", "a disconnect callback panics on purpose");
    }
}

impl Drop for Minefield {
    fn drop(&mut self) {
        assert!(self.0 != "hub" || std::thread::panicking(), "a hub panics on purpose when it is dropped");
    }
}

impl Field for Minefield {
    async fn echo(&self, mine: Mine) -> HubResult<Mine> {
        Ok(mine)
    }

    async fn step(&self) -> HubResult {
        panic!("a method panics on purpose")
    }

    fn items(&self, mine: Mine) -> impl Stream<Item = HubResult<Mine>> {
        futures_util::stream::iter([Ok(mine)])
    }

    async fn collect(&self, mines: impl Stream<Item = HubResult<Mine>>) -> HubResult {
        let mut mines = std::pin::pin!(mines);
        while let Some(mine) = futures_util::StreamExt::next(&mut mines).await {
            drop(mine?);
        }
        Ok(())
    }
}

fn panicking_in(cx: &HubContext<FieldContract>) -> String {
    let mode = cx.request().headers.get("x-panic").and_then(|mode| mode.to_str().ok());
    assert!(mode != Some("factory"), "a factory panics on purpose");
    mode.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_others_go_on() {
    let service = HubService::<Minefield>::new(|cx| Minefield(panicking_in(&cx))).user_id(|parts| {
        assert!(
            parts.headers.get("x-panic").is_none_or(|mode| mode != "user"),
            "a user id panics on purpose"
        );
        None
    });
    let hub = service.handle();
    let address = serve(axum::Router::new().hub("/hub", service)).await;
    let mut bystander = Socket::open(address, "").await.ok().unwrap();
    bystander.shake_hands().await;

    let mut clumsy = Socket::open(address, "").await.ok().unwrap();
    clumsy.shake_hands().await;
    for record in [
        call("1", "Step", "[]"),
        call("1", "Echo", "[\"read\"]"),
        call("1", "Echo", "[\"written\"]"),
        call("1", "Echo", "[\"dropped\"]"),
        stream_call("1", "Items", "[\"read\"]"),
        stream_call("1", "Items", "[\"written\"]"),
        stream_call("1", "Items", "[\"dropped\"]"),
    ] {
        clumsy.send(&record).await;
        // An answer, or the end of this connection: never silence.
        loop {
            match clumsy.read().await {
                super::wire::Frame::Text(text)
                    if text.contains(r#""invocationId":"1""#) && !text.starts_with(r#"{"type":2"#) =>
                {
                    break;
                }
                super::wire::Frame::Text(text) if text.starts_with(r#"{"type":7"#) => {
                    clumsy = Socket::open(address, "").await.ok().unwrap();
                    clumsy.shake_hands().await;
                    break;
                }
                super::wire::Frame::End | super::wire::Frame::Close(_) => panic!("no word about {record}"),
                _ => {}
            }
        }
    }
    clumsy.send(&upload("2", "Collect", "[]", "s")).await;
    clumsy.send(&item("s", "\"read\"")).await;
    let answer = clumsy.next().await;
    assert!(answer.starts_with(r#"{"type":3,"invocationId":"2","error":"#), "{answer}");

    for place in ["factory", "user", "connected", "disconnected", "hub"] {
        let headers = format!("x-panic: {place}\r\n");
        let Ok(mut socket) = Socket::open(address, &headers).await else { continue };
        socket.text(&super::wire::handshake()).await;
        socket.frame(0x88, &1000_u16.to_be_bytes()).await;
        socket.end().await;
    }
    assert_eq!(
        bystander.call("1", "Echo", "[\"unharmed\"]").await,
        r#"{"type":3,"invocationId":"1","result":"unharmed"}"#
    );
    bystander.leave().await;
    drop(clumsy);
    super::until(|| hub.connection_count() == 0).await;
}
