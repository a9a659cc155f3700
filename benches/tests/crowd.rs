//! A small crowd, so that the large one still works when it is wanted.

use std::process::Command;

#[test]
fn a_small_crowd_comes_calls_listens_and_is_sent_away() {
    for protocol in ["json", "messagepack"] {
        let crowd = Command::new(env!("CARGO_BIN_EXE_crowd"))
            .args(["--connections", "300", "--calls", "3", "--broadcasts", "3", "--drain", "2"])
            .args(["--protocol", protocol])
            .output()
            .unwrap();
        let (said, errors) = (String::from_utf8_lossy(&crowd.stdout), String::from_utf8_lossy(&crowd.stderr));
        assert!(crowd.status.success(), "{protocol}: {said}{errors}");
        assert!(said.contains(": 301 closed, 0 aborted, 301 disconnect callbacks"), "{protocol}: {said}");
    }
}
