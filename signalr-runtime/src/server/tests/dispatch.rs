//! Finding a method, binding its arguments, and the texts of what goes wrong.

use super::recorder::Recorder;
use super::*;

/// What a call is answered with, without and with detailed errors.
async fn check(record: &str, expected: &str, detailed: &str) {
    for (server, expected) in [(Server::new(), expected), (Server::detailed(), detailed)] {
        let mut client = server.connect().await;
        client.send(record).await;
        assert_eq!(client.next().await, expected, "{record}");
        // The connection is none the worse for it.
        client.send(call("after", "Add", "[1,2]")).await;
        assert_eq!(client.next().await, result("after", "3"), "{record}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_answered() {
    let cases = [
        (call("1", "Echo", r#"["é"]"#), result("1", r#""é""#)),
        (call("1", "eCHO", r#"["any case"]"#), result("1", r#""any case""#)),
        (call("1", "Nothing", "[]"), result("1", "null")),
        (call("any text \\u00e9", "Add", "[1,2]"), result("any text é", "3")),
        (r#"{"arguments":[1,2],"target":"Add","invocationId":"1","type":1}"#.into(), result("1", "3")),
        (r#"{"type":1,"headers":{"a":"b"},"x":{"y":[]},"invocationId":"1","target":"Add","arguments":[1,2],"streamIds":[]}"#.into(), result("1", "3")),
    ];
    for (record, expected) in cases {
        check(&record, &expected, &expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_method_fails_with() {
    let unexpected = |target| format!("An unexpected error occurred invoking '{target}' on the server.");
    let cases = [
        (
            "Fail",
            r#"["no"]"#,
            unexpected("Fail") + " HubException: no",
            unexpected("Fail") + " HubException: no",
        ),
        // As it was declared.
        ("fAIL", r#"[""]"#, unexpected("Fail") + " HubException: ", unexpected("Fail") + " HubException: "),
        ("Crash", "[]", unexpected("Crash"), unexpected("Crash") + " Error: a secret"),
        ("Panic", "[]", unexpected("Panic"), unexpected("Panic") + " Exception: the method panicked"),
        (
            "BrokenValue",
            r#"["fails"]"#,
            unexpected("BrokenValue"),
            unexpected("BrokenValue") + " InvalidDataException: a value that cannot be written",
        ),
        (
            "BrokenValue",
            r#"["panics"]"#,
            unexpected("BrokenValue"),
            unexpected("BrokenValue") + " Exception: the method panicked",
        ),
    ];
    for (target, arguments, text, detailed) in cases {
        check(&call("1", target, arguments), &error("1", &text), &error("1", &detailed)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit() {
    let failed = |target| format!("Failed to invoke '{target}' due to an error on the server.");
    let count = |provided, expected| {
        format!(
            " InvalidDataException: Invocation provides {provided} argument(s) but target expects {expected}."
        )
    };
    let types = " InvalidDataException: Error binding arguments. Make sure that the types of the provided values \
                 match the types of the hub method being invoked.";
    let cases = [
        ("Add", "[]", count(0, 2)),
        ("Add", "[1]", count(1, 2)),
        ("Add", "[1,2,3]", count(3, 2)),
        ("Nothing", "[null]", count(1, 0)),
        ("Add", r#"[1,"2"]"#, types.into()),
        ("Add", "[1,2.5]", types.into()),
        ("Add", "[1,null]", types.into()),
        ("Add", "[1,3000000000]", types.into()),
        (
            "BrokenValue",
            r#"["deserialize"]"#,
            " InvalidDataException: An argument panicked while it was decoded.".into(),
        ),
        ("Sum", "[1]", count(1, 0)),
    ];
    for (target, arguments, detail) in cases {
        check(
            &call("1", target, arguments),
            &error("1", &failed(target)),
            &error("1", &(failed(target) + &detail)),
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_is_named_as_it_was_declared() {
    let server = Server::new();
    let mut client = server.connect().await;
    let cases = [
        (call("1", "ADD", "[]"), "Failed to invoke 'Add' due to an error on the server."),
        (
            call("1", "fAIL", r#"["no"]"#),
            "An unexpected error occurred invoking 'Fail' on the server. HubException: no",
        ),
        (
            stream("1", "add", "[1,2]"),
            "The client attempted to invoke the non-streaming 'Add' method with a streaming invocation.",
        ),
        (
            call("1", "count", "[1]"),
            "The client attempted to invoke the streaming 'Count' method with a non-streaming invocation.",
        ),
        (
            call("1", "SUM", "[]"),
            "An unexpected error occurred invoking 'Sum' on the server. HubException: Client sent 0 stream(s), Hub \
             method expects 1.",
        ),
    ];
    for (sent, text) in cases {
        client.send(&sent).await;
        assert_eq!(client.next().await, error("1", text), "{sent}");
    }
}

/// The methods that were refused, and why.
fn refusals(recorder: &Recorder) -> Vec<(String, String)> {
    let events = recorder.events();
    let refused = events.iter().filter(|event| event.fields["message"] == "a call was refused");
    refused.map(|event| (event.fields["method"].clone(), event.fields["reason"].clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn each_refusal_is_logged_once() {
    let cases = [
        (
            "\"Count\"",
            "The client attempted to invoke the streaming 'Count' method",
            call("2", "count", "[1]"),
        ),
        ("\"Add\"", "Invocation provides 1 argument(s) but target expects 2.", call("2", "add", "[1]")),
        ("\"None\"", "there is no such method", call("2", "None", "[]")),
        ("\"Add\"", "its id is in use", call("running", "add", "[1,2]")),
        ("\"Add\"", "The id of a call or of a stream is too long.", call(&"x".repeat(129), "add", "[1,2]")),
        ("\"Echo\"", "a rule forbids it", call("2", "echo", r#"["x"]"#)),
    ];
    // Nothing runs; a call runs; another one waits behind it.
    for before in [&[][..], &["running"], &["running", "waits"]] {
        for cancels in [false, true] {
            for (method, reason, refused) in &cases {
                let (recorder, _guard) = Recorder::start();
                let server = Server::of(World::default(), |service| {
                    service.authorize(&[ProbeHubContract::ECHO], |_| false)
                });
                let mut client = server.connect().await;
                for id in before {
                    client.send(call(id, "Wait", &format!(r#"["{id}"]"#))).await;
                }
                client.send(refused).await;
                if cancels {
                    client.send(cancel("2")).await;
                }
                settle().await;
                for gate in before {
                    server.world.open(gate);
                }
                let answers = client.so_far().await;
                let is_in_use = *reason == "its id is in use";
                if is_in_use && before.is_empty() {
                    continue;
                }
                assert_eq!(answers.len(), before.len() + 1, "{answers:?}");
                let logged = refusals(&recorder);
                assert_eq!(logged.len(), 1, "{refused} behind {before:?}: {logged:?}");
                assert!(logged[0].0 == *method && logged[0].1.starts_with(reason), "{logged:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_too_much_is_logged_as_refused() {
    let (recorder, _guard) = Recorder::start();
    let limits = crate::server::Limits { unordered_calls: 1, ..crate::server::Limits::default() };
    let server = Server::with(HubOptions { limits, ..HubOptions::default() });
    let mut client = server.connect().await;
    client.send_all([stream("1", "Ticks", r#"["gate"]"#), stream("2", "count", "[1]")]).await;
    assert_eq!(client.so_far().await.len(), 1);
    assert_eq!(
        refusals(&recorder),
        [(r#""Count""#.to_owned(), "Too many calls are in progress.".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn why_a_call_is_refused_is_logged() {
    let (recorder, _guard) = Recorder::start();
    let server = Server::new();
    let mut client = server.connect().await;
    let long = "x".repeat(10_000);
    client
        .send_all([
            call("1", "NoSuch\\nMethod", "[1]"),
            call("2", &long, "[]"),
            call("3", "Add", "[1]"),
            call("4", "add", r#"[1,"secret"]"#),
            stream("5", "Add", "[1,2]"),
            call("6", "Sum", "[]"),
        ])
        .await;
    assert_eq!(client.so_far().await.len(), 6);
    let refused = refusals(&recorder);
    let refused: Vec<_> = refused.iter().map(|(method, reason)| (&**method, &**reason)).collect();
    assert_eq!(
        refused,
        [
            (r#""NoSuch\nMethod""#, "there is no such method"),
            (&*format!("{:?}", &long[..100]), "there is no such method"),
            (r#""Add""#, "Invocation provides 1 argument(s) but target expects 2."),
            (r#""Add""#, "argument 2: expected i32 at line 1 column 8"),
            (
                r#""Add""#,
                "The client attempted to invoke the non-streaming 'Add' method with a streaming invocation."
            ),
            (
                r#""Sum""#,
                "An unexpected error occurred invoking 'Sum' on the server. HubException: Client sent 0 stream(s), \
                 Hub method expects 1."
            ),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_method_is_named_to_everyone() {
    for target in ["NoSuchMethod", "", "OnConnected", "on_connected", "Drop", "Ärger"] {
        let text = format!(
            "Failed to invoke '{target}' due to an error on the server. HubException: Method does not exist."
        );
        for record in
            [call("1", target, "[1,2]"), stream("1", target, "[]"), upload("1", target, "[]", r#"["s"]"#)]
        {
            check(&record, &error("1", &text), &error("1", &text)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_the_wrong_kind() {
    let streaming = |target| {
        format!(
            "The client attempted to invoke the streaming '{target}' method with a non-streaming invocation."
        )
    };
    let plain = |target| {
        format!(
            "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
        )
    };
    let streams = |target, sent, expected| {
        format!(
            "An unexpected error occurred invoking '{target}' on the server. HubException: Client sent {sent} \
                 stream(s), Hub method expects {expected}."
        )
    };
    let cases = [
        (call("1", "count", "[1]"), streaming("Count")),
        (stream("1", "Echo", r#"["x"]"#), plain("Echo")),
        (stream("1", "Sum", "[]"), plain("Sum")),
        (upload("1", "Echo", r#"["x"]"#, r#"["s"]"#), streams("Echo", 1, 0)),
        (call("1", "Sum", "[]"), streams("Sum", 0, 1)),
        (upload("1", "Zip", "[]", r#"["a"]"#), streams("Zip", 1, 2)),
        (upload("1", "Zip", "[]", r#"["a","b","c"]"#), streams("Zip", 3, 2)),
        (stream("1", "Doubled", "[]"), streams("Doubled", 0, 1)),
        // The arguments are looked at first, then the kind, then the streams.
        (call("1", "Count", "[]"), "Failed to invoke 'Count' due to an error on the server.".into()),
        (upload("1", "Count", "[1]", r#"["s"]"#), streaming("Count")),
    ];
    for (record, text) in cases {
        let server = Server::new();
        let mut client = server.connect().await;
        client.send(&record).await;
        assert_eq!(client.next().await, error("1", &text), "{record}");
        client.send(call("after", "Add", "[1,2]")).await;
        assert_eq!(client.next().await, result("after", "3"), "{record}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_id_gets_no_answer_of_any_kind() {
    let server = Server::new();
    let mut client = server.connect().await;
    for (target, arguments) in [
        ("Echo", r#"["a"]"#),
        ("Fail", r#"["b"]"#),
        ("Panic", "[]"),
        ("None", "[]"),
        ("Add", "[]"),
        ("Count", "[1]"),
        ("BrokenValue", r#"["fails"]"#),
    ] {
        client.send(format!(r#"{{"type":1,"target":"{target}","arguments":{arguments}}}"#)).await;
        // An empty id is none.
        client.send(call("", target, arguments)).await;
    }
    assert_eq!(client.so_far().await, [""; 0]);
    assert_eq!(server.log(), ["echo a", "echo a"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_for_a_server_is_passed_over() {
    let server = Server::new();
    let mut client = server.connect().await;
    for record in [
        r#"{"type":0}"#,
        r#"{"type":10}"#,
        r#"{"type":99,"target":1,"arguments":["x"]}"#.replace(r#""target":1,"#, "").as_str(),
        r#"{"type":8,"sequenceId":7}"#,
        r#"{"type":9,"sequenceId":7}"#,
        r#"{"type":6,"more":true}"#,
        &item("unknown", "1"),
        &done("unknown"),
        &result("unknown", "{}"),
        &error("s1", "late"),
        &cancel("unknown"),
    ] {
        client.send(record).await;
        assert_eq!(client.so_far().await, [""; 0], "{record}");
    }
    client.send(call("1", "Add", "[1,2]")).await;
    assert_eq!(client.next().await, result("1", "3"));
}

#[tokio::test(start_paused = true)]
async fn a_broken_message_ends_the_connection() {
    let cases = [
        ("", "Error reading JSON."),
        ("[]", "Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        (r#"{"type":1,"invocationId":"1","target":"Add"}"#, "Missing required property 'arguments'."),
        (r#"{"type":4,"target":"Count","arguments":[1]}"#, "Missing required property 'invocationId'."),
        // Also where nobody decodes the value.
        (r#"{"type":1,"invocationId":"1","target":"No","arguments":[tru]}"#, "Error reading JSON."),
        (r#"{"type":1,"invocationId":"busy","target":"Add","arguments":[01,2]}"#, "Error reading JSON."),
        (r#"{"type":1,"invocationId":"1","target":"Add","arguments":[1,2,}]}"#, "Error reading JSON."),
        (r#"{"type":2,"invocationId":"none","item":[1,]}"#, "Error reading JSON."),
        (r#"{"type":3,"invocationId":"none","result":nul}"#, "Error reading JSON."),
        (r#"{"type":3,"invocationId":"up","result":nul}"#, "Error reading JSON."),
        (r#"{"type":2,"invocationId":"up","item":1x}"#, "Error reading JSON."),
    ];
    for (record, detail) in cases {
        for (server, text) in [
            (Server::new(), "Connection closed with an error.".to_owned()),
            (Server::detailed(), format!("Connection closed with an error. InvalidDataException: {detail}")),
        ] {
            let mut client = server.connect().await;
            client.send(call("busy", "Wait", r#"["gate"]"#)).await;
            client.send(upload("sum", "Sum", "[]", r#"["up"]"#)).await;
            client.send(record).await;
            client.expect_last(&format!(r#"{{"type":7,"error":"{text}","allowReconnect":true}}"#)).await;
            let told = format!("c1 disconnected: InvalidDataException: {detail}");
            assert!(server.log().contains(&told), "{record}: {:?}", server.log());
        }
    }
}

/// Whatever carries bytes lets it through.
#[tokio::test(start_paused = true)]
async fn a_string_that_is_not_utf_8_fails_its_call_only() {
    let binding = "Error binding arguments. Make sure that the types of the provided values match the types of the hub \
                   method being invoked.";
    for (server, detail) in
        [(Server::new(), String::new()), (Server::detailed(), format!(" InvalidDataException: {binding}"))]
    {
        let mut client = server.connect().await;
        let echo = br#"{"type":1,"invocationId":"1","target":"Echo","arguments":["#;
        for argument in [&b"\"\xff\""[..], b"\"a\\n\xc3\"", b"\"\\ud800\""] {
            client.send_bytes(&[echo, argument, b"]}\x1e"].concat()).await;
            let text = format!("Failed to invoke 'Echo' due to an error on the server.{detail}");
            assert_eq!(client.next().await, error("1", &text));
        }
        // So does one in an item.
        client.send(upload("2", "Breaks", "[]", r#"["s"]"#)).await;
        client.send_bytes(b"{\"type\":2,\"invocationId\":\"s\",\"item\":\"\xff\"}\x1e").await;
        assert!(client.next().await.contains("HubException: Failed to bind Stream message."));
        // What nobody reads does not matter.
        client.send_bytes(b"{\"type\":6,\"x\":\"\xff\"} \xff\x1e").await;
        client.goes_on().await;
    }
    // The envelope is read.
    let text = "InvalidOperationException: Cannot transcode invalid UTF-8 JSON text to UTF-16 string.";
    for (server, close) in Server::closing_with(text, &HubOptions::default()) {
        let mut client = server.connect().await;
        client.send_bytes(b"{\"type\":1,\"target\":\"\xff\",\"arguments\":[]}\x1e").await;
        client.expect_last(&close).await;
    }
}
