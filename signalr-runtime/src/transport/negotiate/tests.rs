use super::*;
use crate::protocol::tests::recorded::vectors;

const ASP_NET_SIGNALR: &str = "Detected a connection attempt to an ASP.NET SignalR Server. This client only supports \
     connecting to an ASP.NET Core SignalR Server. See https://aka.ms/signalr-core-differences for details.";

fn connection(token: Option<&str>, transports: &[TransportKind]) -> NegotiatedConnection {
    NegotiatedConnection {
        id: "807809a5aaaaaaaaaaaaaa".to_owned(),
        token: token.map(|token| ConnectionToken(token.to_owned())),
        stateful_reconnect: false,
        transports: transports.iter().copied().map(AvailableTransport::from).collect(),
        token_lifetime: None,
    }
}

/// What the recorded bodies say.
fn recorded(name: &str) -> Negotiation {
    match name {
        "negotiate_response_v1" => {
            Negotiation::Connection(connection(Some("05265228bbbbbbbbbbbbbb"), &TransportKind::ALL))
        }
        "negotiate_response_v0" => Negotiation::Connection(connection(None, &[TransportKind::LongPolling])),
        "negotiate_response_stateful" => Negotiation::Connection(NegotiatedConnection {
            id: "a".to_owned(),
            stateful_reconnect: true,
            ..connection(Some("b"), &[TransportKind::WebSockets])
        }),
        "negotiate_response_error" => Negotiation::Refused {
            error: NegotiateVersion::choose(None, 1).expect_err("refused").to_string(),
        },
        "negotiate_response_redirect" => Negotiation::Redirect {
            url: "https://other.example/hub".to_owned(),
            access_token: Some(AccessToken("tok".to_owned())),
        },
        other => panic!("{other} is new: say what it means"),
    }
}

#[test]
fn responses_are_as_recorded() {
    for vector in vectors("http") {
        let name = &vector.name;
        let body = vector.bytes();
        if vector.expect == "error" {
            assert_eq!(Negotiation::read(&body).expect_err(name).to_string(), ASP_NET_SIGNALR, "{name}");
            continue;
        }
        let expected = recorded(name);
        assert_eq!(Negotiation::read(&body).expect(name), expected, "{name}");
        assert_eq!(String::from_utf8(expected.write()), String::from_utf8(body), "{name}");
    }
}

#[test]
fn the_version_is_the_newest_that_both_sides_know() {
    use NegotiateVersion::{V0, V1};
    use VersionRefused::{NotAnInteger, Unsupported};
    for (requested, minimum, expected) in [
        (None, 0, Ok(V0)),
        (Some("0"), 0, Ok(V0)),
        (Some("1"), 0, Ok(V1)),
        (Some(" +1 "), 0, Ok(V1)),
        (Some("2147483647"), 0, Ok(V1)),
        (Some("1"), 1, Ok(V1)),
        (None, 1, Err(Unsupported(0))),
        (Some("0"), 1, Err(Unsupported(0))),
        (Some("-1"), 0, Err(Unsupported(-1))),
        (Some("2147483648"), 0, Err(NotAnInteger)),
        (Some("1.0"), 0, Err(NotAnInteger)),
        (Some("one"), 0, Err(NotAnInteger)),
        (Some(""), 0, Err(NotAnInteger)),
    ] {
        let chosen = NegotiateVersion::choose(requested, minimum);
        assert_eq!(chosen, expected, "{requested:?} where {minimum} is the least");
    }
    assert_eq!(NotAnInteger.to_string(), "The client requested a non-integer protocol version.");
    assert_eq!(
        Unsupported(-1).to_string(),
        "The client requested version '-1', but the server does not support this version."
    );
}

#[test]
fn a_client_passes_over_what_it_does_not_know() {
    let body = br#"{"tokenLifetimeSeconds":60,"extra":{"a":[1]},"connectionId":"807809a5aaaaaaaaaaaaaa",
        "connectionToken":"ignored in version 0","availableTransports":[
        {"transport":"CarrierPigeon","transferFormats":["Text"]},
        {"transport":"ServerSentEvents","transferFormats":["Text","Paper"],"more":null}]}"#;
    let expected = connection(None, &[TransportKind::ServerSentEvents]);
    assert_eq!(expected.opens_with(), expected.id);
    assert_eq!(Negotiation::read(body).expect("readable"), Negotiation::Connection(expected));
}

#[test]
fn a_client_says_what_is_wrong_with_a_response() {
    const INVALID: &str = "Invalid negotiation response received.";
    for (body, expected) in [
        ("{}", format!("{INVALID} Missing required property 'connectionId'.")),
        (
            r#"{"negotiateVersion":1,"connectionId":"a","availableTransports":[]}"#,
            format!("{INVALID} Missing required property 'connectionToken'."),
        ),
        (r#"{"connectionId":"a"}"#, format!("{INVALID} Missing required property 'availableTransports'.")),
        (
            r#"{"connectionId":"a","availableTransports":[{"transferFormats":[]}]}"#,
            format!("{INVALID} Missing required property 'transport'."),
        ),
        (
            r#"{"connectionId":"a","availableTransports":[{"transport":"WebSockets"}]}"#,
            format!("{INVALID} Missing required property 'transferFormats'."),
        ),
        (r#"{"connectionId":"","availableTransports":[]}"#, "Invalid connection id.".to_owned()),
        (
            r#"{"negotiateVersion":1,"connectionId":"a","connectionToken":"","availableTransports":[]}"#,
            "Invalid connection id.".to_owned(),
        ),
        ("", format!("{INVALID} Error reading JSON.")),
        ("<html>", format!("{INVALID} Error reading JSON.")),
        // Not the members of an object, in the order in which they are declared here.
        (
            r#"[null,null,null,0,"a",null,false,[]]"#,
            format!("{INVALID} Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ),
        (
            r#"{"connectionId":"a","availableTransports":[["WebSockets",["Text"]]]}"#,
            format!("{INVALID} Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ),
        (
            r#"{"connectionId":"a","availableTransports":{}}"#,
            format!("{INVALID} Expected 'availableTransports' to be of type Array."),
        ),
        (
            r#"{"connectionId":1,"availableTransports":[]}"#,
            format!("{INVALID} Expected 'connectionId' to be of type String."),
        ),
    ] {
        assert_eq!(Negotiation::read(body.as_bytes()).expect_err(body).to_string(), expected, "{body}");
    }
}

#[test]
fn the_last_of_a_repeated_member_counts() {
    let body =
        br#"{"connectionId":"first","negotiateVersion":1,"availableTransports":[],"negotiateVersion":0,
        "connectionId":"807809a5aaaaaaaaaaaaaa","error":null,"url":null,"useStatefulReconnect":null,
        "availableTransports":[{"transport":"LongPolling","transferFormats":[],"transport":"WebSockets",
        "transferFormats":["Binary","Text"]}]} <!-- not looked at -->"#;
    let expected = connection(None, &[TransportKind::WebSockets]);
    assert_eq!(Negotiation::read(body).expect("readable"), Negotiation::Connection(expected));
}

#[test]
fn tokens_do_not_reach_a_log() {
    let negotiation = Negotiation::Connection(connection(Some("sesame"), &[]));
    assert!(!format!("{negotiation:?}").contains("sesame"));
    let redirect = recorded("negotiate_response_redirect");
    assert!(!format!("{redirect:?}").contains("tok\""));
}
