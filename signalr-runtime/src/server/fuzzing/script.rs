//! How the bytes of a fuzzer become what a client does.

/// Stands before an act and its argument, and so cannot be sent. No text has it; in MessagePack it is the number -1.
const ACT: u8 = 0xFF;

/// More steps teach nothing new, and slow the fuzzer down.
const MOST_STEPS: usize = 64;

/// What a client does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// It sends some bytes.
    Send(&'a [u8]),
    /// Something else happens: which, and how much of it.
    Act(u8, u8),
}

/// Reads bytes as steps: acts, and between them what is sent.
pub(super) fn steps(mut rest: &[u8]) -> impl Iterator<Item = Step<'_>> {
    let next = move || {
        let (&first, behind) = rest.split_first()?;
        if first != ACT {
            let end = rest.iter().position(|&byte| byte == ACT).unwrap_or(rest.len());
            let (sent, behind) = rest.split_at(end);
            rest = behind;
            return Some(Step::Send(sent));
        }
        let (act, behind) = behind.split_first().map_or((0, behind), |(&act, behind)| (act, behind));
        let (argument, behind) =
            behind.split_first().map_or((0, behind), |(&argument, behind)| (argument, behind));
        rest = behind;
        Some(Step::Act(act, argument))
    };
    std::iter::from_fn(next).take(MOST_STEPS)
}
