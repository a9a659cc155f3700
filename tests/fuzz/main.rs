//! The corpora of the fuzz targets, without a fuzzer: what was once found stays found wherever `cargo test` runs.

use std::fs;
use std::path::Path;

use signalr_runtime::fuzzing;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let inputs = fs::read_dir(&corpus).expect("a corpus").map(|entry| entry.expect("an entry").path());
    let mut count = 0;
    for input in inputs {
        // Shown where the test fails.
        println!("{}", input.display());
        run(&fs::read(&input).expect("an input"));
        count += 1;
    }
    assert!(count > 10, "the corpus of {target} has {count} inputs");
}

#[test]
fn handshake() {
    replay("handshake", fuzzing::handshake);
}

#[test]
fn json_frames() {
    replay("json_frames", fuzzing::json_frames);
}

#[test]
fn messagepack_frames() {
    replay("messagepack_frames", fuzzing::messagepack_frames);
}

#[test]
fn varint() {
    replay("varint", fuzzing::varint);
}

#[test]
fn token() {
    replay("token", fuzzing::token);
}

#[test]
fn long_polling() {
    replay("long_polling", fuzzing::long_polling);
}

#[test]
fn connection() {
    replay("connection", fuzzing::connection);
}
