//! The one error type of hub calls, on both sides.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What a hub method returns when it has no error type of its own.
pub type HubResult<T = ()> = Result<T, HubError>;

/// What kind of failure a [`HubError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HubErrorKind {
    /// A deliberate error whose text the other side may read (`HubException` in ASP.NET Core).
    Hub,
    /// An error whose text stays on the side where it happened, unless detailed errors are on.
    Internal,
    /// The connection is closed, or closed before the answer came.
    Closed,
    /// The time given to the call ran out.
    Timeout,
    /// The call was cancelled before it was answered.
    Canceled,
    /// A value could not be written to, or read from, the hub protocol.
    Codec,
}

/// Why a hub call failed.
///
/// [`HubError::new`] is ASP.NET Core's `HubException`: its text is sent to the caller. Any other error is
/// kept on the server with [`HubError::internal`] or [`ResultExt::internal`]; the caller then reads only
/// that something went wrong.
///
/// ```
/// use signalr_runtime::{HubError, HubResult, ResultExt};
///
/// fn read_motd() -> HubResult<String> {
///     let text = std::fs::read_to_string("/no/such/file").internal()?;
///     if text.is_empty() {
///         return Err(HubError::new("there is no message today"));
///     }
///     Ok(text)
/// }
/// # assert_eq!(read_motd().unwrap_err().kind(), signalr_runtime::HubErrorKind::Internal);
/// ```
///
/// # What the other side reads
///
/// | error of a method `Join` | the caller reads |
/// |---|---|
/// | `HubError::new("the room is full")` | `An unexpected error occurred invoking 'Join' on the server. HubException: the room is full` |
/// | `HubError::internal(error)`, `.internal()?`, a panic | `An unexpected error occurred invoking 'Join' on the server.` |
/// | `HubError::internal(error)`, with `HubOptions::enable_detailed_errors` | the same, the name of the error's type and its text: `… on the server. ParseIntError: invalid digit found in string` |
/// | the same of a stream, after the method has returned it | `An error occurred on the server while streaming results.`, and then as above |
/// | the same of `on_connected` | a close with `Connection closed with an error.`, and then as above |
///
/// The server logs an internal error with its text at the level `ERROR`, and a deliberate one without its text at `DEBUG`. The
/// text is that of `Display`: causes behind [`source`](Error::source) are neither sent nor logged.
pub struct HubError(Box<Inner>);

struct Inner {
    kind: HubErrorKind,
    /// The name a .NET client would read before the text, e.g. `HubException`.
    name: Cow<'static, str>,
    message: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl HubError {
    /// A deliberate error: the other side reads `message`.
    ///
    /// The error outlives the call, and so must its text: a literal does, a `String` does, what is borrowed from an argument
    /// does not. The compiler then says that the argument "must outlive `'static`"; write `to_owned()` or `format!`.
    ///
    /// ```
    /// use signalr_runtime::{HubError, HubResult};
    ///
    /// fn check(room: &str) -> HubResult {
    ///     match room {
    ///         "" => Err(HubError::new("which room?")),
    ///         "attic" => Err(HubError::new(format!("{room} is closed"))),
    ///         other if other.len() > 24 => Err(HubError::new(other.to_owned())),
    ///         _ => Ok(()),
    ///     }
    /// }
    /// # assert_eq!(check("attic").unwrap_err().message(), "attic is closed");
    /// ```
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_kind(HubErrorKind::Hub, message)
    }

    /// Keeps `error` on this side; the other side reads only the generic text, unless the server has
    /// `enable_detailed_errors`. See [above](Self#what-the-other-side-reads) for what is shown where.
    pub fn internal<E>(error: E) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let source = error.into();
        Self(Box::new(Inner {
            kind: HubErrorKind::Internal,
            name: short_type_name::<E>(),
            message: source.to_string().into(),
            source: Some(source),
        }))
    }

    /// An error of the given kind.
    pub fn with_kind(kind: HubErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let name = match kind {
            HubErrorKind::Hub => "HubException",
            HubErrorKind::Internal => "Exception",
            HubErrorKind::Closed => "IOException",
            HubErrorKind::Timeout => "TimeoutException",
            HubErrorKind::Canceled => "OperationCanceledException",
            HubErrorKind::Codec => "InvalidDataException",
        };
        Self(Box::new(Inner { kind, name: name.into(), message: message.into(), source: None }))
    }

    /// An error that ASP.NET Core knows by another name than the kind's usual one.
    pub(crate) fn named(
        kind: HubErrorKind,
        name: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::with_kind(kind, message);
        error.0.name = name.into();
        error
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> HubErrorKind {
        self.0.kind
    }

    /// The text. On the calling side this is the text as the other side sent it, e.g.
    /// `An unexpected error occurred invoking 'Join' on the server. HubException: the room is full`.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The text given to [`HubError::new`], on whichever side that was: [`message`](Self::message) without
    /// the words that a server puts before it.
    ///
    /// ```
    /// use signalr_runtime::HubError;
    ///
    /// let here = HubError::new("the room is full");
    /// assert_eq!(here.detail(), "the room is full");
    /// let received =
    ///     HubError::new("An unexpected error occurred invoking 'Join' on the server. HubException: the room is full");
    /// assert_eq!(received.detail(), "the room is full");
    /// ```
    pub fn detail(&self) -> &str {
        const MARK: &str = " HubException: ";
        let message = self.message();
        message.split_once(MARK).map_or(message, |(_, detail)| detail)
    }

    /// The name that stands before the text where ASP.NET Core would write the exception's type.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// The same failure once more, for every call that it ends. The source stays with the first.
    pub(crate) fn again(&self) -> Self {
        Self(Box::new(Inner {
            kind: self.0.kind,
            name: self.0.name.clone(),
            message: self.0.message.clone(),
            source: None,
        }))
    }
}

/// `alloc::boxed::Box<my::Error<T>>` → `Error`: what stands for the exception's type name.
fn short_type_name<T>() -> Cow<'static, str> {
    let full = std::any::type_name::<T>();
    let plain = full.split('<').next().unwrap_or(full);
    let name = plain.rsplit("::").next().unwrap_or(plain);
    if name.is_empty() || name.contains([' ', '&', '[']) { "Exception".into() } else { name.into() }
}

impl fmt::Debug for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubError").field("kind", &self.0.kind).field("message", &self.0.message).finish()
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for HubError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Turns any error into a [`HubError`] whose text stays on this side.
pub trait ResultExt<T> {
    /// `map_err(HubError::internal)`.
    fn internal(self) -> HubResult<T>;
}

impl<T, E> ResultExt<T> for Result<T, E>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn internal(self) -> HubResult<T> {
        self.map_err(HubError::internal)
    }
}
