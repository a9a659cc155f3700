//! The exit code of a program that measures.

use std::fmt::Display;
use std::process::ExitCode;

/// Success if all that was measured holds. A fault is printed under the name of the program.
pub fn code(program: &str, outcome: Result<bool, impl Display>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("{program}: {fault}");
            ExitCode::FAILURE
        }
    }
}
