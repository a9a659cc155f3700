//! Runs every program: each prints what it promises, and ends.

use std::fs;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// The programs, and what they print.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("background_task", env!("CARGO_BIN_EXE_background_task"), "heard two songs: true\n"),
    ("cookies", env!("CARGO_BIN_EXE_cookies"), "without a cookie: Some(401)\nwith Ada's: Ada\n"),
    (
        "filter",
        env!("CARGO_BIN_EXE_filter"),
        "Ask succeeded\nWill it rain? Perhaps.\nAsk succeeded\nWill it rain? Perhaps.\nAsk failed\nthe oracle is tired\n",
    ),
    ("raw_bytes", env!("CARGO_BIN_EXE_raw_bytes"), "[2, 3, 0]\n"),
    ("several_hubs", env!("CARGO_BIN_EXE_several_hubs"), "fetched: soup\n"),
    ("sqlite", env!("CARGO_BIN_EXE_sqlite"), "1, 2\n[\"Ada\", \"Bob\"]\na name, please\n"),
    (
        "stream_from_channel",
        env!("CARGO_BIN_EXE_stream_from_channel"),
        "100\n101\n102\nthere is no such share\nnobody watches ACME any more\n",
    ),
    ("tls", env!("CARGO_BIN_EXE_tls"), "gold\n"),
    (
        "typed_errors",
        env!("CARGO_BIN_EXE_typed_errors"),
        "Ok(4), Err(TooLittle { price: 5 }), Err(NoChange { money: 200 })\n",
    ),
];

#[tokio::test]
async fn each_program_prints_what_it_promises() {
    for &(name, program, printed) in PROGRAMS {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let Output { status, stdout, stderr } =
            timeout(Duration::from_secs(60), command.output()).await.expect(name).expect(name);
        let errors = String::from_utf8_lossy(&stderr);
        assert_eq!((String::from_utf8_lossy(&stdout).as_ref(), errors.as_ref()), (printed, ""), "{name}");
        assert!(status.success(), "{name}: {status}");
    }
}

/// The files in a folder of this package.
fn files_in(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn each_program_is_run_and_is_linked_from_the_readme() {
    let readme = include_str!("../../../README.md");
    let programs = files_in("src/bin");
    let names: Vec<&str> = programs.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, PROGRAMS.iter().map(|program| program.0).collect::<Vec<_>>());
    for name in names {
        let link = format!("(examples/topics/src/bin/{name}.rs)");
        assert!(readme.contains(&link), "the README has no link to {link}");
    }
    assert!(readme.contains("(examples/topics/tests/testing.rs)"));
}

#[test]
fn each_program_can_be_read_at_a_glance() {
    let testing = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testing.rs").into();
    for file in files_in("src/bin").into_iter().chain([testing]) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!((30..=60).contains(&lines), "{}: {lines} lines", file.display());
    }
}
