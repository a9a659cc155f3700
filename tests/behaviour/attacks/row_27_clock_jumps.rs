//! Time is measured by a clock that nobody can set.

/// Where the time of day is meant: in the tokens that nodes with a common key give each other, and where an application
/// says when credentials end.
const TIME_OF_DAY: [&str; 2] = ["/endpoint/http/token.rs", "/endpoint/http/authentication.rs"];

#[test]
fn the_time_of_day_is_not_asked_for() {
    for (path, text) in super::sources() {
        if TIME_OF_DAY.iter().any(|file| path.ends_with(file)) {
            continue;
        }
        for clock in
            ["SystemTime::now", "UNIX_EPOCH.elapsed", "Utc::now", "Local::now", "OffsetDateTime::now"]
        {
            // An example of what users may do is no code of ours.
            let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            assert!(!code.any(|line| line.contains(clock)), "{path} uses {clock}");
        }
    }
}
