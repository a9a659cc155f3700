//! The trace that a caller is part of, from the headers of its call.

use std::borrow::Cow;
use std::num::{NonZeroU64, NonZeroU128};

/// The longest `tracestate` that is taken over, in bytes: as much as everybody has to propagate.
const LONGEST_STATE: usize = 512;

/// The span of a caller, on whose behalf a hub method runs: the `traceparent` and `tracestate` headers of an
/// invocation, as W3C Trace Context defines them. What does not follow that definition is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: NonZeroU128,
    parent_id: NonZeroU64,
    flags: u8,
    state: Option<Box<str>>,
}

impl TraceContext {
    /// The trace; 16 bytes, as a number.
    pub fn trace_id(&self) -> u128 {
        self.trace_id.get()
    }

    /// The caller's span; 8 bytes, as a number.
    pub fn parent_id(&self) -> u64 {
        self.parent_id.get()
    }

    /// The trace flags. The lowest bit says that the caller records its trace.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// What tracing systems pass on among themselves: the `tracestate`, of printable ASCII and 512 bytes at the most.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    pub(crate) fn of_headers(headers: &[(Cow<'_, str>, Cow<'_, str>)]) -> Option<Self> {
        let find = |name: &str| {
            headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
        };
        let mut context = Self::parse(find("traceparent")?)?;
        context.state = find("tracestate").filter(|state| is_state(state)).map(Into::into);
        Some(context)
    }

    /// Reads `00-<32 digits>-<16 digits>-<2 digits>`; a version to come may add more behind another hyphen.
    fn parse(parent: &str) -> Option<Self> {
        let mut parts = parent.splitn(5, '-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = NonZeroU128::new(hex(parts.next()?, 32)?)?;
        let parent_id = NonZeroU64::new(hex(parts.next()?, 16)?.try_into().ok()?)?;
        let flags = hex(parts.next()?, 2)?.try_into().ok()?;
        match (version, parts.next()) {
            (0xff, _) | (0, Some(_)) => None,
            _ => Some(Self { trace_id, parent_id, flags, state: None }),
        }
    }
}

fn is_state(text: &str) -> bool {
    (1..=LONGEST_STATE).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// A number of exactly so many hexadecimal digits, in lower case.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == digits && text.bytes().all(lower) { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(headers: &[(&'static str, &str)]) -> Option<(u128, u64, u8, Option<String>)> {
        let headers: Vec<_> =
            headers.iter().map(|&(key, value)| (Cow::from(key), Cow::from(value))).collect();
        let context = TraceContext::of_headers(&headers)?;
        let state = context.state().map(str::to_owned);
        Some((context.trace_id(), context.parent_id(), context.flags(), state))
    }

    #[test]
    fn a_context_is_read_from_headers() {
        let (trace, parent) = (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0xb7ad_6b71_6920_3331);
        assert_eq!(of(&[("traceparent", PARENT)]), Some((trace, parent, 1, None)));
        let headers = [("other", "x"), ("TraceState", "a=1,b=2"), ("TraceParent", PARENT)];
        assert_eq!(of(&headers), Some((trace, parent, 1, Some("a=1,b=2".to_owned()))));
        // A version to come may say more, but no less.
        let later = PARENT.replacen("00", "01", 1);
        assert_eq!(of(&[("traceparent", &later)]), Some((trace, parent, 1, None)));
        assert_eq!(of(&[("traceparent", &format!("{later}-more-of-it"))]), Some((trace, parent, 1, None)));
    }

    #[test]
    fn what_is_no_context_is_ignored() {
        let faulty = [
            "",
            "00",
            "-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319cc-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-001",
            "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319é-b7ad6b7169203331-01",
        ];
        for faulty in faulty {
            assert_eq!(of(&[("traceparent", faulty)]), None, "{faulty}");
        }
        assert_eq!(of(&[("tracestate", "a=1")]), None);
    }

    #[test]
    fn a_state_that_is_none_is_left_out() {
        let long = "x".repeat(513);
        for faulty in ["", "a=\u{e9}", "a=\n", &long] {
            let (.., state) = of(&[("traceparent", PARENT), ("tracestate", faulty)]).unwrap();
            assert_eq!(state, None, "{faulty}");
        }
        let longest = "x".repeat(512);
        let (.., state) = of(&[("traceparent", PARENT), ("tracestate", &longest)]).unwrap();
        assert_eq!(state, Some(longest));
    }
}
