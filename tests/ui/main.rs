//! What the compiler says to someone whose contract is wrong: see `README.md` beside this file.

#[test]
fn every_fault_is_reported_where_it_is() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/*.rs");
    // Beside them, what is so nearly one of them that it once was.
    cases.pass("ui/pass/*.rs");
}
