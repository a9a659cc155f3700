//! A bystander beside a few of the worst floods, with a wide margin: the whole table is for a quiet machine.

use std::process::Command;

#[test]
fn a_client_is_served_beside_clients_that_flood_the_server() {
    let bystander = Command::new(env!("CARGO_BIN_EXE_bystander"))
        .args(["--kinds", "computing,sends-after-leaving,sends-to-nobody,joins-and-leaves"])
        .args(["--clients", "1", "--runtimes", "current", "--time", "500", "--margin", "250"])
        // Whatever else the machine does.
        .args(["--clock", "processor"])
        .output()
        .unwrap();
    let (table, errors) =
        (String::from_utf8_lossy(&bystander.stdout), String::from_utf8_lossy(&bystander.stderr));
    assert!(bystander.status.success(), "{table}{errors}");
}
