//! Hubs in a router: which paths they answer at, and where a connection token counts.

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use tower_service::Service;

use super::*;
use crate::server::{HubRouterExt, TokenKey};

async fn ask(router: &Router, method: Method, uri: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    read(router, request).await
}

async fn read(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = router.clone().call(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The `id` of a connection that is negotiated at `path`.
async fn negotiate(router: &Router, path: &str) -> String {
    let (status, body) = ask(router, Method::POST, &format!("{path}/negotiate?negotiateVersion=1")).await;
    assert_eq!(status, StatusCode::OK, "{path}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    format!("id={}", body["connectionToken"].as_str().unwrap())
}

async fn poll(router: &Router, path: &str, id: &str) -> (StatusCode, String) {
    ask(router, Method::GET, &format!("{path}?{id}")).await
}

fn gone() -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, "No Connection with that ID".to_owned())
}

fn opened() -> (StatusCode, String) {
    (StatusCode::OK, String::new())
}

fn refreshing() -> HubOptions {
    let http = HttpOptions { enable_authentication_refresh: true, ..HttpOptions::default() };
    HubOptions { http, ..HubOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn the_path_of_a_hub_may_end_like_one_of_its_routes() {
    for path in ["/negotiate", "/refresh", "/a/negotiate/", "/b/refresh"] {
        let router = Router::new().hub(path, Server::with(refreshing()).service);
        let base = path.trim_end_matches('/');
        for path in [base.to_owned(), format!("{base}/")] {
            let id = negotiate(&router, base).await;
            assert_eq!(poll(&router, &path, &id).await, opened(), "{path}");
            let (status, _) = ask(&router, Method::POST, &format!("{path}?{id}")).await;
            assert_eq!(status, StatusCode::OK, "{path}");
        }
        let refreshed = ask(&router, Method::POST, &format!("{base}/refresh")).await;
        assert_eq!(refreshed.0, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_stands_alone_goes_by_the_end_of_the_path() {
    let router = Router::new().nest_service("/a/hub", Server::new().service);
    for path in ["/a/hub", "/a/hub/", "/a/hub/anything"] {
        let id = negotiate(&router, "/a/hub").await;
        assert_eq!(poll(&router, path, &id).await, opened(), "{path}");
    }
}

/// A path of its own is served with and without a slash at its end. To `/` in a nested router leads one path of the two,
/// and nothing that the inner router may hold changes that: axum's `path_for_nested_route`.
#[tokio::test(start_paused = true)]
async fn a_hub_in_a_nested_router() {
    let hub = || Server::new().service;
    let nested = |at: &str, path: &str| Router::new().nest(at, Router::new().hub(path, hub()));
    for (router, served, unknown) in [
        (nested("/api", "/chat"), &["/api/chat", "/api/chat/"][..], None),
        (nested("/api/", "/chat"), &["/api/chat", "/api/chat/"], None),
        (Router::new().nest("/api", nested("/v1", "/chat/")), &["/api/v1/chat", "/api/v1/chat/"], None),
        (nested("/chat", "/"), &["/chat"], Some("/chat/")),
        (nested("/chat/", "/"), &["/chat/"], Some("/chat")),
        (Router::new().nest("/api", nested("/v1", "/")), &["/api/v1"], Some("/api/v1/")),
        (Router::new().nest_service("/chat", hub()), &["/chat", "/chat/"], None),
        (Router::new().hub("/", hub()), &["/"], None),
    ] {
        for url in served {
            let id = negotiate(&router, url.trim_end_matches('/')).await;
            assert_eq!(poll(&router, url, &id).await, opened(), "{served:?} {url}");
        }
        if let Some(url) = unknown {
            let id = negotiate(&router, url.trim_end_matches('/')).await;
            assert_eq!(poll(&router, url, &id).await, (StatusCode::NOT_FOUND, String::new()), "{url}");
            assert_eq!(poll(&router, served[0], &id).await, opened(), "{served:?} {url}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_counts_at_the_endpoint_that_made_it() {
    let server = Server::with(refreshing());
    let router = Router::new()
        .hub("/one", server.service.clone())
        .hub("/two", server.service.clone())
        .route_service("/alone", server.service.clone())
        .hub("/", server.service.clone());
    let paths = ["/one", "/two", "/alone", "/"];
    for home in ["/one", "/two", "/"] {
        let id = negotiate(&router, home.trim_end_matches('/')).await;
        for phase in ["before it is opened", "while it is open"] {
            for path in paths.iter().filter(|path| **path != home) {
                for method in [Method::GET, Method::POST, Method::DELETE] {
                    let answer = ask(&router, method.clone(), &format!("{path}?{id}")).await;
                    assert_eq!(answer, gone(), "{method} {home} {path} {phase}");
                }
            }
            if phase == "before it is opened" {
                assert_eq!(poll(&router, home, &id).await, opened(), "{home}");
            }
        }
        let (status, _) = ask(&router, Method::DELETE, &format!("{home}?{id}")).await;
        assert_eq!(status, StatusCode::ACCEPTED);
    }
}

/// The path that is given for it names an endpoint: not what a request has in its place, nor where the router is nested.
#[tokio::test(start_paused = true)]
async fn clones_of_a_service_at_one_pattern_are_one_endpoint() {
    let service = Server::new().service;
    let at = |service: &HubService<Probe>| Router::new().hub("/hub", service.clone());
    let router = Router::new()
        .hub("/{tenant}/chat", service.clone())
        .nest("/a", at(&service))
        .nest("/b", at(&service))
        .nest("/c", at(&Server::new().service));
    for (home, other, answer) in [
        ("/one/chat", "/two/chat", opened()),
        ("/a/hub", "/b/hub", opened()),
        ("/a/hub", "/c/hub", gone()),
        ("/a/hub", "/one/chat", gone()),
    ] {
        let id = negotiate(&router, home).await;
        assert_eq!(poll(&router, other, &id).await, answer, "{home} {other}");
    }
}

/// The name of an endpoint is written in the code, and so the same on all nodes.
#[tokio::test(start_paused = true)]
async fn nodes_know_each_others_endpoints() {
    let node = || {
        let http = HttpOptions { token_key: Some(TokenKey::new([7; 32])), ..HttpOptions::default() };
        let service = Server::with(HubOptions { http, ..HubOptions::default() }).service;
        Router::new().hub("/one/", service.clone()).hub("/two", service)
    };
    let (here, there) = (node(), node());
    let id = negotiate(&here, "/one").await;
    assert_eq!(poll(&there, "/two", &id).await, gone());
    assert_eq!(poll(&there, "/one", &id).await, opened());
}

#[tokio::test(start_paused = true)]
async fn there_is_no_route_for_refreshes_that_are_off() {
    let service = Server::new().service;
    let router = Router::new().hub("/hub", service.clone()).route_service("/alone/refresh", service);
    let answer = ask(&router, Method::POST, "/hub/refresh?id=x").await;
    assert_eq!(answer, (StatusCode::NOT_FOUND, String::new()));
    // One that is routed by hand says why.
    let answer = ask(&router, Method::POST, "/alone/refresh").await;
    assert_eq!(answer, (StatusCode::NOT_FOUND, r#"{"error":"refresh_disabled"}"#.to_owned()));
}
