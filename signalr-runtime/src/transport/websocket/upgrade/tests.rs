use super::*;

/// The request of RFC 6455 §1.3.
fn request() -> request::Parts {
    http::Request::get("/chat")
        .header("Host", "server.example.com")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Version", "13")
        .body(())
        .unwrap()
        .into_parts()
        .0
}

#[test]
fn a_good_request_is_accepted() {
    let response = accept(&request()).unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["connection"], "Upgrade");
    assert_eq!(response.headers()["upgrade"], "websocket");
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(response.headers().len(), 3);
}

#[test]
fn neither_a_subprotocol_nor_an_extension_is_agreed_on() {
    let mut request = request();
    set(&mut request, "sec-websocket-protocol", "chat, superchat");
    set(&mut request, "sec-websocket-extensions", "permessage-deflate");
    let response = accept(&request).unwrap();
    assert_eq!((response.status().as_u16(), response.headers().len()), (101, 3));
}

#[test]
fn header_words_are_found_in_any_case_and_place() {
    for (name, value) in
        [("connection", "keep-alive, Upgrade"), ("connection", "UPGRADE"), ("upgrade", "h2c , WebSocket")]
    {
        let mut request = request();
        request.headers.insert(name, HeaderValue::from_static(value));
        assert!(accept(&request).is_ok(), "{name}: {value}");
        assert!(is_requested(&request));
    }
    let mut request = request();
    request.headers.insert("connection", HeaderValue::from_static("keep-alive"));
    request.headers.append("connection", HeaderValue::from_static("upgrade"));
    assert!(accept(&request).is_ok(), "in a second header");
}

#[test]
fn a_bad_request_is_told_what_is_wrong() {
    type Change = fn(&mut request::Parts);
    let cases: &[(u16, &str, Change)] = &[
        (400, "GET", |request| request.method = Method::POST),
        (400, "HTTP/1.1", |request| request.version = Version::HTTP_10),
        (400, "HTTP/1.1", |request| request.version = Version::HTTP_2),
        (400, "'upgrade'", |request| _ = request.headers.remove("connection")),
        (400, "'upgrade'", |request| set(request, "connection", "upgraded")),
        (426, "'websocket'", |request| _ = request.headers.remove("upgrade")),
        (426, "'websocket'", |request| set(request, "upgrade", "h2c")),
        (426, "'13'", |request| _ = request.headers.remove("sec-websocket-version")),
        (426, "'13'", |request| set(request, "sec-websocket-version", "8")),
        (400, "16 bytes", |request| _ = request.headers.remove("sec-websocket-key")),
        (400, "16 bytes", |request| set(request, "sec-websocket-key", "")),
        (400, "16 bytes", |request| set(request, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ===")),
        (400, "16 bytes", |request| set(request, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZTE=")),
        (400, "16 bytes", |request| set(request, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ== ")),
        (400, "once", |request| {
            request.headers.append("sec-websocket-key", HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        }),
    ];
    for (status, text, change) in cases {
        let mut request = request();
        change(&mut request);
        let refusal = accept(&request).unwrap_err().response();
        assert_eq!(refusal.status(), *status, "{}", refusal.body());
        assert!(refusal.body().contains(text), "{}", refusal.body());
        assert_eq!(refusal.headers()["content-type"], "text/plain");
        if *status == 426 {
            assert_eq!(refusal.headers()["sec-websocket-version"], "13");
            assert_eq!(refusal.headers()["upgrade"], "websocket");
        }
    }
}

fn set(request: &mut request::Parts, name: &'static str, value: &'static str) {
    request.headers.insert(name, HeaderValue::from_static(value));
}

#[test]
fn only_a_get_that_names_the_protocol_asks_for_a_websocket() {
    let mut plain = request();
    plain.headers.remove("upgrade");
    assert!(!is_requested(&plain));
    let mut post = request();
    post.method = Method::POST;
    assert!(!is_requested(&post));
}

/// A client's request with a key of its own.
fn asked() -> (Opening, request::Parts) {
    let opening = Opening::new();
    let mut request = http::Request::get("/chat").body(()).unwrap().into_parts().0;
    opening.ask(&mut request.headers);
    (opening, request)
}

#[test]
fn both_sides_agree() {
    let (opening, request) = asked();
    let response = accept(&request).unwrap().into_parts().0;
    assert_eq!(opening.verify(&response), Ok(()));
    let (_, another) = asked();
    assert_ne!(request.headers["sec-websocket-key"], another.headers["sec-websocket-key"]);
}

#[test]
fn tungstenite_accepts_our_request() {
    let (opening, request) = asked();
    let request = http::Request::from_parts(request, ());
    let response = tungstenite::handshake::server::create_response(&request).unwrap();
    assert_eq!(opening.verify(&response.into_parts().0), Ok(()));
}

#[test]
fn an_answer_that_opens_nothing_is_an_error() {
    type Change = fn(&mut response::Parts);
    let cases: &[(OpeningError, Change)] = &[
        (OpeningError::Status(StatusCode::NOT_FOUND), |response| response.status = StatusCode::NOT_FOUND),
        (OpeningError::Status(StatusCode::OK), |response| response.status = StatusCode::OK),
        (OpeningError::Upgrade, |response| _ = response.headers.remove("upgrade")),
        (OpeningError::Upgrade, |response| _ = response.headers.remove("connection")),
        (OpeningError::Accept, |response| _ = response.headers.remove("sec-websocket-accept")),
        (OpeningError::Accept, |response| {
            let other = HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            response.headers.insert("sec-websocket-accept", other);
        }),
        (OpeningError::NotOffered(SEC_WEBSOCKET_EXTENSIONS), |response| {
            response
                .headers
                .insert("sec-websocket-extensions", HeaderValue::from_static("permessage-deflate"));
        }),
        (OpeningError::NotOffered(SEC_WEBSOCKET_PROTOCOL), |response| {
            response.headers.insert("sec-websocket-protocol", HeaderValue::from_static("soap"));
        }),
    ];
    for (expected, change) in cases {
        let (opening, request) = asked();
        let mut response = accept(&request).unwrap().into_parts().0;
        change(&mut response);
        assert_eq!(opening.verify(&response).as_ref(), Err(expected));
    }
}
