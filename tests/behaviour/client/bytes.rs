//! Bytes as .NET has them, wherever a value may be, in both protocols.

use axum::Router;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use signalr_runtime::client::HubConnection;
use signalr_runtime::payload::{ByteArray, byte_array};
use signalr_runtime::server::{Hub, HubContext, HubRouterExt, HubService};
use signalr_runtime::{HubErrorKind, HubProtocol, HubResult, Stream, client_proxy, hub};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Picture {
    name: String,
    #[serde(with = "byte_array")]
    pixels: Vec<u8>,
}

#[hub(client = Gallery)]
trait Pictures {
    async fn turn(&self, picture: Picture) -> HubResult<Picture>;
    async fn turned(&self, pixels: Option<ByteArray>) -> HubResult<Option<ByteArray>>;
    fn all(
        &self,
        pixels: impl Stream<Item = HubResult<ByteArray>>,
    ) -> impl Stream<Item = HubResult<ByteArray>>;
    async fn show(&self, pixels: &ByteArray) -> HubResult<ByteArray>;
}

#[client_proxy]
trait Gallery {
    async fn shown(&self, pixels: &ByteArray);
    async fn seen(&self, pixels: ByteArray) -> HubResult<ByteArray>;
}

struct Turning(HubContext<PicturesContract>);

impl Hub for Turning {
    type Contract = PicturesContract;
}

fn turned(ByteArray(mut pixels): ByteArray) -> ByteArray {
    pixels.reverse();
    ByteArray(pixels)
}

impl Pictures for Turning {
    async fn turn(&self, mut picture: Picture) -> HubResult<Picture> {
        picture.pixels.reverse();
        Ok(picture)
    }

    async fn turned(&self, pixels: Option<ByteArray>) -> HubResult<Option<ByteArray>> {
        Ok(pixels.map(turned))
    }

    fn all(
        &self,
        pixels: impl Stream<Item = HubResult<ByteArray>>,
    ) -> impl Stream<Item = HubResult<ByteArray>> {
        pixels.map(|pixels| pixels.map(turned))
    }

    async fn show(&self, pixels: &ByteArray) -> HubResult<ByteArray> {
        self.0.clients().caller().shown(pixels).await?;
        self.0.clients().caller().seen(pixels.clone()).await
    }
}

struct Screen(mpsc::UnboundedSender<ByteArray>);

impl Gallery for Screen {
    async fn shown(&self, pixels: &ByteArray) {
        let _ = self.0.send(pixels.clone());
    }

    async fn seen(&self, pixels: ByteArray) -> HubResult<ByteArray> {
        Ok(turned(pixels))
    }
}

/// A client of a server of its own.
async fn connected(
    protocol: HubProtocol,
) -> (HubConnection<PicturesContract>, mpsc::UnboundedReceiver<ByteArray>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pictures", listener.local_addr().unwrap());
    let app = Router::new().hub("/pictures", HubService::<Turning>::new(Turning));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (screen, shown) = mpsc::unbounded_channel();
    let builder = HubConnection::builder(url).protocol(protocol).handlers(Screen(screen));
    (builder.connect().await.unwrap(), shown)
}

#[tokio::test]
async fn bytes_travel_in_both_protocols() {
    let pixels: Vec<u8> = (0..=255).collect();
    let reversed: Vec<u8> = (0..=255).rev().collect();
    for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
        let (client, mut shown) = connected(protocol).await;
        let hub = client.hub();
        let picture = Picture { name: "Ada".to_owned(), pixels: pixels.clone() };
        assert_eq!(hub.turn(picture).await.unwrap().pixels, reversed, "{protocol:?}");
        assert_eq!(hub.turned(None).await.unwrap(), None);
        assert_eq!(
            hub.turned(Some(ByteArray(pixels.clone()))).await.unwrap(),
            Some(ByteArray(reversed.clone()))
        );
        let uploads = stream::iter([vec![], vec![1, 2], pixels.clone()]).map(|pixels| Ok(ByteArray(pixels)));
        let all: Vec<_> = hub.all(uploads).map(|pixels| pixels.unwrap().0).collect().await;
        assert_eq!(all, [vec![], vec![2, 1], reversed.clone()]);
        assert_eq!(hub.show(&ByteArray(pixels.clone())).await.unwrap().0, reversed);
        assert_eq!(shown.recv().await.unwrap().0, pixels);
    }
}

#[tokio::test]
async fn a_text_that_is_no_base64_fails_its_call_only() {
    let (client, _shown) = connected(HubProtocol::Json).await;
    let raw = client.raw();
    let error = raw.invoke::<String>("Turned", ("no base64!",)).await.unwrap_err();
    assert_eq!(error.kind(), HubErrorKind::Internal);
    assert_eq!(raw.invoke::<String>("Turned", ("AAE=",)).await.unwrap(), "AQA=");
}
