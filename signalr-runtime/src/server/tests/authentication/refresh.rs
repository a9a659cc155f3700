//! Credentials that take the place of others.

use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
use tokio::sync::Notify;

use super::super::recorder::Recorder;
use super::*;

const FOR_LONG: Person = Person(&[("x-user", "ada"), ("x-role", "talker"), ("x-good-for", "600")]);

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
    let refreshed = probe::hook(async |_, _| std::future::pending().await);
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
