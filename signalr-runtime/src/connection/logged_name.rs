//! Names that peers have made up, for logs.

use std::fmt;

/// As many characters of a name are logged.
const LONGEST: usize = 100;

/// The name of a method, of a call or of a stream, as the peer has sent it: as much of it as is logged.
pub(crate) struct LoggedName<'a>(pub(crate) &'a str);

impl fmt::Debug for LoggedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.char_indices().nth(LONGEST).map(|(end, _)| end);
        let logged = end.and_then(|end| self.0.get(..end)).unwrap_or(self.0);
        fmt::Debug::fmt(logged, f)
    }
}
