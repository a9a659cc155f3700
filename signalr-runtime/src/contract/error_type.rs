//! The error types of methods: each converts into a [`HubError`] on the side that answers, and back on the side that asks.
//!
//! Two traits, so that it is told which of the two is missing.

use super::error::HubError;

/// An error that can be answered with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error type of a method",
    label = "does not convert into `HubError`",
    note = "use `HubError`: `.internal()?` makes one of any error, and keeps its text on the server",
    note = "an error type of your own can stand here if it converts both ways, `From<{Self}> for HubError` and \
            `From<HubError> for {Self}`: `#[derive(HubError)]` writes both for an enum"
)]
pub trait SentError: Send + 'static {
    #[doc(hidden)]
    fn into_hub_error(self) -> HubError;
}

#[diagnostic::do_not_recommend]
impl<E: Into<HubError> + Send + 'static> SentError for E {
    fn into_hub_error(self) -> HubError {
        self.into()
    }
}

/// An error that can be read from an answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error type of a method",
    label = "does not convert from `HubError`",
    note = "the side that calls makes it of what it receives: implement `From<HubError> for {Self}` too"
)]
pub trait ReceivedError: Sized {
    #[doc(hidden)]
    fn from_hub_error(error: HubError) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<HubError>> ReceivedError for E {
    fn from_hub_error(error: HubError) -> Self {
        error.into()
    }
}

/// The error of a `Result`, whatever it is.
pub trait ErrorOf {
    /// The error.
    type Error;
}

impl<T, E> ErrorOf for Result<T, E> {
    type Error = E;
}
