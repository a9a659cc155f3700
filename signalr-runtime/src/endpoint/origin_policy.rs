//! Which web sites may use a hub from a browser.

use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::request::Parts;

use super::origin::{Host, InvalidOrigin, Origin, host_and_port};

/// A header of browsers that no script can set: whose page has caused the request.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// From which web sites browsers may use a hub.
///
/// A browser adds the user's cookies to requests that any other site makes it send, and the rules of CORS do not hold
/// for WebSockets. A hub that knows its users by a cookie must therefore look at the site a request comes from, or
/// a foreign page can act as the user. This is that rule. It applies to every request of a hub on every transport, and
/// who does not pass is answered with status 403. It is no authentication: programs that are no browsers send whatever
/// they like.
///
/// # The rules
///
/// [`SameHost`](Self::SameHost), the default, only concerns requests with something that a browser may have added by
/// itself: a `Cookie`, or an `Authorization` of another scheme than `Bearer`. All others pass, and so does what has a
/// bearer token in its `Authorization`, since a browser asks by CORS before it sends that to another site. For the rest,
/// in this order:
///
/// 1. A browser that says where the request comes from (`Sec-Fetch-Site`) is believed: `same-origin` and `none` pass,
///    everything else does not.
/// 2. Without an `Origin` the request passes. Browsers send one with each WebSocket, and with each `POST` and
///    `DELETE`; what remains is programs, and `GET`s within one site.
/// 3. The host and the port of the `Origin` must be those that the request was sent to: the authority of an absolute
///    URI (always there in HTTP/2), or the `Host` header. A port that is missing is the usual one for the scheme of the
///    `Origin`. The schemes are not compared, because a server behind a proxy that ends TLS does not know its own.
///
/// [`Allow`](Self::Allow) concerns every request: an `Origin` must be in the list, scheme, host and port. Without an
/// `Origin` a request passes unless its browser says that it comes from somewhere else (`same-site` or `cross-site`).
///
/// An `Origin` that is `null`, that is there twice or that is no origin matches nothing.
///
/// # With CORS
///
/// CORS is up to a layer of the router, and tells browsers which sites may read answers; this rule decides which requests
/// are served. Clients on another site that sign in by bearer tokens need CORS alone, as long as the browser has no
/// cookies for the host of the hub. If it has (those for a common parent domain are sent as well), WebSockets and
/// Server-Sent Events, whose token is in the query, are refused by default: list here the sites that CORS allows.
///
/// # Behind a proxy
///
/// Most proxies pass the `Host` on, or can be told to. `X-Forwarded-Host` and `Forwarded` are never looked at: clients
/// can write them too. If the server does not see the host that the browser used, list the site's origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OriginPolicy {
    /// Requests with cookies only from pages of the same host.
    #[default]
    SameHost,
    /// Only pages of these sites, whatever the request carries. The hub's own site counts only if it is listed.
    Allow(Vec<Origin>),
    /// Every site. Right for hubs that have nothing to do with cookies, or that are open to everybody.
    Any,
}

impl OriginPolicy {
    /// Allows these sites only.
    ///
    /// ```
    /// use signalr_runtime::server::OriginPolicy;
    ///
    /// let policy = OriginPolicy::allow(["https://example.org", "http://localhost:3000"])?;
    /// # Ok::<(), signalr_runtime::server::InvalidOrigin>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If one of them is no [`Origin`].
    pub fn allow<T: AsRef<str>>(origins: impl IntoIterator<Item = T>) -> Result<Self, InvalidOrigin> {
        origins.into_iter().map(|origin| origin.as_ref().parse()).collect::<Result<_, _>>().map(Self::Allow)
    }

    /// Whether a request is to be served.
    pub fn allows(&self, request: &Parts) -> bool {
        let headers = &request.headers;
        match self {
            Self::Any => true,
            Self::SameHost => !has_ambient_credentials(headers) || is_of_same_host(request),
            Self::Allow(origins) => match Source::of(headers) {
                Source::Unnamed => FetchSite::of(headers) != FetchSite::Other,
                Source::Origin(origin) => origins.contains(&origin),
                Source::Opaque => false,
            },
        }
    }
}

/// Whether a browser may have authenticated the request without the page's doing.
fn has_ambient_credentials(headers: &HeaderMap) -> bool {
    let bearer = |value: &HeaderValue| {
        let scheme = value.as_bytes().split(|&byte| byte == b' ').next();
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer"))
    };
    let mut authorizations = headers.get_all(AUTHORIZATION).iter().peekable();
    if authorizations.peek().is_some() { !authorizations.all(bearer) } else { headers.contains_key(COOKIE) }
}

fn is_of_same_host(request: &Parts) -> bool {
    match FetchSite::of(&request.headers) {
        FetchSite::Same => true,
        FetchSite::Other => false,
        FetchSite::Unknown => match Source::of(&request.headers) {
            Source::Unnamed => true,
            Source::Origin(origin) => target(request).is_some_and(|(host, port)| origin.is_at(&host, port)),
            Source::Opaque => false,
        },
    }
}

/// What the browser says of where a request comes from.
#[derive(PartialEq, Eq)]
enum FetchSite {
    /// It is no browser, an old one, or the connection is not encrypted.
    Unknown,
    Same,
    Other,
}

impl FetchSite {
    fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(SEC_FETCH_SITE).iter();
        match (values.next().map(HeaderValue::as_bytes), values.next()) {
            (None, _) => Self::Unknown,
            (Some(b"same-origin" | b"none"), None) => Self::Same,
            _ => Self::Other,
        }
    }
}

/// Who has sent a request, as its `Origin` header has it.
enum Source {
    Unnamed,
    Origin(Origin),
    /// `null`, or nothing that could be understood.
    Opaque,
}

impl Source {
    fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(ORIGIN).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Unnamed,
            (Some(value), None) => {
                let origin = value.to_str().ok().and_then(|value| value.parse().ok());
                origin.map_or(Self::Opaque, Self::Origin)
            }
            (Some(_), Some(_)) => Self::Opaque,
        }
    }
}

/// The host and the port that a request was sent to.
fn target(request: &Parts) -> Option<(Host, Option<u16>)> {
    if let Some(authority) = request.uri.authority() {
        return host_and_port(authority.as_str());
    }
    let mut hosts = request.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host_and_port(host.to_str().ok()?),
        _ => None,
    }
}
