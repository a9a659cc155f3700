//! Every attack has a test, or a reason why it cannot be made.

/// What answers an attack.
enum Answer {
    /// The module of this row.
    Tested,
    /// There is nothing to attack.
    CannotApply(&'static str),
}

use Answer::{CannotApply, Tested};

const ROWS: [(&str, Answer); 27] = [
    ("negotiate flood, ids never used", Tested),
    ("connect, no handshake", Tested),
    ("upgrade begun, never finished", Tested),
    ("huge message, endless unterminated message, huge declared length", Tested),
    ("tiny messages, separators only, empty frames, ping flood, one-byte fragments", Tested),
    ("deep values, duplicate keys, huge numbers, invalid text", Tested),
    ("declared arrays, maps and extensions of MessagePack", Tested),
    ("many, long and reused invocation ids", Tested),
    ("many streams, items for streams that do not exist, items without end", Tested),
    ("completions for another client's call, forged and late results", Tested),
    ("slow reader", Tested),
    ("slow writer, slow bodies, several polls at once", Tested),
    ("long polling abandoned", Tested),
    ("token guessing, replay, another user's connection", Tested),
    ("resume hijack", Tested),
    ("other sites that use a browser's cookies", Tested),
    ("access tokens in logs and traces", Tested),
    ("group names from clients, groups without bound", Tested),
    ("hash flooding", Tested),
    ("panics by input and in the application's code", Tested),
    ("decompression bombs", Tested),
    ("strange requests, headers and addresses", Tested),
    (
        "inspector or publish endpoint left open",
        CannotApply("a hub serves nothing but its own negotiation and transports"),
    ),
    (
        "poisoned traffic between nodes",
        CannotApply("a hub lives on one node: it hears nobody but its clients"),
    ),
    ("reconnect storm", Tested),
    ("exhaustion of file descriptors and memory", Tested),
    ("clock jumps", Tested),
];

#[test]
fn every_row_has_an_answer() {
    let modules = include_str!("mod.rs");
    for (number, (attack, answer)) in (1..).zip(&ROWS) {
        let is_there = modules.contains(&format!("\nmod row_{number:02}_"));
        match answer {
            Tested => assert!(is_there, "row {number} ({attack}) has no test"),
            CannotApply(reason) => {
                assert!(!is_there && !reason.is_empty(), "row {number} ({attack}) has a test");
            }
        }
    }
}

/// What nobody has ever run into may as well be missing.
#[test]
fn every_limit_is_reached_and_counted() {
    let limits = include_str!("../../../signalr-runtime/src/connection/limit.rs");
    let kinds: Vec<&str> =
        limits.lines().filter_map(|line| line.split_once(" => \"")?.1.strip_suffix("\",")).collect();
    assert!(kinds.len() > 30, "they are somewhere else");
    let attacks = super::attacks();
    let documentation = include_str!("../../../signalr-runtime/src/server/telemetry.rs");
    for kind in kinds {
        assert!(documentation.contains(&format!("`{kind}`")), "operators are not told of {kind}");
        assert!(attacks.contains(&format!("hits(\"{kind}\")")), "no attack looks at the counter of {kind}");
    }
}
