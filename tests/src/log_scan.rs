//! Whether a server keeps to itself what it is told: tokens and values are remembered as they come, and then looked
//! for in everything that was logged and traced.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use axum::extract::Request;
use serde_json::Value;
use signalr_runtime::server::{Filter, Invocation, Next};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::writer::MakeWriterExt;
use tracing_subscriber::util::SubscriberInitExt;

/// A shorter text may well stand in a log for other reasons.
const SHORTEST: usize = 12;

/// Remembers and looks.
#[derive(Clone, Debug, Default)]
pub struct LogScan {
    secrets: Arc<Mutex<Secrets>>,
    log: Log,
}

#[derive(Debug, Default)]
struct Secrets {
    tokens: HashSet<String>,
    values: HashSet<String>,
}

/// What a scan has found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has called the server: there was nothing to find.
    NothingHappened,
    /// So many secrets are in none of so many lines.
    Kept {
        /// How many texts were looked for.
        secrets: usize,
        /// How many lines were searched.
        lines: usize,
    },
    /// The first line with a secret.
    Leaked(String),
}

impl LogScan {
    /// Logs and traces this process at the most verbose level, to the standard error and for the scan.
    pub fn start() -> Self {
        let scan = Self::default();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(scan.log.clone().and(io::stderr))
            .init();
        scan
    }

    /// Remembers the tokens of a request.
    pub fn see_request(&self, request: &Request) {
        let mut secrets = self.secrets();
        for pair in request.uri().query().unwrap_or_default().split('&') {
            if let Some(("id" | "access_token", token)) = pair.split_once('=') {
                secrets.tokens.insert(token.to_owned());
            }
        }
        let credentials = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        secrets.tokens.extend(credentials.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned));
    }

    /// Remembers the texts among the arguments of every call.
    pub fn filter(&self) -> impl Filter + use<> {
        let scan = self.clone();
        move |call: Invocation, next: Next| {
            let mut texts = Vec::new();
            (0..).map_while(|index| call.argument(index).ok()).for_each(|value| collect(value, &mut texts));
            scan.secrets().values.extend(texts);
            async move { next.run(call).await }
        }
    }

    /// Looks for everything that was remembered.
    pub fn finish(&self) -> Verdict {
        let log = self.log.text();
        let secrets = self.secrets();
        if secrets.values.is_empty() || !log.contains("InvocationIn") {
            return Verdict::NothingHappened;
        }
        // As a debug format writes them, too.
        let wanted: HashSet<String> = secrets
            .tokens
            .iter()
            .chain(&secrets.values)
            .filter(|secret| secret.len() >= SHORTEST)
            .flat_map(|secret| [secret.clone(), secret.escape_debug().to_string()])
            .collect();
        // Most lines differ in times only.
        let lines: HashSet<&str> = log.lines().map(without_times).collect();
        match lines.iter().find(|line| wanted.iter().any(|secret| line.contains(secret))) {
            Some(line) => Verdict::Leaked((*line).to_owned()),
            None => Verdict::Kept { secrets: wanted.len(), lines: log.lines().count() },
        }
    }

    fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line without when it was logged, and without how long its span took.
fn without_times(line: &str) -> &str {
    let line = line.split_once(' ').map_or(line, |(_, rest)| rest);
    line.split_once(" time.busy=").map_or(line, |(line, _)| line)
}

fn collect(value: Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.into_iter().for_each(|(_, value)| collect(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A log that can be read.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

/// Somebody hears every thread: as long as there is one log only, the first thread that comes by decides for the whole
/// process whether a place in the code is logged at all, and it may be one that has no log.
static OTHER_THREADS: Once = Once::new();

impl Log {
    /// Logs this thread at the most verbose level until the guard is dropped.
    #[must_use]
    pub fn of_this_thread() -> (Self, DefaultGuard) {
        OTHER_THREADS.call_once(|| tracing_subscriber::registry().init());
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, subscriber.set_default())
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(secrets: &[&str], log: &str) -> Verdict {
        let scan = LogScan::default();
        scan.secrets().values.extend(secrets.iter().map(|&secret| secret.to_owned()));
        scan.log.0.lock().unwrap().extend_from_slice(log.as_bytes());
        scan.finish()
    }

    #[test]
    fn a_secret_is_found_in_whatever_form() {
        let secret = "correct horse";
        let call = "10:00 TRACE InvocationIn: new\n";
        let kept = Verdict::Kept { secrets: 1, lines: 2 };
        assert_eq!(scan(&[secret, "short"], &format!("{call}10:01 short, correct, horse\n")), kept);
        let leaked = |line: &str| Verdict::Leaked(line.to_owned());
        assert_eq!(scan(&[secret], &format!("{call}10:01 my correct horse!\n")), leaked("my correct horse!"));
        let quoted = r#"say \"correct horse\""#;
        assert_eq!(scan(&[r#""correct horse""#], &format!("{call}10:01 {quoted}\n")), leaked(quoted));
    }

    #[test]
    fn nothing_is_said_of_a_server_that_nobody_called() {
        assert_eq!(scan(&["correct horse"], "10:00 started\n"), Verdict::NothingHappened);
        assert_eq!(scan(&[], "10:00 InvocationIn: new\n"), Verdict::NothingHappened);
    }

    #[test]
    fn the_tokens_of_a_request_are_remembered() {
        let scan = LogScan::default();
        let request = Request::get("/hub?id=connection-token&access_token=access-token&user=ada")
            .header("authorization", "Bearer bearer-token");
        scan.see_request(&request.body(axum::body::Body::empty()).unwrap());
        let mut tokens: Vec<_> = scan.secrets().tokens.iter().cloned().collect();
        tokens.sort_unstable();
        assert_eq!(tokens, ["access-token", "bearer-token", "connection-token"]);
    }
}
