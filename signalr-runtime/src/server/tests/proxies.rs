//! A proxy that is taken for a client.

use axum::extract::ConnectInfo;
use http::{Method, Request};
use http_body_util::Full;
use tower_service::Service;

use super::recorder::Recorder;
use super::*;
use crate::server::{Limits, Rate};

/// Negotiates from an address, with a header if it has a name. Gives the status.
async fn negotiate(service: &mut HubService<Probe>, address: &str, header: &str) -> u16 {
    let address: std::net::SocketAddr = format!("{address}:1234").parse().unwrap();
    let request =
        Request::builder().method(Method::POST).uri("/hub/negotiate").extension(ConnectInfo(address));
    let request = if header.is_empty() { request } else { request.header(header, "192.0.2.1") };
    service.call(request.body(Full::<bytes::Bytes>::default()).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test(start_paused = true)]
async fn the_operator_is_told_once_of_the_option_that_is_missing() {
    for (address, header, is_told) in [
        ("127.0.0.1", "", true),
        ("10.1.2.3", "", true),
        ("[::ffff:192.168.0.1]", "", true),
        ("[fd00::1]", "", true),
        ("203.0.113.7", "x-forwarded-for", true),
        ("203.0.113.7", "Forwarded", true),
        // A client that comes directly, and too often.
        ("203.0.113.7", "", false),
        ("[2001:db8::1]", "", false),
    ] {
        for knows_its_clients in [false, true] {
            let (recorder, _guard) = Recorder::start();
            let negotiates = Some(Rate::per_second(2));
            let options =
                HubOptions { limits: Limits { negotiates, ..Limits::default() }, ..HubOptions::default() };
            let server = Server::of(World::default(), |service| {
                let service = service.options(options);
                if knows_its_clients {
                    service.client_address(|_| Some("203.0.113.7".parse().unwrap()))
                } else {
                    service
                }
            });
            let mut service = server.service.clone();
            for expected in [200, 200, 429, 429] {
                assert_eq!(negotiate(&mut service, address, header).await, expected);
            }
            let told = recorder.text().matches("HubService::client_address").count();
            assert_eq!(told, usize::from(is_told && !knows_its_clients), "{address} {header}");
        }
    }
}
