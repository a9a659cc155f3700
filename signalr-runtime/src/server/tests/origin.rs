//! From which sites a hub may be used.

use http::Request;
use http::request::Parts;

use crate::server::{Origin, OriginPolicy};

/// A request to `/hub` with these headers; a name that starts with a slash or `http` is its URI.
fn request(headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().uri("/hub");
    for &(name, value) in headers {
        request = if name == "uri" { request.uri(value) } else { request.header(name, value) };
    }
    request.body(()).unwrap().into_parts().0
}

const COOKIE: (&str, &str) = ("cookie", "session=1");

#[test]
fn an_origin_is_a_scheme_a_host_and_a_port() {
    let same = [
        ("https://example.org", "https://example.org"),
        ("HTTPS://Example.ORG", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://example.org:80", "http://example.org"),
        ("http://example.org:443", "http://example.org:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://192.0.2.1:8080", "http://192.0.2.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]:80", "http://[::1]"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://example.org.", "https://example.org."),
        ("https://my_host", "https://my_host"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("app+test://a:1", "app+test://a:1"),
    ];
    for (written, shown) in same {
        assert_eq!(written.parse::<Origin>().unwrap().to_string(), shown, "{written}");
    }
    let invalid = [
        "",
        "null",
        "*",
        "example.org",
        "//example.org",
        "://example.org",
        "1http://example.org",
        "https:example.org",
        "https:/example.org",
        "https://",
        "https://:443",
        "https://example.org/",
        "https://example.org/path",
        "https://example.org?x",
        "https://example.org#x",
        "https://user@example.org",
        "https://user:secret@example.org",
        "https://example.org:",
        "https://example.org:+443",
        "https://example.org:65536",
        "https://example.org:443:443",
        "https://*.example.org",
        "https://exam%70le.org",
        "https://bücher.example",
        "https://example.org\\@evil.example",
        "https://example.org, https://evil.example",
        "https://example.org https://evil.example",
        " https://example.org",
        "https://[::1",
        "https://::1",
        "https://[::1]x",
        "https://[fe80::1%25eth0]",
        "https://[example.org]",
    ];
    for text in invalid {
        let error = text.parse::<Origin>().unwrap_err().to_string();
        assert!(error.contains(&format!("`{text}`")), "{error}");
    }
    assert!(OriginPolicy::allow(["https://example.org", "https://example.org/"]).is_err());
}

#[test]
fn by_default_a_request_with_cookies_comes_from_the_same_host() {
    let cases = [
        // The usual ports may be written or not; which scheme the server was asked by, it cannot know.
        ("example.org", "https://example.org", true),
        ("example.org", "http://example.org", true),
        ("example.org:443", "https://example.org", true),
        ("example.org", "https://example.org:443", true),
        ("example.org:80", "https://example.org", false),
        ("example.org:8443", "https://example.org:8443", true),
        ("example.org", "https://example.org:8443", false),
        ("example.org:8443", "https://example.org", false),
        ("localhost:3000", "http://localhost:3001", false),
        ("Example.org", "https://example.ORG", true),
        ("[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000", true),
        ("[::1]:3000", "http://[::2]:3000", false),
        ("127.0.0.1:3000", "http://127.0.0.1:3000", true),
        ("127.0.0.1:3000", "http://localhost:3000", false),
        // Nothing that only looks like the host.
        ("example.org", "https://evil.example", false),
        ("example.org", "https://example.org.evil.example", false),
        ("example.org", "https://evilexample.org", false),
        ("example.org", "https://sub.example.org", false),
        ("sub.example.org", "https://example.org", false),
        ("example.org", "https://example.org.", false),
        ("example.org", "https://example.org@evil.example", false),
        ("example.org", "https://evil.example@example.org", false),
        ("example.org", "https://evil.example/example.org", false),
        ("example.org", "https://evil.example?example.org", false),
        ("example.org", "https://evil.example#example.org", false),
        ("example.org", "https://example.org https://evil.example", false),
        ("example.org", "example.org", false),
        ("example.org", "null", false),
        ("example.org", "", false),
        ("null", "null", false),
        ("", "https://", false),
        ("user@example.org", "https://example.org", false),
    ];
    for (host, origin, allowed) in cases {
        let headers = [COOKIE, ("host", host), ("origin", origin)];
        assert_eq!(OriginPolicy::default().allows(&request(&headers)), allowed, "{host} {origin}");
    }
}

#[test]
fn the_default_concerns_what_browsers_add_by_themselves() {
    let (host, foreign) = (("host", "example.org"), ("origin", "https://evil.example"));
    let cases: &[(&[(&str, &str)], bool)] = &[
        (&[host, foreign], true),
        (&[host, foreign, ("authorization", "Bearer abc")], true),
        // A browser asks by CORS before it sends this, cookies or not.
        (&[host, foreign, COOKIE, ("authorization", "bearer abc")], true),
        (&[host, foreign, ("authorization", "Basic YTpi")], false),
        (&[host, foreign, ("authorization", "Bearer")], true),
        (&[host, foreign, ("authorization", "BearerX abc")], false),
        (&[host, foreign, ("authorization", "Bearer abc"), ("authorization", "Basic YTpi")], false),
        (&[host, foreign, COOKIE, ("uri", "/hub?access_token=abc")], false),
        (&[host, COOKIE], true),
        // Two of them: nobody knows which one counts.
        (&[host, COOKIE, ("origin", "https://example.org"), ("origin", "https://example.org")], false),
        (&[host, host, COOKIE, ("origin", "https://example.org")], false),
        (&[COOKIE, ("origin", "https://example.org")], false),
        // The target of an absolute URI is what counts; what proxies are said to have seen does not.
        (&[COOKIE, ("uri", "https://example.org/hub"), ("origin", "https://example.org")], true),
        (&[COOKIE, ("uri", "https://example.org/hub"), host, foreign], false),
        (&[COOKIE, ("uri", "https://other.org/hub"), host, ("origin", "https://example.org")], false),
        (&[COOKIE, host, foreign, ("x-forwarded-host", "evil.example")], false),
        (&[COOKIE, host, foreign, ("forwarded", "host=evil.example")], false),
    ];
    for (headers, allowed) in cases {
        assert_eq!(OriginPolicy::SameHost.allows(&request(headers)), *allowed, "{headers:?}");
    }
}

#[test]
fn a_browser_that_says_where_a_request_comes_from_is_believed() {
    let cases: &[(&[&str], bool, bool)] = &[
        (&["same-origin"], true, true),
        (&["none"], true, true),
        (&["same-site"], false, false),
        (&["cross-site"], false, false),
        (&[""], false, false),
        (&["same-origin, cross-site"], false, false),
        (&["same-origin", "same-origin"], false, false),
    ];
    for (sites, same_host, without_origin) in cases {
        let mut headers = vec![COOKIE, ("host", "backend:8080"), ("origin", "https://example.org")];
        headers.extend(sites.iter().map(|site| ("sec-fetch-site", *site)));
        assert_eq!(OriginPolicy::SameHost.allows(&request(&headers)), *same_host, "{sites:?}");
        let listed = OriginPolicy::allow(["https://example.org"]).unwrap();
        assert!(listed.allows(&request(&headers)), "{sites:?}");
        headers.remove(2);
        assert_eq!(OriginPolicy::SameHost.allows(&request(&headers)), *same_host, "{sites:?}");
        assert_eq!(listed.allows(&request(&headers)), *without_origin, "{sites:?}");
    }
}

#[test]
fn a_list_concerns_every_request_that_names_its_origin() {
    let policy = OriginPolicy::allow(["https://example.org", "HTTP://[::1]:3000"]).unwrap();
    let cases = [
        ("https://example.org", true),
        ("https://EXAMPLE.org:443", true),
        ("http://[0::1]:3000", true),
        ("http://example.org", false),
        ("https://example.org:8443", false),
        ("https://sub.example.org", false),
        ("https://example.org.evil.example", false),
        ("https://example.org.", false),
        ("https://own.example", false),
        ("null", false),
        ("", false),
        ("*", false),
    ];
    for (origin, allowed) in cases {
        for credentials in [COOKIE, ("authorization", "Bearer abc"), ("x-other", "1")] {
            let request = request(&[("host", "own.example"), ("origin", origin), credentials]);
            assert_eq!(policy.allows(&request), allowed, "{origin} {credentials:?}");
        }
    }
    let twice = [("origin", "https://example.org"), ("origin", "https://example.org")];
    assert!(!policy.allows(&request(&twice)));
    // A program that is no browser.
    assert!(policy.allows(&request(&[COOKIE, ("host", "own.example")])));
    assert!(!OriginPolicy::Allow(Vec::new()).allows(&request(&[("origin", "https://example.org")])));
}

#[test]
fn any_site_is_any_site() {
    for origin in ["https://evil.example", "null", ""] {
        assert!(OriginPolicy::Any.allows(&request(&[COOKIE, ("host", "example.org"), ("origin", origin)])));
    }
}
