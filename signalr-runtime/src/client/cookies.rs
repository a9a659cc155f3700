//! The cookies that a server hands out while a client negotiates with it, so that a load balancer which pins
//! clients by cookie leads the transport to the server that negotiated.

use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

/// How many cookies are kept: more than any load balancer sets.
const LIMIT: usize = 32;

/// The cookies of one connection attempt.
#[derive(Default)]
pub(crate) struct Cookies(Vec<Cookie>);

struct Cookie {
    /// Host and port that set it, and get it back.
    authority: Box<str>,
    name: Box<str>,
    value: Box<str>,
}

impl Cookies {
    /// Takes the cookies from the headers of a response.
    pub(crate) fn take(&mut self, authority: &str, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            let Ok(text) = header.to_str() else { continue };
            let mut attributes = text.split(';').map(str::trim);
            let Some((name, value)) = attributes.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            self.0.retain(|cookie| !(*cookie.authority == *authority && *cookie.name == *name.trim()));
            let expired = attributes.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0"));
            if !expired && self.0.len() < LIMIT {
                self.0.push(Cookie {
                    authority: authority.into(),
                    name: name.trim().into(),
                    value: value.trim().into(),
                });
            }
        }
    }

    /// Adds the cookies to the headers of a request, behind those that the user has put there.
    pub(crate) fn give(&self, authority: &str, headers: &mut HeaderMap) {
        let own: Vec<String> = self
            .0
            .iter()
            .filter(|cookie| *cookie.authority == *authority)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        if own.is_empty() {
            return;
        }
        let theirs = headers.get(COOKIE).and_then(|cookies| cookies.to_str().ok()).map(ToOwned::to_owned);
        let all: Vec<String> = theirs.into_iter().chain(own).collect();
        if let Ok(mut value) = HeaderValue::try_from(all.join("; ")) {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COOKIE, Cookies, HeaderMap, HeaderValue, SET_COOKIE};

    #[test]
    fn cookies_go_back_to_where_they_came_from() {
        let mut cookies = Cookies::default();
        for (authority, header) in [
            ("a:1", "affinity=one; Path=/; HttpOnly"),
            ("a:1", "affinity=two"),
            ("a:1", "gone=1"),
            ("a:1", "gone=; Max-Age=0"),
            ("a:1", "nothing"),
            ("b:1", "affinity=three"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(SET_COOKIE, HeaderValue::from_static(header));
            cookies.take(authority, &headers);
        }
        let sent = |authority: &str, own: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(own) = own {
                headers.insert(COOKIE, HeaderValue::from_static(own));
            }
            cookies.give(authority, &mut headers);
            headers.get(COOKIE).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(sent("a:1", None).as_deref(), Some("affinity=two"));
        assert_eq!(sent("b:1", Some("mine=0")).as_deref(), Some("mine=0; affinity=three"));
        assert_eq!(sent("c:1", None), None);
    }
}
