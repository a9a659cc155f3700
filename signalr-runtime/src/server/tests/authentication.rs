//! Credentials that end, and that are somebody else's.
//!
//! A client says in headers who it is (`x-user`), what it may do (`x-role`) and for how many seconds that is good
//! (`x-good-for`), as the layers of an application would find out.

mod calls;
#[cfg(feature = "axum")]
mod over_tcp;
mod refresh;
mod refresh_by_poll;

use std::sync::{OnceLock, mpsc};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::{Builder, Parts};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower_service::Service;

use super::requests::Requests;
use super::*;
use crate::endpoint::http::response::ResponseBody;
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
    let refreshed = world::hook(async |cx, world: Arc<World>| {
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
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
    // Piece by piece, as a socket takes them.
    while let Some(frame) = body.frame().await {
        bytes.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    (status, String::from_utf8(bytes).unwrap())
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

    /// A request for a refresh.
    fn refreshes(&self, person: Person) -> Builder {
        person.asks(Method::POST, "/hub/refresh").header("x-signalr-connection-token", &self.token)
    }

    async fn refresh(&self, person: Person) -> (StatusCode, String) {
        read(ask(self.server, self.refreshes(person), "").await).await
    }
}

const REFRESHED: (StatusCode, &str) = (StatusCode::OK, "{}");

fn is(answer: &(StatusCode, String), wanted: (StatusCode, &str)) {
    assert_eq!((answer.0, answer.1.as_str()), wanted);
}

const BRIEFLY: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "60")]);
const FOR_LONG: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "600")]);
const ENDED: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "-1")]);

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

/// The requests that bring a connection token, each as somebody sends it: what they are, and what they are answered.
async fn each_request(server: &Server, uri: &str, person: Person) -> Vec<(&'static str, StatusCode, String)> {
    let upgrade = person
        .asks(Method::GET, uri)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let requests = [
        ("POST", person.asks(Method::POST, uri)),
        ("DELETE", person.asks(Method::DELETE, uri)),
        ("WebSocket", upgrade),
        ("events", person.asks(Method::GET, uri).header("accept", "text/event-stream")),
        ("poll", person.asks(Method::GET, uri)),
    ];
    let mut answers = Vec::new();
    for (name, request) in requests {
        let (status, body) = read(ask(server, request, "").await).await;
        answers.push((name, status, body));
    }
    answers
}

const CHANGED: (StatusCode, &str) =
    (StatusCode::FORBIDDEN, "The user associated with this connection changed.");
const REFRESH_REQUIRED: (StatusCode, &str) =
    (StatusCode::CONFLICT, r#"{"error":"authentication_refresh_required"}"#);

#[tokio::test(start_paused = true)]
async fn the_requests_of_a_connection_come_from_who_negotiated() {
    for (options, poll) in [(options(|_| {}), CHANGED), (options(refreshing), REFRESH_REQUIRED)] {
        let server = server(options);
        for (who, others) in [(ADA, [BOB, NOBODY]), (NOBODY, [ADA, BOB])] {
            let token = negotiate(&server, who).await["connectionToken"].as_str().unwrap().to_owned();
            let poller = Poller { server: &server, uri: format!("/hub?id={token}"), token };
            for phase in ["before it is opened", "while it polls"] {
                for other in others {
                    for (name, status, body) in each_request(&server, &poller.uri, other).await {
                        // The very first one is none of a connection that polls.
                        let polls = name == "poll" && phase == "while it polls";
                        let expected = if polls { poll } else { CHANGED };
                        assert_eq!((status, &*body), expected, "{name} {phase}");
                    }
                }
                if phase == "before it is opened" {
                    // Nothing of that has used the token up.
                    is(&poller.poll(who).await, (StatusCode::OK, ""));
                    assert_eq!(poller.post(who, HANDSHAKE).await.0, StatusCode::OK);
                    poller.expect(who, &["{}"]).await;
                }
            }
            // Nor has the connection noticed.
            poller.call(who, "1", "Add", "[1,2]").await;
            poller.expect(who, &[&result("1", "3")]).await;
        }
    }
}

/// Nor is it told which of the tokens that open nothing are somebody's.
#[tokio::test(start_paused = true)]
async fn a_token_that_opens_nothing_is_unknown_to_everybody() {
    let server = server(options(refreshing));
    let over = Poller::connect(&server, ADA).await;
    assert_eq!(ask(&server, ADA.asks(Method::DELETE, &over.uri), "").await.status(), StatusCode::ACCEPTED);
    settle().await;
    is(&over.poll(ADA).await, (StatusCode::NOT_FOUND, "No Connection with that ID"));
    let late = negotiate(&server, ADA).await["connectionToken"].as_str().unwrap().to_owned();
    seconds(16).await;
    for uri in [&*over.uri, &format!("/hub?id={late}"), "/hub?id=unknown"] {
        for person in [ADA, BOB, NOBODY] {
            for (name, status, body) in each_request(&server, uri, person).await {
                assert_eq!((status, &*body), (StatusCode::NOT_FOUND, "No Connection with that ID"), "{name}");
            }
        }
    }
}

/// The name of a user may change, and two users may have one name.
#[tokio::test(start_paused = true)]
async fn the_identity_is_what_the_application_says() {
    let server = Server::of(World::default(), |service| {
        service
            .user_id(|request| header(request, "x-user").map(str::to_owned))
            .identity(|request| header(request, "x-subject").map(str::to_owned))
    });
    let ada = Person(&[("x-user", "ada"), ("x-subject", "1")]);
    let renamed = Person(&[("x-user", "ada lovelace"), ("x-subject", "1")]);
    let namesake = Person(&[("x-user", "ada"), ("x-subject", "2")]);
    let nameless = Person(&[("x-user", "ada")]);
    let poller = Poller::connect(&server, ada).await;
    for other in [namesake, nameless, NOBODY] {
        is(&poller.post(other, "").await, CHANGED);
    }
    is(&poller.post(renamed, "").await, (StatusCode::OK, ""));
    // An empty identity is one, and not nobody.
    let empty = Person(&[("x-subject", "")]);
    let poller = Poller::connect(&server, empty).await;
    is(&poller.post(NOBODY, "").await, CHANGED);
    is(&poller.post(empty, "").await, (StatusCode::OK, ""));
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_panics_is_an_error_of_the_server() {
    let server = Server::of(World::default(), |service| {
        service.identity(|request| match header(request, "x-user") {
            Some("bob") => panic!("an identity panics on purpose"),
            user => user.map(str::to_owned),
        })
    });
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.poll(BOB).await, (StatusCode::INTERNAL_SERVER_ERROR, ""));
    is(&poller.post(ADA, "").await, (StatusCode::OK, ""));
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
