//! Which connections a call goes to.

use std::sync::Arc;

use super::connection::Connection;

/// A choice of connections. Names and ids compare exactly; one that does not exist means nobody.
pub(crate) enum Selection {
    All,
    AllExcept(Vec<String>),
    /// One connection that is already known.
    Connection(Arc<Connection>),
    /// Each of these once; no id occurs twice.
    Clients(Vec<String>),
    /// A member of two of them is sent to twice.
    Groups(Vec<String>),
    GroupExcept(String, Vec<String>),
    /// No id occurs twice.
    Users(Vec<String>),
}
