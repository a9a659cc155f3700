//! Who a client is.

use std::sync::Arc;

/// The id of a user; none for who is not known.
pub(crate) type UserId = Option<Arc<str>>;
