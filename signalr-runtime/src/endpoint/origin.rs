//! A web site, as browsers name it.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// A web site as browsers name it in the `Origin` header: scheme, host and port, e.g. `https://example.org`,
/// `http://localhost:3000` or `http://[::1]:8080`.
///
/// Two origins are equal if all three parts are: letters of either case are the same, a port that is left out is the
/// usual one of `http` or `https`, and there are no wildcards. As in browsers, `example.org.` is another host than
/// `example.org`. Names that are not ASCII are written as browsers send them, in Punycode (`xn--…`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: Host,
    /// None where the scheme has no usual port, as for apps.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Name(String),
    V6(Ipv6Addr),
}

impl Origin {
    /// Whether its host and port are these, where no port means the usual one.
    pub(crate) fn is_at(&self, host: &Host, port: Option<u16>) -> bool {
        self.host == *host && self.port == port.or(usual_port(&self.scheme))
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(text.to_owned());
        let (scheme, authority) = text.split_once("://").ok_or_else(invalid)?;
        let letter_first = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
        if !letter_first || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            return Err(invalid());
        }
        let scheme = scheme.to_ascii_lowercase();
        let (host, port) = host_and_port(authority).ok_or_else(invalid)?;
        let port = port.or(usual_port(&scheme));
        Ok(Self { scheme, host, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        match &self.host {
            Host::Name(name) => f.write_str(name)?,
            Host::V6(address) => write!(f, "[{address}]")?,
        }
        match self.port {
            Some(port) if self.port != usual_port(&self.scheme) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

/// A text that is no [`Origin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no origin: write scheme, host and port and nothing else, e.g. `https://example.org`")]
pub struct InvalidOrigin(String);

/// Nothing but a host and perhaps a port: no user, no path, no zone, no escapes.
pub(crate) fn host_and_port(authority: &str) -> Option<(Host, Option<u16>)> {
    let (host, rest) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        (Host::V6(address.parse().ok()?), rest)
    } else {
        let (name, rest) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        (is_name.then(|| Host::Name(name.to_ascii_lowercase()))?, rest)
    };
    let port = match rest.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        None if rest.is_empty() => None,
        _ => return None,
    };
    Some((host, port))
}

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
