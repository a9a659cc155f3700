//! `cargo xtask chat`: the chat example with everything it needs.

use std::process::ExitCode;

use crate::project::Project;

pub(crate) fn run(_project: &Project, _arguments: &[String]) -> Result<ExitCode, String> {
    Err("the chat example is not there yet".to_owned())
}
