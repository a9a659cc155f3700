//! Calls and callbacks keep the credentials with which they began.

use super::*;
use crate::server::{Invocation, MethodOptions, Next};

const LISTENER: Person = Person(&[("x-user", "ada"), ("x-role", "listener")]);

const METHODS: &[crate::MethodName<ProbeHubContract>] =
    &[ProbeHubContract::ROLE_AFTER, ProbeHubContract::ROLES_AFTER];

fn role(cx: &probe::Context) -> String {
    header(&cx.authenticated_request(), "x-role").unwrap_or("none").to_owned()
}

impl Poller<'_> {
    /// Two calls, one of them with a stream, that begin as a listener's, and then the client is a talker.
    async fn refresh_beside_calls(&self) {
        self.call(LISTENER, "1", "RoleAfter", r#"["call"]"#).await;
        let streams = stream("2", "RolesAfter", r#"["stream"]"#) + "\u{1E}";
        assert_eq!(self.post(LISTENER, &streams).await.0, StatusCode::OK);
        let world = &self.server.world;
        world.open("stream");
        self.expect(LISTENER, &[&item("2", r#""listener""#)]).await;
        world.hears("call waits").await;
        is(&self.refresh(ADA).await, REFRESHED);
        world.open("call");
        self.expect(ADA, &[&result("1", r#""listener""#)]).await;
        world.open("stream");
        self.expect(ADA, &[&item("2", r#""listener""#)]).await;
        // Also while what it held is dropped.
        assert_eq!(self.post(ADA, &(cancel("2") + "\u{1E}")).await.0, StatusCode::OK);
        self.expect(ADA, &[&done("2")]).await;
        world.hears("stream left by a listener").await;
        assert!(self.server.log().contains(&"call left by a listener".to_owned()), "{:?}", self.server.log());
        // What begins now is the talker's.
        world.open("call");
        self.call(ADA, "3", "RoleAfter", r#"["call"]"#).await;
        self.expect(ADA, &[&result("3", r#""talker""#)]).await;
        world.hears("call left by a talker").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_its_credentials_to_its_end() {
    let server = server(options(refreshing));
    Poller::connect(&server, LISTENER).await.refresh_beside_calls().await;
}

/// In real time: a paused clock stands still while a thread runs.
#[tokio::test]
async fn so_does_a_call_on_a_thread_of_its_own() {
    let server = server(options(refreshing));
    let blocking = MethodOptions { blocking: true, ..MethodOptions::default() };
    let service = server.service.clone().method_options(METHODS, &blocking);
    let server = Server { service, ..server };
    Poller::connect(&server, LISTENER).await.refresh_beside_calls().await;
}

/// Whoever lets a call pass, and whoever looks at it, sees what it sees.
#[tokio::test(start_paused = true)]
async fn filters_see_the_credentials_of_their_call() {
    let server = server(options(refreshing));
    let world = Arc::clone(&server.world);
    let seen = move |call: &Invocation| {
        world.say(format!("filtered as {}", header(call.connection().request(), "x-role").unwrap()));
    };
    let service = server.service.clone().filter(move |call: Invocation, next: Next| {
        seen(&call);
        next.run(call)
    });
    let server = Server { service, ..server };
    Poller::connect(&server, LISTENER).await.refresh_beside_calls().await;
    let mut log = server.log();
    log.retain(|line| line.starts_with("filtered"));
    assert_eq!(log, ["filtered as listener", "filtered as listener", "filtered as talker"]);
}

/// What a callback has spawned is no part of it.
#[tokio::test(start_paused = true)]
async fn callbacks_keep_their_credentials_and_tasks_do_not() {
    let connected = world::hook(async |cx, world: Arc<World>| {
        let (task_cx, task_world) = (cx.clone(), Arc::clone(&world));
        tokio::spawn(async move {
            task_world.pass("task").await;
            task_world.say(format!("a task beside a {}", role(&task_cx)));
        });
        world.pass("connect").await;
        world.say(format!("connected as {}", role(&cx)));
        Ok(())
    });
    let refreshed = world::hook(async |cx, world: Arc<World>| {
        world.say(format!("refreshing as {}", role(&cx)));
        world.pass("refresh").await;
        world.say(format!("refreshed as {}", role(&cx)));
        Ok(())
    });
    let world = World { connected, refreshed, ..World::default() };
    let server = with_world(world, options(refreshing));
    let poller = Poller::connect(&server, LISTENER).await;
    is(&poller.refresh(ADA).await, REFRESHED);
    server.world.open("task");
    settle().await;
    server.world.open("connect");
    settle().await;
    assert_eq!(server.log(), ["a task beside a talker", "connected as listener", "refreshing as talker"]);
    // What is refreshed while the hub is being told is told of next.
    is(&poller.refresh(LISTENER).await, REFRESHED);
    server.world.open("refresh");
    settle().await;
    assert_eq!(server.log()[3..], ["refreshed as talker", "refreshing as listener"]);
}

#[tokio::test(start_paused = true)]
async fn the_callback_for_new_credentials_cannot_ask_for_a_result() {
    let refreshed = world::hook(async |cx, world: Arc<World>| {
        let error = cx.clients().caller().confirm("?").await.unwrap_err();
        world.say(format!("{}: {}", error.name(), error.message()));
        // Nor can a task with a client that was chosen here.
        let spawned = tokio::spawn(cx.clients().caller().confirm("?"));
        world.say(spawned.await.unwrap().unwrap_err().message());
        // It can say something.
        cx.clients().caller().said("welcome back").await
    });
    let server = with_world(World { refreshed, ..World::default() }, options(refreshing));
    let poller = Poller::connect(&server, ADA).await;
    is(&poller.refresh(ADA).await, REFRESHED);
    poller.expect(ADA, &[r#"{"type":1,"target":"Said","arguments":["welcome back"]}"#]).await;
    let text = "Client results inside OnConnectedAsync Hub methods are not allowed.";
    assert_eq!(server.log(), [format!("InvalidOperationException: {text}"), text.to_owned()]);
    // The calls behind it can ask.
    poller.call(ADA, "1", "Ask", r#"["now?",""]"#).await;
    let question = r#"{"type":1,"invocationId":"s1","target":"Confirm","arguments":["now?"]}"#;
    poller.expect(ADA, &[question]).await;
    assert_eq!(poller.post(ADA, &(result("s1", r#""yes""#) + "\u{1E}")).await.0, StatusCode::OK);
    poller.expect(ADA, &[&result("1", r#""yes""#)]).await;
}
