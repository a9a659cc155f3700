//! Attacks on a server, over real sockets where they are about the wire: what each must not be able to do.
//!
//! The rows are numbered as in [`index`], which names those that cannot apply.

mod index;
mod settings;
mod victim;
mod wire;

mod row_01_negotiate_flood;
mod row_02_no_handshake;
mod row_03_upgrade_that_leads_nowhere;
mod row_04_endless_message;
mod row_05_tiny_messages;
mod row_06_strange_values;
mod row_07_declared_sizes;
mod row_08_invocation_ids;
mod row_09_streams;
mod row_10_forged_results;
mod row_11_slow_reader;
mod row_12_slow_writer;
mod row_13_abandoned_polls;
mod row_14_tokens;
mod row_15_resume_hijack;
mod row_16_other_sites;
mod row_17_secrets_in_logs;
mod row_18_groups;
mod row_19_hash_flooding;
mod row_20_panics;
mod row_21_compression;
mod row_22_strange_requests;
mod row_25_reconnect_storm;
mod row_26_exhaustion;
mod row_27_clock_jumps;

use std::time::Duration;

/// Waits until something outside of the test's own tasks has become true.
async fn until(is_true: impl Fn() -> bool) {
    let waiting = async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(victim::PATIENCE, waiting).await.expect("it did not become true");
}

/// [`until`] for what has to be asked.
async fn until_async(is_true: impl AsyncFn() -> bool) {
    let asking = async {
        while !is_true().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(victim::PATIENCE, asking).await.expect("it did not become true");
}

/// The sources of the attacks.
fn attacks() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/behaviour/attacks");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// The sources of the runtime, without its tests: what can be said of each line of them.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let runtime = concat!(env!("CARGO_MANIFEST_DIR"), "/../signalr-runtime/src");
    let mut folders = vec![std::fs::canonicalize(runtime).unwrap()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path.display().to_string(), text));
            }
        }
    }
    files.retain(|(path, _)| !path.contains("/tests/") && !path.ends_with("tests.rs"));
    assert!(files.len() > 80, "the sources are somewhere else");
    files
}
