//! Panics that are caught: code that panics ends what it was run for, and nothing else.
//!
//! Each is counted as `signalr.panics` (feature `metrics`), and logged where it is caught. Its text is not: it may hold
//! what a peer has sent, and the panic hook of the process has had it already.

/// Whose code has panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Panicked {
    /// A method of a hub or of a client, or the stream that it returned.
    Method,
    /// A decoder of arguments, or of an item of a stream.
    Decoder,
    /// The callback for a connection that begins, or what makes its hub.
    #[cfg(feature = "server")]
    Connect,
    /// The callback for a connection that has ended, or the end of its hub.
    #[cfg(feature = "server")]
    Disconnect,
    /// A handler of bytes.
    #[cfg(feature = "server")]
    Handler,
    /// What says who a client is, and what it may.
    #[cfg(feature = "server")]
    Identity,
    /// A stream that a client sends.
    #[cfg(feature = "client")]
    Upload,
    /// The connection itself.
    Connection,
}

impl Panicked {
    /// The value of the label `code`.
    #[cfg(feature = "metrics")]
    fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Decoder => "decoder",
            #[cfg(feature = "server")]
            Self::Connect => "connect",
            #[cfg(feature = "server")]
            Self::Disconnect => "disconnect",
            #[cfg(feature = "server")]
            Self::Handler => "handler",
            #[cfg(feature = "server")]
            Self::Identity => "identity",
            #[cfg(feature = "client")]
            Self::Upload => "upload",
            Self::Connection => "connection",
        }
    }

    /// Counts it.
    #[cfg_attr(not(feature = "metrics"), expect(clippy::unused_self, reason = "nobody counts"))]
    pub(crate) fn count(self) {
        #[cfg(feature = "metrics")]
        metrics::counter!("signalr.panics", "code" => self.name()).increment(1);
    }
}
