//! Chromium, for what is driven in a real browser.

use std::path::PathBuf;

use super::{debian, on_path};
use crate::process::Problem;

/// The browser on `PATH`, installed from Debian where that is allowed.
pub(crate) fn program() -> Result<PathBuf, Problem> {
    let find = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path);
    let missing = || Problem::missing("chromium was not found: install Chromium and put it on PATH");
    if let Some(program) = find() {
        return Ok(program);
    }
    // Debian's browser comes without a font of its own.
    for package in ["chromium", "fonts-dejavu-core"] {
        debian::install(package).map_err(|problem| match problem {
            Problem::Missing(_) => missing(),
            failed @ Problem::Failed { .. } => failed,
        })?;
    }
    find().ok_or_else(missing)
}
