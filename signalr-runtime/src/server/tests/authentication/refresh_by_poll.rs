//! Polls that show other credentials than those before them.

use futures_util::FutureExt;
use tokio::sync::Notify;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_poll_refreshes_by_another_token_of_the_same_end() {
    let server = with_world(refreshed_world(), options(refreshing));
    let with = |token: &str| {
        let token = format!("Bearer {token}");
        move |request: Builder| request.header("authorization", &token)
    };
    let (first, second) = (with("one"), with("two"));
    let token = negotiate(&server, ADA).await["connectionToken"].as_str().unwrap().to_owned();
    let uri = format!("/hub?id={token}");
    let poll = async |request: Builder| read(ask(&server, request, "").await).await;
    is(&poll(first(ADA.asks(Method::GET, &uri))).await, (StatusCode::OK, ""));
    assert_eq!(ask(&server, ADA.asks(Method::POST, &uri), HANDSHAKE).await.status(), StatusCode::OK);
    is(&poll(first(ADA.asks(Method::GET, &uri))).await, (StatusCode::OK, "{}\u{1E}"));
    assert_eq!(server.log(), [""; 0]);
    let mut waiting = Box::pin(poll(second(ADA.asks(Method::GET, &uri))));
    assert!((&mut waiting).now_or_never().is_none());
    settle().await;
    assert!((&mut waiting).now_or_never().is_none());
    settle().await;
    assert_eq!(server.log(), ["refreshing as talker"]);
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

/// A client that has sent its poll is there, however long the application looks at its credentials.
#[tokio::test(start_paused = true)]
async fn a_poll_whose_credentials_are_looked_at_is_a_poll() {
    let server = Server::of(World::default(), |service| {
        service
            .options(options(refreshing))
            .user_id(|request| header(request, "x-user").map(str::to_owned))
            .authentication_expiry(expiry)
            .on_authentication_refresh(async |_| {
                seconds(20).await;
                true
            })
    });
    let poller = Poller::connect(&server, BRIEFLY).await;
    poller.call(BRIEFLY, "1", "Echo", r#"["here"]"#).await;
    poller.expect(FOR_LONG, &[&result("1", r#""here""#)]).await;
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
