//! What the compiler says to someone whose contract is wrong: see `README.md` beside this file.

#[test]
fn every_fault_is_reported_where_it_is() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
