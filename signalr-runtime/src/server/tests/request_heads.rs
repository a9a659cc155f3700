//! The requests that connections keep: they count in the memory budget.

use http::Method;
use http::header::ACCEPT;
use http_body_util::Full;

use super::requests::{Events, Requests};
use super::*;
use crate::connection::budget::ChargeKind;
use crate::server::{Limits, MemoryBudget};

#[tokio::test(start_paused = true)]
async fn a_connection_is_charged_for_the_request_that_it_keeps() {
    let budget = MemoryBudget::new(10_000_000);
    let limits = Limits { memory: Some(budget.clone()), ..Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    for (headers, length) in [(0, 0), (1, 20_000), (100, 4)] {
        for accept in ["text/event-stream", "*/*"] {
            let client = Requests::negotiate(&server).await;
            assert_eq!(budget.held_as(ChargeKind::Requests), 0);
            let mut request = client.request(Method::GET).header(ACCEPT, accept);
            for n in 0..headers {
                request = request.header(format!("x-{n}"), "x".repeat(length));
            }
            let response = client.ask(request, Full::default());
            let events = if accept == "*/*" {
                assert_eq!(response.await.unwrap().status(), 200);
                None
            } else {
                Some(Events::of(response).await)
            };
            let charged = budget.held_as(ChargeKind::Requests);
            // A place in the table of headers is larger than a short one.
            let text = headers * (length + 4);
            assert!(
                (text + headers * 64..text + headers * 256 + 1_000).contains(&charged),
                "{headers} {charged}"
            );
            if accept == "*/*" {
                client.delete().await;
            }
            drop(events);
            settle().await;
        }
    }
    assert_eq!(budget.held(), 0);
}
