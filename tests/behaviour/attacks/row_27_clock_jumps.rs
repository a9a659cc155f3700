//! Time is measured by a clock that nobody can set.

/// Where the time of day is meant: in values, and in the tokens that nodes with a common key give each other.
const TIME_OF_DAY: [&str; 2] = ["/payload/times.rs", "/server/http/token.rs"];

#[test]
fn no_time_of_day_is_asked_for() {
    for (path, text) in super::sources() {
        if TIME_OF_DAY.iter().any(|file| path.ends_with(file)) {
            continue;
        }
        for clock in ["SystemTime", "UNIX_EPOCH", "chrono::", "time::OffsetDateTime"] {
            assert!(!text.contains(clock), "{path} uses {clock}");
        }
    }
}
