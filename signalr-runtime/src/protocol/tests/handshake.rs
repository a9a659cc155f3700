//! The handshake beyond the recorded frames: who is refused, and with which words.

use crate::contract::value::HubProtocol;
use crate::protocol::error::NotText;
use crate::protocol::handshake::{HandshakeRefusal, HandshakeRequest, HandshakeResponse};
use crate::protocol::{ProtocolError, TransferFormat};

fn accept(
    request: &str,
    supported: &[HubProtocol],
    transport: &[TransferFormat],
) -> Result<HubProtocol, HandshakeRefusal> {
    HandshakeRequest::read(request.as_bytes())?.accept(supported, transport)
}

#[test]
fn a_request_is_accepted_or_refused_with_the_reason() {
    use TransferFormat::{Binary, Text};
    const JSON: &[HubProtocol] = HubProtocol::ALL;
    for (request, supported, transport, expected) in [
        (r#"{"protocol":"json","version":1}"#, JSON, &[Text, Binary][..], Ok(HubProtocol::Json)),
        (r#"{"protocol":"JSON","version":2}"#, JSON, &[Text], Ok(HubProtocol::Json)),
        (r#"{"protocol":"json","version":-7}"#, JSON, &[Text], Ok(HubProtocol::Json)),
        (r#"{"protocol":"cbor","version":1}"#, JSON, &[Text], Err("The protocol 'cbor' is not supported.")),
        (r#"{"protocol":"","version":1}"#, JSON, &[Text], Err("The protocol '' is not supported.")),
        (r#"{"protocol":"Json","version":1}"#, &[], &[Text], Err("The protocol 'Json' is not supported.")),
        (
            r#"{"protocol":"Json","version":3}"#,
            JSON,
            &[],
            Err("The server does not support version 3 of the 'Json' protocol."),
        ),
        (
            r#"{"protocol":"json","version":1}"#,
            JSON,
            &[Binary],
            Err(
                "Cannot use the 'json' protocol on the current transport. The transport does not support 'Text' \
                 transfer format.",
            ),
        ),
    ] {
        let accepted = accept(request, supported, transport).map_err(|refusal| refusal.to_string());
        assert_eq!(accepted, expected.map_err(str::to_owned), "{request}");
    }
}

#[cfg(feature = "messagepack")]
#[test]
fn a_binary_protocol_needs_a_binary_transport() {
    use TransferFormat::{Binary, Text};
    let request = r#"{"protocol":"MessagePack","version":1}"#;
    assert_eq!(accept(request, HubProtocol::ALL, &[Text, Binary]), Ok(HubProtocol::MessagePack));
    assert_eq!(accept(request, &[HubProtocol::MessagePack], &[Binary]), Ok(HubProtocol::MessagePack));
    for (supported, transport, text) in [
        (&[HubProtocol::Json][..], &[Text, Binary][..], "The protocol 'MessagePack' is not supported."),
        (
            HubProtocol::ALL,
            &[Text],
            "Cannot use the 'MessagePack' protocol on the current transport. The transport does not support 'Binary' \
             transfer format.",
        ),
    ] {
        assert_eq!(accept(request, supported, transport).expect_err(text).to_string(), text);
    }
}

#[test]
fn an_unreadable_request_has_a_detail() {
    for (request, detail) in [
        (r#"{"version":1}"#, r#"Missing required property 'protocol'. Message content: {"version":1}"#),
        (
            r#"{"protocol":"json", "version":null}"#,
            r#"Missing required property 'version'. Message content: {"protocol":"json", "version":null}"#,
        ),
        (r#"{"protocol":null,"version":1}"#, "Expected 'protocol' to be of type String."),
        (r#"{"protocol":"json","version":"1"}"#, "Expected 'version' to be of type Number."),
        (
            r#"{"protocol":"json","version":1.5}"#,
            "Either the JSON value is not in a supported format, or is out of bounds for an Int32.",
        ),
        ("[]", "Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ("", "Error reading JSON."),
        (r#"{"protocol":"json","version":1"#, "Error reading JSON."),
        (r#"{"protocol":"json","version":1,"ext":{"a":[1,]}}"#, "Error reading JSON."),
    ] {
        let HandshakeRefusal::Unreadable(cause) = accept(request, HubProtocol::ALL, &[]).expect_err(request)
        else {
            panic!("{request} is not readable");
        };
        assert_eq!(cause.to_string(), detail, "{request}");
        assert_eq!(
            HandshakeRefusal::Unreadable(cause).to_string(),
            "An unexpected error occurred during connection handshake."
        );
    }
    assert_eq!(
        HandshakeRequest::read(b"{\"protocol\":\"\xff\"}"),
        Err(ProtocolError::NotText(NotText::NotUtf8))
    );
}

#[test]
fn the_last_of_a_repeated_property_counts() {
    let request = HandshakeRequest::read(br#"{"protocol":"a","version":1,"protocol":"b\u0063","version":2}"#);
    assert_eq!(request, Ok(HandshakeRequest { protocol: "bc".into(), version: 2 }));
}

#[test]
fn what_follows_the_object_is_not_looked_at() {
    for rest in ["}", "{}", ",", " x", "\""] {
        let request = format!(r#"{{"protocol":"json","version":1}}{rest}"#);
        assert_eq!(
            accept(&request, HubProtocol::ALL, &[TransferFormat::Text]),
            Ok(HubProtocol::Json),
            "{rest}"
        );
        let response = format!("{{}}{rest}");
        let response = HandshakeResponse::read(response.as_bytes());
        assert_eq!(response, Ok(HandshakeResponse::SUCCESS), "{rest}");
    }
}

#[test]
fn a_response_is_success_or_an_error() {
    for (response, expected) in [
        ("{}", Ok(None)),
        (r#"{"minorVersion":0,"ext":[{"type":1}]}"#, Ok(None)),
        (r#"{"error":""}"#, Ok(None)),
        (r#"{"error":"no \u0022json\u0022"}"#, Ok(Some("no \"json\""))),
        (r#"{"error":null}"#, Err("Expected 'error' to be of type String.")),
        (r#"{"type":1,"#, Err("Expected a handshake response from the server.")),
        (r#"{"error":"x","type":6}"#, Err("Expected a handshake response from the server.")),
        ("", Err("Error reading JSON.")),
    ] {
        let read = HandshakeResponse::read(response.as_bytes());
        let read = read.map(|response| response.error).map_err(|error| error.to_string());
        let read = read.as_ref().map(|error| error.as_deref()).map_err(String::as_str);
        assert_eq!(read, expected, "{response}");
    }
}

#[test]
fn a_response_without_an_error_is_success() {
    for response in [HandshakeResponse::SUCCESS, HandshakeResponse { error: Some("".into()) }] {
        let mut written = Vec::new();
        response.write(&mut written);
        assert_eq!(written, b"{}\x1e");
    }
}
