//! The place of an endpoint among others: which of its routes a request has come by, and the name that its tokens bear.

use http::request::Parts;

/// A route of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Negotiate,
    Refresh,
    /// The path of the endpoint itself.
    Transport,
}

impl Route {
    /// The route that the end of a path says, where no router has told routes apart.
    fn of(parts: &Parts) -> Self {
        match parts.uri.path() {
            path if path.ends_with("/negotiate") => Self::Negotiate,
            path if path.ends_with("/refresh") => Self::Refresh,
            _ => Self::Transport,
        }
    }
}

/// Where a request has reached an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Mount<'a> {
    /// The name of the endpoint. A connection token opens connections of the endpoint that made it and of no other.
    pub(crate) endpoint: &'a str,
    /// The route that a router has found. `None` for a service that no router of ours has mounted.
    pub(crate) route: Option<Route>,
}

impl Mount<'_> {
    pub(super) fn route(self, parts: &Parts) -> Route {
        self.route.unwrap_or_else(|| Route::of(parts))
    }
}

/// The name of an endpoint that is mounted at `path`: the same on all nodes, because it is written in the code.
#[cfg(feature = "axum")]
pub(crate) fn endpoint_name(application: &str, path: &str) -> String {
    // A service that stands alone is named by its application, which ends in no slash.
    format!("{application}{}", if path.is_empty() { "/" } else { path })
}
