//! Credentials that take the place of others.

use futures_util::FutureExt;
use http::header::CONTENT_TYPE;

use super::super::recorder::Recorder;
use super::super::requests::records;
use super::*;
use crate::server::telemetry::LocalAddress;

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
    let of_version_0 = async |uses: bool| {
        let old = read(ask(&on, ADA.asks(Method::POST, "/hub/negotiate"), "").await).await.1;
        let old: serde_json::Value = serde_json::from_str(&old).unwrap();
        let old = old["connectionId"].as_str().unwrap().to_owned();
        if uses {
            let poll = ADA.asks(Method::GET, &format!("/hub?id={old}"));
            assert_eq!(ask(&on, poll, "").await.status(), StatusCode::OK);
        }
        old
    };
    let (old, older) = (of_version_0(false).await, of_version_0(true).await);
    let public = negotiate(&on, ADA).await["connectionId"].as_str().unwrap().to_owned();
    let banned = Person(&[("x-user", "ada"), ("x-role", "banned")]);
    let (bad, lost, forbidden) = (StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN);
    let token = &*poller.token;
    let cases = [
        (Some(""), ADA, bad, "missing_connection_token"),
        (None, ADA, bad, "missing_connection_token"),
        (Some("unknown"), ADA, lost, "connection_not_found"),
        (Some(&*public), ADA, lost, "connection_not_found"),
        (Some(&*old), ADA, bad, "unsupported_negotiate_version"),
        (Some(&*older), ADA, bad, "unsupported_negotiate_version"),
        (Some(token), NOBODY, forbidden, "user_changed"),
        (Some(token), BOB, forbidden, "user_changed"),
        (Some(token), banned, forbidden, "permission_change_rejected"),
    ];
    for (token, person, status, code) in cases {
        let mut request = person.asks(Method::POST, &format!("/hub/refresh?id={}", poller.token));
        if let Some(token) = token {
            request = request.header("X-SignalR-Connection-Token", token);
        }
        let response = ask(&on, request, "").await;
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json", "{code}");
        is(&read(response).await, (status, &format!(r#"{{"error":"{code}"}}"#)));
    }
    // Twice is no token.
    let twice = poller.refreshes(ADA).header("x-signalr-connection-token", token);
    is(&read(ask(&on, twice, "").await).await, (lost, r#"{"error":"connection_not_found"}"#));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = ADA.asks(method, "/hub/refresh").header("x-signalr-connection-token", token);
        let response = ask(&on, request, "").await;
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
    let address = LocalAddress::Unix("/run/hub.sock".into());
    let service = server.service.clone().local_address(move |_| Some(address.clone()));
    let server = Server { service, ..server };
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
    assert_eq!(span().fields["server.address"], "/run/hub.sock");
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

/// The callback takes a permit, as a plain call does: a plain call that finds none waits, and its cancellation is its answer.
/// Whatever may start has begun before it is cancelled, also where the connection learns of all of it at once.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_while_the_hub_is_told_of_a_refresh() {
    let canceled = error("a", "An unexpected error occurred invoking 'Wait' on the server.");
    for (permits, told_before) in [(1, true), (1, false), (2, true), (2, false)] {
        let options = HubOptions { maximum_parallel_invocations_per_client: permits, ..options(refreshing) };
        let server = with_world(refreshed_world(), options);
        let poller = Poller::connect(&server, ADA).await;
        is(&poller.refresh(ADA).await, REFRESHED);
        if told_before {
            settle().await;
        }
        assert_eq!(server.log().len(), usize::from(told_before));
        let calls =
            [call("a", "Wait", r#"["a"]"#), cancel("a"), stream("t", "Ticks", r#"["t"]"#), cancel("t")];
        assert_eq!(poller.post(ADA, &records(calls)).await.0, StatusCode::OK);
        settle().await;
        // The hub is still being told.
        let has_begun = ["a begins", "a given up"].into_iter().filter(|_| permits == 2);
        let log: Vec<_> =
            ["refreshing as talker"].into_iter().chain(has_begun).chain(["t given up"]).collect();
        assert_eq!(server.log(), log, "{permits} {told_before}");
        poller.expect(ADA, &[&canceled, &done("t")]).await;
        server.world.open("refresh");
        poller.call(ADA, "1", "Add", "[1,2]").await;
        poller.expect(ADA, &[&result("1", "3")]).await;
        assert_eq!(server.log()[log.len()..], ["refreshed as talker"]);
    }
}

/// Nothing else wakes the connection.
#[tokio::test(start_paused = true)]
async fn the_hub_is_told_of_a_refresh_at_once_after_another_one() {
    let refreshed = world::hook(async |cx, world: Arc<World>| {
        world.say(header(&cx.authenticated_request(), "x-role").unwrap_or("none"));
        Ok(())
    });
    let server = with_world(World { refreshed, ..World::default() }, options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    for role in ["first", "second", "third"] {
        let request = poller.refreshes(Person(&[("x-user", "ada")])).header("x-role", role);
        assert_eq!(ask(&server, request, "").await.status(), StatusCode::OK);
        settle().await;
        assert_eq!(server.log().last().map(String::as_str), Some(role));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_the_hub_fails_on_is_a_refresh() {
    let refreshed = world::hook(async |_, world: Arc<World>| {
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

/// Neither the request nor the calls behind it wait for ever.
#[tokio::test(start_paused = true)]
async fn an_application_that_says_nothing_of_a_refresh_refuses_it() {
    let server = Server::of(World::default(), |service| {
        service
            .options(options(refreshing))
            .user_id(|request| header(request, "x-user").map(str::to_owned))
            .on_authentication_refresh(async |_| std::future::pending().await)
    });
    let poller = Poller::connect(&server, ADA).await;
    let start = tokio::time::Instant::now();
    is(&poller.refresh(ADA).await, (StatusCode::FORBIDDEN, r#"{"error":"permission_change_rejected"}"#));
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_is_told_for_ever_holds_its_calls_up_for_a_while() {
    let refreshed = world::hook(async |_, _| std::future::pending().await);
    let server = with_world(World { refreshed, ..World::default() }, options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(ADA).await, REFRESHED);
    poller.call(ADA, "1", "Echo", r#"["hello"]"#).await;
    let start = tokio::time::Instant::now();
    poller.expect(ADA, &[&result("1", r#""hello""#)]).await;
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn somebody_else_cannot_take_a_connection_over() {
    let server = with_world(refreshed_world(), options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    for other in [BOB, NOBODY] {
        is(&poller.refresh(other).await, (StatusCode::FORBIDDEN, r#"{"error":"user_changed"}"#));
    }
    // It goes on as it was, and the hub hears nothing of them.
    poller.call(ADA, "1", "Echo", r#"["mine"]"#).await;
    poller.expect(ADA, &[&result("1", r#""mine""#)]).await;
    assert_eq!(server.log(), ["echo mine"]);
}

/// The user id may not change in the life of a connection, whatever the identity is.
#[tokio::test(start_paused = true)]
async fn the_user_id_stays_the_same() {
    let server = Server::of(World::default(), |service| {
        service
            .options(options(refreshing))
            .identity(|request| header(request, "x-subject").map(str::to_owned))
            .user_id(|request| match header(request, "x-user") {
                Some("panics") => panic!("a user id panics on purpose"),
                user => user.map(str::to_owned),
            })
            .authentication_expiry(expiry)
    });
    let ada = Person(&[("x-subject", "1"), ("x-user", "ada")]);
    let poller = Poller::connect(&server, ada).await;
    let changed = (StatusCode::FORBIDDEN, r#"{"error":"user_changed"}"#);
    let later = Person(&[("x-subject", "1"), ("x-user", "ada lovelace"), ("x-good-for", "60")]);
    is(&poller.refresh(later).await, changed);
    is(&poller.refresh(Person(&[("x-subject", "1")])).await, changed);
    is(&poller.refresh(Person(&[("x-subject", "1"), ("x-user", "panics")])).await, changed);
    is(&poller.refresh(Person(&[("x-subject", "2"), ("x-user", "ada")])).await, changed);
    is(&poller.poll(later).await, CHANGED);
    is(&poller.refresh(ada).await, REFRESHED);
    poller.call(ada, "1", "Add", "[1,2]").await;
    poller.expect(ada, &[&result("1", "3")]).await;
    // An empty user id is none.
    let nameless = Person(&[("x-subject", "1"), ("x-user", "")]);
    let poller = Poller::connect(&server, nameless).await;
    is(&poller.refresh(Person(&[("x-subject", "1")])).await, REFRESHED);
}

/// The connection is not there yet: it begins with the credentials of its transport.
#[tokio::test(start_paused = true)]
async fn a_token_that_has_opened_nothing_keeps_nothing_of_a_refresh() {
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let server = server(options(refreshing));
    let service = server.service.clone().on_authentication_refresh(move |_| {
        *counted.lock().unwrap() += 1;
        std::future::ready(false)
    });
    let server = Server { service, ..server };
    let token = negotiate(&server, ADA).await["connectionToken"].as_str().unwrap().to_owned();
    let poller = Poller { server: &server, uri: format!("/hub?id={token}"), token };
    let (status, body) = poller.refresh(FOR_LONG).await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!((590..=600).contains(&body["tokenLifetimeSeconds"].as_u64().unwrap()), "{body}");
    is(&poller.refresh(BOB).await, (StatusCode::FORBIDDEN, r#"{"error":"user_changed"}"#));
    assert_eq!(*asked.lock().unwrap(), 0);
    is(&poller.poll(ADA).await, (StatusCode::OK, ""));
    is(&poller.refresh(ADA).await, (StatusCode::FORBIDDEN, r#"{"error":"permission_change_rejected"}"#));
    assert_eq!(*asked.lock().unwrap(), 1);
}

/// The hub sees the new ones when it connects, and is not told of them again.
#[tokio::test(start_paused = true)]
async fn a_refresh_before_the_handshake_counts() {
    let connected = world::hook(async |cx, world: Arc<World>| {
        let role = header(&cx.authenticated_request(), "x-role").unwrap_or("none").to_owned();
        world.say(format!("connected as {role}"));
        Ok(())
    });
    let server = with_world(World { connected, ..refreshed_world() }, options(refreshing));
    let listener = Person(&[("x-user", "ada"), ("x-role", "listener")]);
    let token = negotiate(&server, listener).await["connectionToken"].as_str().unwrap().to_owned();
    let poller = Poller { server: &server, uri: format!("/hub?id={token}"), token };
    is(&poller.poll(listener).await, (StatusCode::OK, ""));
    is(&poller.refresh(ADA).await, REFRESHED);
    assert_eq!(poller.post(ADA, HANDSHAKE).await.0, StatusCode::OK);
    poller.expect(ADA, &["{}"]).await;
    poller.call(ADA, "1", "Echo", r#"["as a talker"]"#).await;
    poller.expect(ADA, &[&result("1", r#""as a talker""#)]).await;
    assert_eq!(server.log(), ["connected as talker", "echo as a talker"]);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_end_earlier_change_nothing() {
    let server = server(options(refreshing));
    let poller = Poller::connect(&server, FOR_LONG).await;
    let listener = Person(&[("x-user", "ada"), ("x-role", "listener"), ("x-good-for", "60")]);
    let banned = Person(&[("x-user", "ada"), ("x-role", "banned"), ("x-good-for", "60")]);
    let echoes = async |id: &str, answer: String| {
        poller.call(FOR_LONG, id, "Echo", r#"["me"]"#).await;
        // Those of the poll do not count: they end earlier, or are the same.
        poller.expect(listener, &[&answer]).await;
    };
    for person in [listener, banned] {
        let (status, body) = poller.refresh(person).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, StatusCode::OK);
        assert!((50..=60).contains(&body["tokenLifetimeSeconds"].as_u64().unwrap()), "{body}");
    }
    // Those that have ended already have no lifetime to tell of.
    is(&poller.refresh(ENDED).await, REFRESHED);
    echoes("1", result("1", r#""me""#)).await;
    // Credentials without an end are not earlier, nor are those that come after them.
    let for_ever = Person(&[("x-user", "ada"), ("x-role", "listener")]);
    is(&poller.refresh(for_ever).await, REFRESHED);
    poller.call(FOR_LONG, "2", "Echo", r#"["me"]"#).await;
    poller.expect(for_ever, &[&error("2", UNAUTHORIZED)]).await;
    assert_eq!(poller.refresh(FOR_LONG).await.0, StatusCode::OK);
    echoes("3", result("3", r#""me""#)).await;
}

/// The header is a secret of the client and the server.
#[tokio::test(start_paused = true)]
async fn the_application_does_not_see_the_token() {
    let server = server(options(refreshing));
    let world = Arc::clone(&server.world);
    let seen = move |place: &str, request: &Parts| {
        if request.headers.contains_key("x-signalr-connection-token") {
            world.say(place);
        }
    };
    let [one, two, three, four] = [seen.clone(), seen.clone(), seen.clone(), seen];
    let service = server
        .service
        .clone()
        .user_id(move |request| {
            one("user id", request);
            Some("ada".to_owned())
        })
        .authorize_hub(move |request| {
            two("rule", request);
            true
        })
        .authentication_expiry(move |request| {
            three("expiry", request);
            None
        })
        .on_authentication_refresh(move |refresh| {
            four("callback", refresh.request());
            std::future::ready(true)
        });
    let server = Server { service, ..server };
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(ADA).await, REFRESHED);
    let polls = ADA.asks(Method::GET, &poller.uri).header("x-signalr-connection-token", &poller.token);
    let mut poll = Box::pin(ask(&server, polls, ""));
    assert!((&mut poll).now_or_never().is_none());
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn credentials_count_for_no_longer_than_they_may() {
    let capped = |http: &mut HttpOptions| {
        refreshing(http);
        closing(http);
        http.maximum_authentication_expiration = Some(Duration::from_secs(100));
        http.poll_timeout = Duration::from_secs(70);
    };
    let server = with_world(refreshed_world(), options(capped));
    let asked = Arc::new(Mutex::new(None));
    let told = Arc::clone(&asked);
    let service = server.service.clone().on_authentication_refresh(move |refresh| {
        *told.lock().unwrap() = refresh.expiration();
        std::future::ready(true)
    });
    let server = Server { service, ..server };
    let lifetime = async |person| {
        let answer = negotiate(&server, person).await;
        answer["tokenLifetimeSeconds"].as_u64().unwrap()
    };
    // Without an end, with a late one, with an early one.
    assert!((95..=100).contains(&lifetime(ADA).await));
    assert!((95..=100).contains(&lifetime(FOR_LONG).await));
    assert!((55..=60).contains(&lifetime(BRIEFLY).await));
    let poller = Poller::connect(&server, ADA).await;
    // A poll that shows the same again puts the end off, and is no refresh.
    for _ in 0..3 {
        is(&poller.poll(ADA).await, (StatusCode::OK, ""));
    }
    assert_eq!(server.log(), [""; 0]);

    let token = negotiate(&server, ADA).await["connectionToken"].as_str().unwrap().to_owned();
    let uri = format!("/hub?id={token}");
    let request = ADA.asks(Method::GET, &uri).header("accept", "text/event-stream");
    let events = tokio::spawn(read(ask(&server, request, "").await));
    assert_eq!(ask(&server, ADA.asks(Method::POST, &uri), HANDSHAKE).await.status(), StatusCode::OK);
    let start = tokio::time::Instant::now();
    seconds(60).await;
    let poller = Poller { server: &server, uri, token };
    let (status, body) = poller.refresh(FOR_LONG).await;
    assert!(status == StatusCode::OK && body.starts_with(r#"{"tokenLifetimeSeconds":9"#), "{body}");
    let left = asked.lock().unwrap().unwrap().duration_since(SystemTime::now()).unwrap();
    assert!((95..=100).contains(&left.as_secs()), "{left:?}");
    server.world.open("refresh");
    events.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 160);
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
    let poller = Poller::connect(&server, NOBODY).await;
    let refresh = || ask(&server, poller.refreshes(first), "");
    let mut asked: Vec<_> = (0..4).map(|_| Box::pin(refresh())).collect();
    for waiting in &mut asked {
        assert!(waiting.now_or_never().is_none());
        settle().await;
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
