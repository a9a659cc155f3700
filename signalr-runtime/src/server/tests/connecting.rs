//! What a hub can learn of its connection when it is made.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::{Extension, FromRequestParts, Query};
use http::request::Parts;

use super::*;
use crate::HubProtocol;
use crate::server::TransportKind;
use crate::{HubError, HubResult};

/// An extractor that needs the state of the application.
struct Greeting(String);

impl FromRequestParts<String> for Greeting {
    type Rejection = &'static str;

    async fn from_request_parts(parts: &mut Parts, state: &String) -> Result<Self, Self::Rejection> {
        let Extension(name) =
            Extension::<&'static str>::from_request_parts(parts, state).await.map_err(|_| "who?")?;
        Ok(Self(format!("{state}, {name}")))
    }
}

#[tokio::test(start_paused = true)]
async fn extractors_read_its_request() {
    let world = Arc::new(World::default());
    let of_hubs = Arc::clone(&world);
    let service = HubService::<Probe>::try_new(move |cx| {
        let world = Arc::clone(&of_hubs);
        async move {
            let refuse = || HubError::new("say who you are");
            let Query(query) =
                cx.extract::<Query<HashMap<String, String>>, _>(&()).await.map_err(|_| refuse())?;
            let greeting: HubResult<Greeting> = cx.extract(&"hello".to_owned()).await.map_err(|_| refuse());
            world.say(format!("{} {}", query["user"], greeting?.0));
            Probe::make(cx, world).await
        }
    });
    let server = Server { service, world, connections: AtomicUsize::new(0) };
    let mut client = server.open_with(|request| {
        request.extensions.insert("ada");
    });
    client.shake_hands().await;
    settle().await;
    assert_eq!(server.log()[0], "u1 hello, ada");
    let mut stranger = server.connect().await;
    let text = "Connection closed with an error. HubException: say who you are";
    stranger.expect_last(&format!(r#"{{"type":7,"error":"{text}"}}"#)).await;
}

#[tokio::test(start_paused = true)]
async fn it_knows_how_and_how_long() {
    let server = Server::of(World::default(), |service| {
        service.authorize(&[ProbeHubContract::ECHO], |call| {
            let connection = call.connection();
            connection.transport() == TransportKind::WebSockets
                && connection.protocol() == HubProtocol::Json
                && connection.connected_for() > Duration::from_secs(5)
        })
    });
    let mut client = server.connect().await;
    client.send(call("1", "Echo", r#"["a"]"#)).await;
    assert_eq!(client.next().await, error("1", "Failed to invoke 'Echo' because user is unauthorized"));
    seconds(6).await;
    client.send(call("2", "Echo", r#"["a"]"#)).await;
    assert_eq!(client.next().await, result("2", r#""a""#));
}
