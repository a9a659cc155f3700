//! The address of a hub, and the addresses of its endpoints.

use http::HeaderValue;
use http::uri::{Authority, PathAndQuery, Scheme, Uri};

use super::error::ConnectError;

/// Where a hub is.
#[derive(Clone)]
pub(crate) struct HubUrl {
    scheme: Scheme,
    authority: Authority,
    path: String,
    /// What the user has put there; it goes with every request.
    query: Option<String>,
}

impl HubUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, ConnectError> {
        let invalid = |reason| ConnectError::InvalidUrl {
            // What comes behind may be a secret.
            url: text.split(['?', '#']).next().unwrap_or_default().to_owned(),
            reason,
        };
        let uri: Uri = text.trim().parse().map_err(|_| invalid("it is not a URL"))?;
        let scheme = match uri.scheme_str() {
            Some("http" | "ws") => Scheme::HTTP,
            Some("https" | "wss") => Scheme::HTTPS,
            Some(_) => return Err(invalid("it must begin with http: or https:")),
            None => return Err(invalid("it must be absolute, like http://localhost:3000/chat")),
        };
        let authority = uri.authority().cloned().ok_or_else(|| invalid("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("a name and a password have no place in it"));
        }
        Ok(Self {
            scheme,
            authority,
            path: uri.path().to_owned(),
            query: uri.query().filter(|query| !query.is_empty()).map(ToOwned::to_owned),
        })
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Host and port, as an error or a cookie names them.
    pub(crate) fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// What to connect to.
    pub(crate) fn origin(&self) -> Result<Uri, http::Error> {
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query("/")
            .build()
    }

    /// The value of the `Host` header, which leaves out the usual port.
    pub(crate) fn host(&self) -> Result<HeaderValue, http::Error> {
        let usual = if self.is_secure() { 443 } else { 80 };
        let host = match self.authority.port_u16() {
            Some(port) if port != usual => self.authority.as_str(),
            _ => self.authority.host(),
        };
        Ok(HeaderValue::from_str(host)?)
    }

    /// Where to negotiate.
    pub(crate) fn negotiate(&self) -> Result<PathAndQuery, http::Error> {
        let slash = if self.path.ends_with('/') { "" } else { "/" };
        let mut target = format!("{}{slash}negotiate", self.path);
        let chosen = self.query.as_deref().unwrap_or_default();
        let asks = form_urlencoded::parse(chosen.as_bytes()).any(|(name, _)| name == "negotiateVersion");
        let parameters = [chosen, if asks { "" } else { "negotiateVersion=1" }];
        append(&mut target, &parameters);
        Ok(target.parse()?)
    }

    /// Where to open a transport. Without negotiation there is no `id`.
    pub(crate) fn connect(&self, id: Option<&str>) -> Result<PathAndQuery, http::Error> {
        let mut target = self.path.clone();
        let id = id.map(|id| {
            let value: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
            format!("id={value}")
        });
        append(&mut target, &[self.query.as_deref().unwrap_or_default(), id.as_deref().unwrap_or_default()]);
        Ok(target.parse()?)
    }
}

fn append(target: &mut String, parameters: &[&str]) {
    let mut separator = '?';
    for parameter in parameters.iter().filter(|parameter| !parameter.is_empty()) {
        target.push(separator);
        target.push_str(parameter);
        separator = '&';
    }
}

#[cfg(test)]
mod tests {
    use super::HubUrl;

    #[test]
    fn endpoints_stand_behind_the_path_and_before_the_query() {
        let cases = [
            ("http://h/chat", "/chat/negotiate?negotiateVersion=1", "/chat?id=a%2Fb"),
            ("http://h/chat/", "/chat/negotiate?negotiateVersion=1", "/chat/?id=a%2Fb"),
            ("http://h", "/negotiate?negotiateVersion=1", "/?id=a%2Fb"),
            ("ws://h/chat?x=1&y", "/chat/negotiate?x=1&y&negotiateVersion=1", "/chat?x=1&y&id=a%2Fb"),
            (
                "http://h/c?negotiateVersion=0",
                "/c/negotiate?negotiateVersion=0",
                "/c?negotiateVersion=0&id=a%2Fb",
            ),
            ("http://h/chat?#there", "/chat/negotiate?negotiateVersion=1", "/chat?id=a%2Fb"),
        ];
        for (url, negotiate, connect) in cases {
            let url = HubUrl::parse(url).unwrap();
            assert_eq!(url.negotiate().unwrap(), negotiate);
            assert_eq!(url.connect(Some("a/b")).unwrap(), connect);
        }
    }

    #[test]
    fn the_host_header_leaves_out_the_usual_port() {
        let cases = [
            ("http://h/", "h"),
            ("http://h:80/", "h"),
            ("http://h:443/", "h:443"),
            ("wss://h:443/", "h"),
            ("http://[::1]:8080/", "[::1]:8080"),
        ];
        for (url, host) in cases {
            assert_eq!(HubUrl::parse(url).unwrap().host().unwrap(), host);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_query() {
        for url in
            ["", "/chat", "ftp://h/chat?secret", "http://", "http://name:word@h/chat?secret", "http://h/ a"]
        {
            let error = HubUrl::parse(url).err().unwrap_or_else(|| panic!("{url} was accepted"));
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
