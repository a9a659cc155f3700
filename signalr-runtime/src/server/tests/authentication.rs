//! Credentials that end, that are refreshed, and that are somebody else's.
//!
//! A client says in headers who it is (`x-user`), what it may do (`x-role`) and for how many seconds that is good
//! (`x-good-for`), as the layers of an application would find out.

#[cfg(feature = "axum")]
mod over_tcp;

use std::sync::{OnceLock, mpsc};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
use http::request::{Builder, Parts};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::sync::Notify;
use tower_service::Service;

use super::recorder::Recorder;
use super::requests::Requests;
use super::*;
use crate::server::http::response::ResponseBody;
use crate::server::{HttpOptions, OriginPolicy};

const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1E}";
const UNAUTHORIZED: &str = "Failed to invoke 'Echo' because user is unauthorized";

fn header<'a>(request: &'a Parts, name: &str) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}

fn expiry(request: &Parts) -> Option<SystemTime> {
    let seconds: i64 = header(request, "x-good-for")?.parse().unwrap();
    let length = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    Some(if seconds < 0 { now - length } else { now + length })
}

/// What the options of these tests have in common: nothing is refreshed and nothing ends, unless they say so.
fn options(change: impl FnOnce(&mut HttpOptions)) -> HubOptions {
    let mut options = HubOptions::default();
    change(&mut options.http);
    options
}

fn closing(http: &mut HttpOptions) {
    http.close_on_authentication_expiration = true;
}

fn refreshing(http: &mut HttpOptions) {
    http.enable_authentication_refresh = true;
}

/// A server that reads the headers. `Echo` is for those in the role `talker`; the hub notes its refreshes.
fn server(options: HubOptions) -> Server {
    with_world(World::default(), options)
}

fn with_world(world: World, options: HubOptions) -> Server {
    Server::of(world, |service| {
        service
            .options(options)
            .user_id(|request| header(request, "x-user").map(str::to_owned))
            .authentication_expiry(expiry)
            .authorize(&[ProbeHubContract::ECHO], |call| {
                header(call.connection().request(), "x-role") == Some("talker")
            })
            .on_authentication_refresh(async |refresh| {
                header(refresh.request(), "x-role") != Some("banned")
                    && header(refresh.previous(), "x-role") != Some("stuck")
            })
    })
}

/// Notes in the log when the hub is told of a refresh, and lets it pass when a gate opens.
fn refreshed_world() -> World {
    let refreshed = probe::hook(async |cx, world: Arc<World>| {
        let role = header(&cx.authenticated_request(), "x-role").unwrap_or("none").to_owned();
        world.say(format!("refreshing as {role}"));
        world.pass("refresh").await;
        world.say(format!("refreshed as {role}"));
        Ok(())
    });
    World { refreshed, ..World::default() }
}

/// Whoever sends a request.
#[derive(Clone, Copy)]
struct Person(&'static [(&'static str, &'static str)]);

const ADA: Person = Person(&[("x-user", "ada"), ("x-role", "talker")]);
const BOB: Person = Person(&[("x-user", "bob"), ("x-role", "talker")]);
const NOBODY: Person = Person(&[]);

impl Person {
    fn asks(self, method: Method, uri: &str) -> Builder {
        let request = Request::builder().method(method).uri(uri);
        self.0.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }
}

async fn ask(server: &Server, request: Builder, body: &str) -> Response<ResponseBody> {
    let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
    server.service.clone().call(request).await.unwrap()
}

async fn read(response: Response<ResponseBody>) -> (StatusCode, String) {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn negotiate(server: &Server, person: Person) -> serde_json::Value {
    let request = person.asks(Method::POST, "/hub/negotiate?negotiateVersion=1");
    serde_json::from_str(&read(ask(server, request, "").await).await.1).unwrap()
}

/// A client that polls.
struct Poller<'a> {
    server: &'a Server,
    /// The path with the token.
    uri: String,
    token: String,
}

impl<'a> Poller<'a> {
    async fn connect(server: &'a Server, person: Person) -> Self {
        let token = negotiate(server, person).await["connectionToken"].as_str().unwrap().to_owned();
        let poller = Self { server, uri: format!("/hub?id={token}"), token };
        assert_eq!(poller.poll(person).await, (StatusCode::OK, String::new()));
        assert_eq!(poller.post(person, HANDSHAKE).await.0, StatusCode::OK);
        assert_eq!(poller.poll(person).await, (StatusCode::OK, "{}\u{1E}".to_owned()));
        poller
    }

    async fn poll(&self, person: Person) -> (StatusCode, String) {
        read(ask(self.server, person.asks(Method::GET, &self.uri), "").await).await
    }

    /// A poll that brings these records.
    async fn expect(&self, person: Person, records: &[&str]) {
        let records: String = records.iter().flat_map(|record| [record, "\u{1E}"]).collect();
        assert_eq!(self.poll(person).await, (StatusCode::OK, records));
    }

    async fn post(&self, person: Person, body: &str) -> (StatusCode, String) {
        read(ask(self.server, person.asks(Method::POST, &self.uri), body).await).await
    }

    async fn call(&self, person: Person, id: &str, target: &str, arguments: &str) {
        let call = call(id, target, arguments) + "\u{1E}";
        assert_eq!(self.post(person, &call).await.0, StatusCode::OK);
    }

    async fn refresh(&self, person: Person) -> (StatusCode, String) {
        let uri = format!("/hub/refresh?id={}", self.token);
        read(ask(self.server, person.asks(Method::POST, &uri), "").await).await
    }
}

const REFRESHED: (StatusCode, &str) = (StatusCode::OK, "{}");

fn is(answer: &(StatusCode, String), wanted: (StatusCode, &str)) {
    assert_eq!((answer.0, answer.1.as_str()), wanted);
}

const BRIEFLY: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "60")]);
const ENDED: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "-1")]);
const FOR_LONG: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "600")]);

#[tokio::test(start_paused = true)]
async fn a_connection_ends_with_the_credentials_of_its_client() {
    let server = server(options(closing));
    let poller = Poller::connect(&server, BRIEFLY).await;
    let start = tokio::time::Instant::now();
    // The client may connect again by itself, and there is no error.
    poller.expect(BRIEFLY, &[CLOSE_RECONNECT]).await;
    assert_eq!(start.elapsed().as_secs(), 60);
    is(&poller.poll(BRIEFLY).await, (StatusCode::NO_CONTENT, ""));
    settle().await;
    is(&poller.poll(BRIEFLY).await, (StatusCode::NOT_FOUND, "No Connection with that ID"));
    assert!(server.log()[0].ends_with(" disconnected"), "{:?}", server.log());
}

#[tokio::test(start_paused = true)]
async fn credentials_that_have_ended_already_open_nothing_for_long() {
    let server = server(options(closing));
    let poller = Poller::connect(&server, BRIEFLY).await;
    let start = tokio::time::Instant::now();
    poller.expect(ENDED, &[CLOSE_RECONNECT]).await;
    assert_eq!(start.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn each_poll_shows_credentials_again() {
    let server = server(options(|http| {
        closing(http);
        http.poll_timeout = Duration::from_secs(40);
    }));
    let poller = Poller::connect(&server, BRIEFLY).await;
    for _ in 0..5 {
        // 40 seconds each: without the polls it would end in the second one.
        is(&poller.poll(BRIEFLY).await, (StatusCode::OK, ""));
    }
    let last = tokio::time::Instant::now();
    is(&poller.poll(BRIEFLY).await, (StatusCode::OK, ""));
    // The next poll's credentials do not end before it does, but those that it has replaced would have.
    let soon = Person(&[("x-user", "ada"), ("x-good-for", "10")]);
    poller.expect(soon, &[CLOSE_RECONNECT]).await;
    assert_eq!(last.elapsed().as_secs(), 50);
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_ends_with_the_credentials_that_opened_it() {
    let server = server(options(closing));
    let token = negotiate(&server, BRIEFLY).await["connectionToken"].as_str().unwrap().to_owned();
    let uri = format!("/hub?id={token}");
    let request = BRIEFLY.asks(Method::GET, &uri).header("accept", "text/event-stream");
    let events = tokio::spawn(read(ask(&server, request, "").await));
    assert_eq!(ask(&server, BRIEFLY.asks(Method::POST, &uri), HANDSHAKE).await.status(), StatusCode::OK);
    let start = tokio::time::Instant::now();
    let (_, events) = events.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 60);
    assert!(events.ends_with(&format!("data: {CLOSE_RECONNECT}\u{1E}\r\n\r\n")), "{events}");
}

#[tokio::test(start_paused = true)]
async fn credentials_end_nothing_unless_the_options_say_so() {
    for options in [options(|_| {}), options(refreshing)] {
        let server = server(options);
        let poller = Poller::connect(&server, BRIEFLY).await;
        // One poll that is answered empty, in its time.
        is(&poller.poll(BRIEFLY).await, (StatusCode::OK, ""));
        poller.call(BRIEFLY, "1", "Echo", r#"["still here"]"#).await;
        poller.expect(BRIEFLY, &[&result("1", r#""still here""#)]).await;
    }
    // Nor do credentials that have no end.
    let server = server(options(closing));
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.poll(ADA).await, (StatusCode::OK, ""));
    is(&poller.poll(ADA).await, (StatusCode::OK, ""));
}

#[tokio::test(start_paused = true)]
async fn an_expiry_that_panics_lets_nobody_stay() {
    let server = Server::of(World::default(), |service| {
        service.options(options(closing)).authentication_expiry(|_| panic!("an expiry panics on purpose"))
    });
    let token = negotiate(&server, NOBODY).await["connectionToken"].as_str().unwrap().to_owned();
    let poller = Poller { server: &server, uri: format!("/hub?id={token}"), token };
    is(&poller.poll(NOBODY).await, (StatusCode::OK, ""));
    assert_eq!(poller.post(NOBODY, HANDSHAKE).await.0, StatusCode::OK);
    poller.expect(NOBODY, &["{}"]).await;
    poller.expect(NOBODY, &[CLOSE_RECONNECT]).await;
}

#[tokio::test(start_paused = true)]
async fn negotiation_says_how_long_credentials_are_good() {
    let (off, on) = (server(options(closing)), server(options(refreshing)));
    for (server, person, known) in
        [(&on, FOR_LONG, true), (&on, ADA, false), (&on, ENDED, false), (&off, FOR_LONG, false)]
    {
        let answer = negotiate(server, person).await;
        match answer.get("tokenLifetimeSeconds") {
            // The clock goes on while the request is answered.
            Some(seconds) => assert!(known && (590..=600).contains(&seconds.as_u64().unwrap()), "{answer}"),
            None => assert!(!known, "{answer}"),
        }
        assert!(answer["connectionToken"].is_string());
    }
}

/// Clients read the number with 31 bits.
#[tokio::test(start_paused = true)]
async fn a_lifetime_is_no_longer_than_clients_can_read() {
    let server = server(options(refreshing));
    let for_a_century = Person(&[("x-user", "ada"), ("x-good-for", "3155760000")]);
    assert_eq!(negotiate(&server, for_a_century).await["tokenLifetimeSeconds"], i32::MAX);
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(for_a_century).await, (StatusCode::OK, r#"{"tokenLifetimeSeconds":2147483647}"#));
}

#[tokio::test(start_paused = true)]
async fn what_refreshes_nothing() {
    let off = server(options(closing));
    let poller = Poller::connect(&off, ADA).await;
    is(&poller.refresh(ADA).await, (StatusCode::NOT_FOUND, r#"{"error":"refresh_disabled"}"#));

    let on = server(options(refreshing));
    let poller = Poller::connect(&on, ADA).await;
    let old = read(ask(&on, ADA.asks(Method::POST, "/hub/negotiate"), "").await).await.1;
    let old: serde_json::Value = serde_json::from_str(&old).unwrap();
    let old = old["connectionId"].as_str().unwrap();
    assert_eq!(ask(&on, ADA.asks(Method::GET, &format!("/hub?id={old}")), "").await.status(), StatusCode::OK);
    assert_eq!(
        ask(&on, ADA.asks(Method::POST, &format!("/hub?id={old}")), HANDSHAKE).await.status(),
        StatusCode::OK
    );
    settle().await;
    let unused = negotiate(&on, ADA).await;

    let (token, old) = (format!("?id={}", poller.token), format!("?id={old}"));
    let id = format!("?id={}", negotiate(&on, ADA).await["connectionId"].as_str().unwrap());
    let unused = format!("?id={}", unused["connectionToken"].as_str().unwrap());
    let banned = Person(&[("x-user", "ada"), ("x-role", "banned")]);
    let (bad, lost) = (StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND);
    let cases = [
        ("", ADA, bad, "missing_connection_token"),
        ("?id=", ADA, bad, "missing_connection_token"),
        ("?id=unknown", ADA, lost, "connection_not_found"),
        (&id, ADA, lost, "connection_not_found"),
        (&unused, ADA, lost, "connection_not_found"),
        (&old, ADA, bad, "unsupported_negotiate_version"),
        (&token, NOBODY, StatusCode::UNAUTHORIZED, "invalid_token"),
        (&token, ENDED, StatusCode::UNAUTHORIZED, "invalid_token"),
        (&token, banned, StatusCode::FORBIDDEN, "permission_change_rejected"),
    ];
    for (query, person, status, code) in cases {
        let response = ask(&on, person.asks(Method::POST, &format!("/hub/refresh{query}")), "").await;
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json", "{query}");
        is(&read(response).await, (status, &format!(r#"{{"error":"{code}"}}"#)));
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let response = ask(&on, ADA.asks(method, &format!("/hub/refresh{token}")), "").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()["allow"], "POST");
    }
    // None of this has changed anything.
    poller.call(ADA, "1", "Echo", r#"["still here"]"#).await;
    poller.expect(ADA, &[&result("1", r#""still here""#)]).await;
    assert_eq!(on.log(), ["echo still here"]);
}

#[tokio::test(start_paused = true)]
async fn later_calls_see_the_new_credentials() {
    let server = with_world(refreshed_world(), options(refreshing));
    let listener = Person(&[("x-user", "ada"), ("x-role", "listener")]);
    let poller = Poller::connect(&server, listener).await;
    poller.call(listener, "1", "Echo", r#"["no"]"#).await;
    poller.expect(listener, &[&error("1", UNAUTHORIZED)]).await;
    let (status, body) = poller.refresh(FOR_LONG).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!((590..=600).contains(&body["tokenLifetimeSeconds"].as_u64().unwrap()), "{body}");
    server.world.open("refresh");
    // Who sends the call makes no difference: what the connection was refreshed with counts.
    let stale = Person(&[("x-user", "ada"), ("x-role", "listener"), ("x-good-for", "60")]);
    poller.call(stale, "2", "Echo", r#"["yes"]"#).await;
    poller.expect(stale, &[&result("2", r#""yes""#)]).await;
    assert_eq!(server.log(), ["refreshing as talker", "refreshed as talker", "echo yes"]);
    is(&poller.refresh(listener).await, REFRESHED);
    server.world.open("refresh");
    poller.call(FOR_LONG, "3", "Echo", r#"["no"]"#).await;
    poller.expect(stale, &[&error("3", UNAUTHORIZED)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_traced() {
    let (recorder, _guard) = Recorder::start();
    let server = with_world(refreshed_world(), options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(ADA).await, REFRESHED);
    settle().await;
    let name = "Microsoft.AspNetCore.SignalR.Server.OnAuthenticationRefreshed";
    let span = || recorder.spans().into_iter().find(|span| span.name == name).unwrap();
    assert!(!span().closed);
    server.world.open("refresh");
    settle().await;
    assert!(span().closed);
    assert_eq!(span().fields["otel.name"], "ProbeHub/OnAuthenticationRefreshedAsync");
    assert_eq!(span().fields["otel.kind"], "internal");
}

#[tokio::test(start_paused = true)]
async fn the_hub_is_told_of_refreshes_in_turn() {
    let server = with_world(refreshed_world(), options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    poller.call(ADA, "1", "Wait", r#"["first"]"#).await;
    settle().await;
    // While a call runs, however often the client refreshes, the hub is told once, and afterwards.
    let listener = Person(&[("x-user", "ada"), ("x-role", "listener")]);
    is(&poller.refresh(listener).await, REFRESHED);
    settle().await;
    is(&poller.refresh(ADA).await, REFRESHED);
    settle().await;
    poller.call(ADA, "2", "Add", "[1,2]").await;
    settle().await;
    assert_eq!(server.log(), ["first begins"]);
    server.world.open("first");
    settle().await;
    assert_eq!(server.log(), ["first begins", "first ends", "refreshing as talker"]);
    poller.expect(ADA, &[&result("1", r#""first""#)]).await;
    // The call behind it waits for it.
    server.world.open("refresh");
    poller.expect(ADA, &[&result("2", "3")]).await;
    assert_eq!(server.log()[2..], ["refreshing as talker", "refreshed as talker"]);
}

/// Nothing else wakes the connection.
#[tokio::test(start_paused = true)]
async fn the_hub_is_told_of_a_refresh_at_once_after_another_one() {
    let refreshed = probe::hook(async |cx, world: Arc<World>| {
        world.say(header(&cx.authenticated_request(), "x-role").unwrap_or("none"));
        Ok(())
    });
    let server = with_world(World { refreshed, ..World::default() }, options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    for role in ["first", "second", "third"] {
        let uri = format!("/hub/refresh?id={}", poller.token);
        let request =
            Request::builder().method(Method::POST).uri(uri).header("x-user", "ada").header("x-role", role);
        assert_eq!(ask(&server, request, "").await.status(), StatusCode::OK);
        settle().await;
        assert_eq!(server.log().last().map(String::as_str), Some(role));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_the_hub_fails_on_is_a_refresh() {
    let refreshed = probe::hook(async |_, world: Arc<World>| {
        world.say("refreshed");
        Err(crate::HubError::new("not today"))
    });
    let server = with_world(World { refreshed, ..World::default() }, options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(ADA).await, REFRESHED);
    poller.call(ADA, "1", "Echo", r#"["hello"]"#).await;
    poller.expect(ADA, &[&result("1", r#""hello""#)]).await;
    assert_eq!(server.log(), ["refreshed", "echo hello"]);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_cannot_take_a_connection_over() {
    let server = with_world(refreshed_world(), options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(BOB).await, REFRESHED);
    // It ends, for good, and the hub hears nothing of Bob.
    poller.expect(ADA, &[CLOSE]).await;
    is(&poller.poll(ADA).await, (StatusCode::NO_CONTENT, ""));
    assert_eq!(server.log().len(), 1);
    assert!(server.log()[0].ends_with(" disconnected"), "{:?}", server.log());
}

#[tokio::test(start_paused = true)]
async fn a_refresh_puts_the_end_off() {
    let server = server(options(|http| {
        closing(http);
        refreshing(http);
    }));
    let token = negotiate(&server, BRIEFLY).await["connectionToken"].as_str().unwrap().to_owned();
    let uri = format!("/hub?id={token}");
    let request = BRIEFLY.asks(Method::GET, &uri).header("accept", "text/event-stream");
    let events = tokio::spawn(read(ask(&server, request, "").await));
    assert_eq!(ask(&server, BRIEFLY.asks(Method::POST, &uri), HANDSHAKE).await.status(), StatusCode::OK);
    let start = tokio::time::Instant::now();
    seconds(59).await;
    let poller = Poller { server: &server, uri, token };
    assert_eq!(poller.refresh(BRIEFLY).await.0, StatusCode::OK);
    let (_, events) = events.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 119);
    assert!(events.ends_with(&format!("data: {CLOSE_RECONNECT}\u{1E}\r\n\r\n")), "{events}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_refreshes_by_newer_credentials() {
    let server = with_world(refreshed_world(), options(refreshing));
    let poller = Poller::connect(&server, BRIEFLY).await;
    for _ in 0..5 {
        server.world.open("refresh");
    }
    let listener = Person(&[("x-user", "ada"), ("x-role", "listener"), ("x-good-for", "600")]);
    poller.call(BRIEFLY, "1", "Echo", r#"["before"]"#).await;
    settle().await;
    poller.expect(listener, &[&result("1", r#""before""#)]).await;
    settle().await;
    assert_eq!(server.log(), ["echo before", "refreshing as listener", "refreshed as listener"]);
    // Older ones change nothing.
    poller.call(BRIEFLY, "2", "Echo", r#"["after"]"#).await;
    poller.expect(BRIEFLY, &[&error("2", UNAUTHORIZED)]).await;
    assert_eq!(server.log().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_poll_whose_credentials_are_refused_ends_its_connection() {
    let server = server(options(refreshing));
    let poller = Poller::connect(&server, BRIEFLY).await;
    let banned = Person(&[("x-user", "ada"), ("x-role", "banned"), ("x-good-for", "600")]);
    is(&poller.poll(banned).await, (StatusCode::FORBIDDEN, r#"{"error":"permission_change_rejected"}"#));
    poller.expect(BRIEFLY, &[CLOSE]).await;
    is(&poller.poll(BRIEFLY).await, (StatusCode::NO_CONTENT, ""));
}

/// While the application looks at credentials, a client may show others that are good for longer.
#[tokio::test(start_paused = true)]
async fn older_credentials_that_are_looked_at_for_longer_change_nothing() {
    let slow = Person(&[("x-user", "ada"), ("x-role", "slow"), ("x-good-for", "300")]);
    let slow_and_banned = Person(&[("x-user", "ada"), ("x-role", "slow and banned"), ("x-good-for", "300")]);
    for (older, by_poll) in [(slow, false), (slow, true), (slow_and_banned, true)] {
        let looked = Arc::new(Notify::new());
        let server = Server::of(World::default(), |service| {
            let looked = Arc::clone(&looked);
            service
                .options(options(refreshing))
                .user_id(|request| header(request, "x-user").map(str::to_owned))
                .authentication_expiry(expiry)
                .authorize(&[ProbeHubContract::ECHO], |call| {
                    header(call.connection().request(), "x-role") == Some("talker")
                })
                .on_authentication_refresh(move |refresh| {
                    let looked = Arc::clone(&looked);
                    async move {
                        let role = header(refresh.request(), "x-role").unwrap_or_default();
                        if role.starts_with("slow") {
                            looked.notified().await;
                        }
                        !role.ends_with("banned")
                    }
                })
        });
        let poller = Poller::connect(&server, BRIEFLY).await;
        let newer = async {
            settle().await;
            assert_eq!(poller.refresh(FOR_LONG).await.0, StatusCode::OK);
            looked.notify_one();
            settle().await;
            poller.call(FOR_LONG, "1", "Echo", r#"["mine"]"#).await;
        };
        let answer = result("1", r#""mine""#);
        let answer = [&*answer];
        if by_poll {
            tokio::join!(poller.expect(older, &answer), newer);
        } else {
            let (refreshed, ()) = tokio::join!(poller.refresh(older), newer);
            assert_eq!(refreshed.0, StatusCode::OK);
            poller.expect(FOR_LONG, &answer).await;
        }
    }
}

/// However good those are that its own user has shown meanwhile.
#[tokio::test(start_paused = true)]
async fn somebody_else_ends_a_connection_however_long_he_is_looked_at() {
    let server = Server::of(World::default(), |service| {
        service.options(options(refreshing)).user_id(|request| header(request, "x-user").map(str::to_owned))
    });
    let world = Arc::clone(&server.world);
    let service =
        server.service.clone().authentication_expiry(expiry).on_authentication_refresh(move |refresh| {
            let (world, is_bob) = (Arc::clone(&world), refresh.user_id() == Some("bob"));
            async move {
                if is_bob {
                    world.pass("bob").await;
                }
                true
            }
        });
    let server = Server { service, ..server };
    let poller = Poller::connect(&server, BRIEFLY).await;
    let bob = Person(&[("x-user", "bob"), ("x-good-for", "300")]);
    let meanwhile = async {
        assert_eq!(poller.refresh(FOR_LONG).await.0, StatusCode::OK);
        server.world.open("bob");
    };
    let (refreshed, ()) = tokio::join!(poller.refresh(bob), meanwhile);
    assert_eq!(refreshed.0, StatusCode::OK);
    poller.expect(FOR_LONG, &[CLOSE]).await;
}

#[tokio::test(start_paused = true)]
async fn the_application_compares_old_and_new_credentials() {
    let server = server(options(refreshing));
    let stuck = Person(&[("x-user", "ada"), ("x-role", "stuck")]);
    let poller = Poller::connect(&server, stuck).await;
    is(&poller.refresh(ADA).await, (StatusCode::FORBIDDEN, r#"{"error":"permission_change_rejected"}"#));
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(stuck).await, REFRESHED);
    is(&poller.refresh(ADA).await, (StatusCode::FORBIDDEN, r#"{"error":"permission_change_rejected"}"#));
}

#[tokio::test(start_paused = true)]
async fn the_application_is_asked_about_a_few_changes_at_once() {
    let server = Server::of(World::default(), |service| service.options(options(refreshing)));
    let world = Arc::clone(&server.world);
    let service = server.service.clone().authentication_expiry(expiry).on_authentication_refresh(move |_| {
        let world = Arc::clone(&world);
        async move {
            world.say("asked");
            world.pass("refresh").await;
            true
        }
    });
    let server = Server { service, ..server };
    let [first, later] = [Person(&[("x-good-for", "60")]), Person(&[("x-good-for", "120")])];
    let poller = Poller::connect(&server, first).await;
    let uri = format!("/hub/refresh?id={}", poller.token);
    let refresh = || ask(&server, first.asks(Method::POST, &uri), "");
    let mut asked: Vec<_> = (0..4).map(|_| Box::pin(refresh())).collect();
    for waiting in &mut asked {
        assert!(waiting.now_or_never().is_none());
    }
    let refused = refresh().await;
    assert_eq!(refused.headers()["retry-after"], "1");
    is(&read(refused).await, (StatusCode::TOO_MANY_REQUESTS, r#"{"error":"refresh_in_progress"}"#));
    // Polls go on as before.
    poller.call(later, "1", "Add", "[1,2]").await;
    poller.expect(later, &[&result("1", "3")]).await;
    assert_eq!(server.log(), ["asked"; 4]);
    // Who goes away is not waited for.
    drop(asked.pop());
    let mut next = Box::pin(refresh());
    assert!((&mut next).now_or_never().is_none());
    asked.push(next);
    for waiting in asked {
        server.world.open("refresh");
        assert_eq!(waiting.await.status(), StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn the_requests_of_a_connection_come_from_its_user() {
    let server = server(options(|_| {}));
    let poller = Poller::connect(&server, ADA).await;
    let lost = (StatusCode::NOT_FOUND, "No Connection with that ID");
    for other in [BOB, NOBODY] {
        is(&poller.poll(other).await, lost);
        is(&poller.post(other, "anything").await, lost);
        let delete = other.asks(Method::DELETE, &poller.uri);
        is(&read(ask(&server, delete, "").await).await, lost);
    }
    poller.call(ADA, "1", "Echo", r#"["mine"]"#).await;
    poller.expect(ADA, &[&result("1", r#""mine""#)]).await;
}

#[tokio::test(start_paused = true)]
async fn no_path_of_a_hub_serves_a_foreign_site() {
    let listed = |http: &mut HttpOptions| {
        http.origin_policy = OriginPolicy::allow(["https://friend.example"]).unwrap();
    };
    let (by_default, by_list) = (server(options(|_| {})), server(options(listed)));
    let any = server(options(|http| http.origin_policy = OriginPolicy::Any));
    let cases = [
        (&by_default, "https://hub.example", true),
        (&by_default, "https://evil.example", false),
        (&by_default, "https://friend.example", false),
        (&by_list, "https://hub.example", false),
        (&by_list, "https://friend.example", true),
        (&any, "https://evil.example", true),
    ];
    for (server, origin, allowed) in cases {
        let requests = [
            (Method::POST, "/hub/negotiate", None),
            (Method::POST, "/hub/refresh?id=x", None),
            (Method::GET, "/hub", Some(("upgrade", "websocket"))),
            (Method::GET, "/hub?id=x", Some(("accept", "text/event-stream"))),
            (Method::GET, "/hub?id=x", None),
            (Method::POST, "/hub?id=x", None),
            (Method::DELETE, "/hub?id=x", None),
        ];
        for (method, uri, also) in requests {
            let mut request = ADA
                .asks(method, uri)
                .header("host", "hub.example")
                .header("cookie", "session=1")
                .header("origin", origin);
            if let Some((name, value)) = also {
                request = request
                    .header(name, value)
                    .header("connection", "upgrade")
                    .header("sec-websocket-version", "13")
                    .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
            }
            let status = ask(server, request, "").await.status();
            assert_eq!(status != StatusCode::FORBIDDEN, allowed, "{uri} {also:?} {origin}");
        }
    }
}

#[tokio::test]
async fn others_are_served_while_the_end_of_credentials_is_looked_up() {
    for upgrades in [false, true] {
        let others: Arc<OnceLock<Requests>> = Arc::default();
        let times: Arc<Mutex<Vec<bool>>> = Arc::default();
        let (asked, answered) = (Arc::clone(&others), Arc::clone(&times));
        let http = HttpOptions { close_on_authentication_expiration: true, ..HttpOptions::default() };
        let server = Server::of(World::default(), |service| {
            service.options(HubOptions { http, ..HubOptions::default() }).authentication_expiry(move |_| {
                let (others, (done, answer)) = (Arc::clone(&asked), mpsc::channel());
                std::thread::spawn(move || done.send(others.get().map(Requests::delete).is_some()));
                let in_time = answer.recv_timeout(Duration::from_secs(5)).is_ok();
                answered.lock().unwrap().push(in_time);
                None
            })
        });
        others.set(Requests::negotiate(&server).await).ok();
        let client = Requests::negotiate(&server).await;
        // There is no socket.
        let (answer, status) = if upgrades { (client.upgrade(), 500) } else { (client.poll(), 200) };
        assert_eq!(answer.await.status, status);
        let times = times.lock().unwrap();
        assert!(times.contains(&true) && !times.contains(&false), "{times:?}");
    }
}
