//! Negotiation: a client asks where and how to connect, a server answers.

#[cfg(test)]
mod tests;

use std::fmt;

use crate::protocol::TransferFormat;
use crate::protocol::error::{Expected, IntegerWidth, ProtocolError, Token};
use crate::protocol::json::scan::Scanner;
use crate::protocol::json::{boolean, expect, integer, string, write_string};

/// How the bytes of a connection can travel, best first (`HttpTransportType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// One WebSocket for both directions.
    WebSockets,
    /// An endless response for what the server sends, POST requests for what the client sends. Text only.
    ServerSentEvents,
    /// A response for each batch of what the server sends, POST requests for what the client sends.
    LongPolling,
}

impl TransportKind {
    /// In the order in which a server offers them.
    pub(crate) const ALL: [Self; 3] = [Self::WebSockets, Self::ServerSentEvents, Self::LongPolling];

    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::LongPolling => "LongPolling",
        }
    }

    /// What this transport can carry.
    pub(crate) fn transfer_formats(self) -> &'static [TransferFormat] {
        match self {
            Self::WebSockets | Self::LongPolling => &[TransferFormat::Text, TransferFormat::Binary],
            Self::ServerSentEvents => &[TransferFormat::Text],
        }
    }
}

/// The version of the negotiate protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NegotiateVersion {
    /// The connection id is public and opens the connection too.
    V0,
    /// A secret connection token opens the connection.
    V1,
}

impl NegotiateVersion {
    /// The version for a request whose query says `requested`, on a server that takes none below `minimum`.
    pub(crate) fn choose(requested: Option<&str>, minimum: i32) -> Result<Self, VersionRefused> {
        let requested = match requested {
            None => 0,
            Some(text) => text.trim().parse().map_err(|_| VersionRefused::NotAnInteger)?,
        };
        if requested < minimum {
            return Err(VersionRefused::Unsupported(requested));
        }
        Ok(if requested > 0 { Self::V1 } else { Self::V0 })
    }

    fn number(self) -> u8 {
        match self {
            Self::V0 => 0,
            Self::V1 => 1,
        }
    }
}

/// Why a server does not negotiate. The text is the `error` of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionRefused {
    NotAnInteger,
    Unsupported(i32),
}

impl fmt::Display for VersionRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnInteger => f.write_str("The client requested a non-integer protocol version."),
            Self::Unsupported(version) => write!(
                f,
                "The client requested version '{version}', but the server does not support this version."
            ),
        }
    }
}

impl std::error::Error for VersionRefused {}

/// The answer to a negotiate request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Negotiation {
    /// A connection may be opened.
    Connection(NegotiatedConnection),
    /// The client is to negotiate elsewhere, with `access_token` in place of its own if there is one.
    Redirect { url: String, access_token: Option<AccessToken> },
    /// The server refuses, and says why.
    Refused { error: String },
}

/// What a client needs to open a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NegotiatedConnection {
    /// The public name of the connection.
    pub(crate) id: String,
    /// What opens the connection; `None` is negotiate version 0, in which the id does.
    pub(crate) token: Option<ConnectionToken>,
    pub(crate) stateful_reconnect: bool,
    pub(crate) transports: Vec<AvailableTransport>,
    /// How long the credentials are good that the request has shown, in seconds, if the connection can be given new
    /// ones.
    pub(crate) token_lifetime: Option<u64>,
}

impl NegotiatedConnection {
    /// What the `id` of the transport's requests must be.
    pub(crate) fn opens_with(&self) -> &str {
        self.token.as_ref().map_or(&self.id, |token| &token.0)
    }

    fn version(&self) -> NegotiateVersion {
        if self.token.is_some() { NegotiateVersion::V1 } else { NegotiateVersion::V0 }
    }
}

/// A transport that the server offers, and what it lets it carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AvailableTransport {
    pub(crate) kind: TransportKind,
    pub(crate) transfer_formats: Vec<TransferFormat>,
}

impl From<TransportKind> for AvailableTransport {
    fn from(kind: TransportKind) -> Self {
        Self { kind, transfer_formats: kind.transfer_formats().to_vec() }
    }
}

/// Whoever knows it owns the connection.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ConnectionToken(pub(crate) String);

/// A bearer token that a redirect hands out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AccessToken(pub(crate) String);

// Both are secrets: they never reach a log.
impl fmt::Debug for ConnectionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionToken(…)")
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

impl Negotiation {
    /// The body of the response, in the order in which ASP.NET Core writes it.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(384);
        match self {
            Self::Connection(connection) => connection.write(&mut out),
            Self::Redirect { url, access_token } => {
                out.extend_from_slice(br#"{"negotiateVersion":0,"url":"#);
                write_string(&mut out, url);
                if let Some(AccessToken(token)) = access_token {
                    out.extend_from_slice(br#","accessToken":"#);
                    write_string(&mut out, token);
                }
                out.extend_from_slice(br#","availableTransports":[]}"#);
            }
            Self::Refused { error } => {
                out.extend_from_slice(br#"{"error":"#);
                write_string(&mut out, error);
                out.push(b'}');
            }
        }
        out
    }

    /// Reads the body of a response. What is not known is passed over: properties, transports, formats.
    pub(crate) fn read(body: &[u8]) -> Result<Self, NegotiateError> {
        let response = Response::read(body)?;
        if let Some(error) = present(response.error) {
            return Ok(Self::Refused { error });
        }
        if let Some(url) = present(response.url) {
            let access_token = present(response.access_token).map(AccessToken);
            return Ok(Self::Redirect { url, access_token });
        }
        let id = response.connection_id.ok_or(NegotiateError::Missing("connectionId"))?;
        let token = if response.negotiate_version.unwrap_or(0) > 0 {
            let token = response.connection_token.ok_or(NegotiateError::Missing("connectionToken"))?;
            Some(ConnectionToken(token))
        } else {
            None
        };
        let offered = response.available_transports.ok_or(NegotiateError::Missing("availableTransports"))?;
        let mut transports = Vec::new();
        for transport in offered {
            transports.extend(transport.known()?);
        }
        let stateful_reconnect = response.use_stateful_reconnect.unwrap_or(false);
        // Clients here show new credentials with a new connection.
        let token_lifetime = None;
        let connection = NegotiatedConnection { id, token, stateful_reconnect, transports, token_lifetime };
        if connection.opens_with().is_empty() {
            return Err(NegotiateError::EmptyId);
        }
        Ok(Self::Connection(connection))
    }
}

impl NegotiatedConnection {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if self.stateful_reconnect {
            out.extend_from_slice(br#""useStatefulReconnect":true,"#);
        }
        out.extend_from_slice(br#""negotiateVersion":"#);
        out.push(b'0' + self.version().number());
        out.extend_from_slice(br#","connectionId":"#);
        write_string(out, &self.id);
        if let Some(ConnectionToken(token)) = &self.token {
            out.extend_from_slice(br#","connectionToken":"#);
            write_string(out, token);
        }
        if let Some(seconds) = self.token_lifetime {
            out.extend_from_slice(format!(r#","tokenLifetimeSeconds":{seconds}"#).as_bytes());
        }
        out.extend_from_slice(br#","availableTransports":"#);
        write_list(out, &self.transports, |out, transport| {
            out.extend_from_slice(br#"{"transport":"#);
            write_string(out, transport.kind.name());
            out.extend_from_slice(br#","transferFormats":"#);
            write_list(out, &transport.transfer_formats, |out, format| write_string(out, format.name()));
            out.push(b'}');
        });
        out.push(b'}');
    }
}

fn write_list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// A response as it stands in the body. Of a repeated member the last one counts, and null is as good as none
/// (`NegotiateProtocol.ParseResponse`).
#[derive(Default)]
struct Response {
    error: Option<String>,
    url: Option<String>,
    access_token: Option<String>,
    negotiate_version: Option<i32>,
    connection_id: Option<String>,
    connection_token: Option<String>,
    use_stateful_reconnect: Option<bool>,
    available_transports: Option<Vec<OfferedTransport>>,
}

#[derive(Default)]
struct OfferedTransport {
    transport: Option<String>,
    transfer_formats: Option<Vec<String>>,
}

impl Response {
    /// Reads to the end of the object that a body begins with, and no further.
    fn read(body: &[u8]) -> Result<Self, NegotiateError> {
        let mut scanner = Scanner::new(body);
        let mut members = scanner.record()?;
        let mut response = Self::default();
        while members.next(&mut scanner).map_err(ProtocolError::from)? {
            let name = scanner.name().map_err(ProtocolError::from)?.name();
            // Only the predecessor of ASP.NET Core has this one.
            if *name == *b"ProtocolVersion" {
                return Err(NegotiateError::OldServer);
            }
            response.member(&name, &mut scanner)?;
        }
        Ok(response)
    }

    fn member(&mut self, name: &[u8], scanner: &mut Scanner<'_>) -> Result<(), ProtocolError> {
        match name {
            b"error" => self.error = text(scanner, "error")?,
            b"url" => self.url = text(scanner, "url")?,
            b"accessToken" => self.access_token = text(scanner, "accessToken")?,
            b"negotiateVersion" => {
                self.negotiate_version = integer(scanner, "negotiateVersion", IntegerWidth::Int32)?;
            }
            b"connectionId" => self.connection_id = text(scanner, "connectionId")?,
            b"connectionToken" => self.connection_token = text(scanner, "connectionToken")?,
            b"useStatefulReconnect" => {
                self.use_stateful_reconnect =
                    unless_null(scanner, |scanner| boolean(scanner, "useStatefulReconnect"))?;
            }
            b"availableTransports" => {
                self.available_transports = list(scanner, "availableTransports", OfferedTransport::read)?;
            }
            _ => scanner.skip()?,
        }
        Ok(())
    }
}

impl OfferedTransport {
    fn read(scanner: &mut Scanner<'_>) -> Result<Self, ProtocolError> {
        let mut members = scanner.record()?;
        let mut offered = Self::default();
        while members.next(scanner)? {
            match &*scanner.name()?.name() {
                b"transport" => offered.transport = text(scanner, "transport")?,
                b"transferFormats" => {
                    offered.transfer_formats = list(scanner, "transferFormats", |scanner| {
                        Ok(string(scanner, "transferFormats")?.decode().into_owned())
                    })?;
                }
                _ => scanner.skip()?,
            }
        }
        Ok(offered)
    }
}

/// A value that may be null.
fn unless_null<'a, T>(
    scanner: &mut Scanner<'a>,
    read: impl FnOnce(&mut Scanner<'a>) -> Result<T, ProtocolError>,
) -> Result<Option<T>, ProtocolError> {
    if scanner.token()? == Token::Null {
        scanner.scalar(Token::Null)?;
        return Ok(None);
    }
    read(scanner).map(Some)
}

fn text(scanner: &mut Scanner<'_>, property: &'static str) -> Result<Option<String>, ProtocolError> {
    unless_null(scanner, |scanner| Ok(string(scanner, property)?.decode().into_owned()))
}

fn list<'a, T>(
    scanner: &mut Scanner<'a>,
    property: &'static str,
    mut read: impl FnMut(&mut Scanner<'a>) -> Result<T, ProtocolError>,
) -> Result<Option<Vec<T>>, ProtocolError> {
    unless_null(scanner, |scanner| {
        expect(scanner, property, Token::Array, Expected::Array)?;
        let (mut elements, mut list) = (scanner.array(), Vec::new());
        while elements.next(scanner)? {
            list.push(read(scanner)?);
        }
        Ok(list)
    })
}

impl OfferedTransport {
    fn known(self) -> Result<Option<AvailableTransport>, NegotiateError> {
        let name = self.transport.ok_or(NegotiateError::Missing("transport"))?;
        let formats = self.transfer_formats.ok_or(NegotiateError::Missing("transferFormats"))?;
        let known = TransportKind::ALL.into_iter().find(|kind| kind.name() == name);
        Ok(known.map(|kind| AvailableTransport {
            kind,
            transfer_formats: [TransferFormat::Text, TransferFormat::Binary]
                .into_iter()
                .filter(|format| formats.iter().any(|name| format.name() == name))
                .collect(),
        }))
    }
}

/// An empty text is none, as for every client.
fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Why a client cannot use what it got for an answer.
#[derive(Debug)]
pub(crate) enum NegotiateError {
    /// The server is older than ASP.NET Core: it speaks another protocol.
    OldServer,
    /// Not JSON, or not of the right shape.
    Unreadable(ProtocolError),
    Missing(&'static str),
    EmptyId,
}

impl fmt::Display for NegotiateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INVALID: &str = "Invalid negotiation response received.";
        match self {
            Self::OldServer => f.write_str(
                "Detected a connection attempt to an ASP.NET SignalR Server. This client only supports connecting \
                 to an ASP.NET Core SignalR Server. See https://aka.ms/signalr-core-differences for details.",
            ),
            Self::Unreadable(error) => write!(f, "{INVALID} {error}"),
            Self::Missing(property) => write!(f, "{INVALID} Missing required property '{property}'."),
            Self::EmptyId => f.write_str("Invalid connection id."),
        }
    }
}

impl From<ProtocolError> for NegotiateError {
    fn from(error: ProtocolError) -> Self {
        Self::Unreadable(error)
    }
}

impl std::error::Error for NegotiateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}
