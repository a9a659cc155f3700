//! What a server believes to hold, beside what it holds: the things that are quickly measured.

use std::process::Command;

#[test]
fn a_server_holds_what_it_believes_to_hold() {
    let ledger = Command::new(env!("CARGO_BIN_EXE_ledger"))
        .args(["--things", "unread-items,waiting-calls,filtered-call,unpolled-messages,shared-broadcast"])
        .args(["--things", "waiting-senders,absent,long-groups"])
        .output()
        .unwrap();
    let (table, errors) = (String::from_utf8_lossy(&ledger.stdout), String::from_utf8_lossy(&ledger.stderr));
    assert!(ledger.status.success(), "{table}{errors}");
}
