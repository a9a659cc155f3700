//! Chromium, for what is driven in a real browser.

use std::path::PathBuf;

use super::{debian, on_path};
use crate::process::Problem;

/// The browser on `PATH`, installed from Debian where that is allowed.
#[expect(dead_code, reason = "the browser part is the first to need it")]
pub(crate) fn program() -> Result<PathBuf, Problem> {
    let find = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path);
    let missing = || Problem::missing("chromium was not found: install Chromium and put it on PATH");
    if let Some(program) = find() {
        return Ok(program);
    }
    debian::install("chromium").map_err(|problem| match problem {
        Problem::Missing(_) => missing(),
        failed @ Problem::Failed { .. } => failed,
    })?;
    find().ok_or_else(missing)
}
