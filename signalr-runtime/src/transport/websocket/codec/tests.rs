use proptest::prelude::*;

use super::*;

/// What a reader reported, with neighbouring data joined.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Data(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(u16, String),
    Violation(Violation),
}

/// Reads `bytes` in chunks of the lengths in `cuts`, and what is left over at once.
fn read(role: Role, bytes: &[u8], cuts: &[usize]) -> Vec<Seen> {
    let mut reader = FrameReader::new(role, FREE_FRAGMENTS);
    let mut seen = Vec::new();
    let mut rest = bytes.to_vec();
    let mut cuts = cuts.iter();
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |&cut| cut.min(rest.len()));
        let tail = rest.split_off(cut);
        let mut chunk = Chunk(&mut rest);
        loop {
            match reader.next(&mut chunk) {
                Ok(None) => break,
                Ok(Some(Event::Data(data))) => match seen.last_mut() {
                    Some(Seen::Data(before)) => before.extend_from_slice(data),
                    _ => seen.push(Seen::Data(data.to_vec())),
                },
                Ok(Some(Event::Ping(payload))) => seen.push(Seen::Ping(payload)),
                Ok(Some(Event::Pong)) => seen.push(Seen::Pong),
                Ok(Some(Event::Empty)) => {}
                Ok(Some(Event::Close(close))) => {
                    seen.push(Seen::Close(close.code(), close.reason().to_owned()));
                }
                Err(violation) => seen.push(Seen::Violation(violation)),
            }
        }
        assert!(chunk.0.is_empty(), "a reader that asks for more has used up what it got");
        rest = tail;
    }
    seen
}

const FINAL: u8 = 0x80;
const MORE: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CONTINUE: u8 = 0;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const UNKNOWN_CONTROL: u8 = 11;

/// A frame as a server sends it.
fn bare(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, None, payload)
}

/// A frame as a client sends it.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, Some([0x37, 0xfa, 0x21, 0x3d]), payload)
}

fn frame(first: u8, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let (medium, long) = (0x7e, 0x7f);
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(len @ 0..126), _) => frame.push(bit | len),
        (_, Ok(len)) => {
            frame.push(bit | medium);
            frame.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            frame.push(bit | long);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&mask.unwrap_or_default()[..if mask.is_some() { 4 } else { 0 }]);
    frame.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ mask.unwrap_or_default()[i % 4]));
    frame
}

fn data(bytes: impl AsRef<[u8]>) -> Seen {
    Seen::Data(bytes.as_ref().to_vec())
}

/// What it shows, the frames, what is to be seen.
type Case<'a> = (&'a str, Vec<Vec<u8>>, Vec<Seen>);

/// Every case is read whole, byte by byte, and cut once at each place.
fn assert_cases(role: Role, cases: Vec<Case<'_>>) {
    for (name, frames, expected) in cases {
        let bytes = frames.concat();
        assert_eq!(read(role, &bytes, &[]), expected, "{name}: whole");
        assert_eq!(read(role, &bytes, &vec![1; bytes.len()]), expected, "{name}: byte by byte");
        for cut in 1..bytes.len().min(300) {
            assert_eq!(read(role, &bytes, &[cut]), expected, "{name}: cut at {cut}");
        }
    }
}

#[test]
fn what_rfc_6455_allows() {
    let euro = "€".as_bytes();
    let emoji = "😀".as_bytes();
    let long = vec![b'x'; 70_000];
    let medium = vec![0xff; 300];
    assert_cases(
        Role::Client,
        vec![
            (
                "§5.7 an unmasked text message",
                vec![vec![0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f]],
                vec![data("Hello")],
            ),
            (
                "§5.7 a fragmented text message",
                vec![vec![0x01, 3, 0x48, 0x65, 0x6c], vec![0x80, 2, 0x6c, 0x6f]],
                vec![data("Hello")],
            ),
            ("an empty message", vec![bare(FINAL | TEXT, b""), bare(FINAL | BINARY, b"")], vec![]),
            (
                "two messages are one stream",
                vec![bare(FINAL | TEXT, b"a"), bare(FINAL | BINARY, b"b")],
                vec![data("ab")],
            ),
            ("a length of two bytes", vec![bare(FINAL | BINARY, &medium)], vec![data(&medium)]),
            ("a length in more bytes than it needs", vec![vec![0x82, 126, 0, 1, 7]], vec![data([7])]),
            (
                "control frames between fragments",
                vec![
                    bare(MORE | TEXT, b"a"),
                    bare(FINAL | PING, b"?"),
                    bare(FINAL | PONG, b""),
                    bare(FINAL, b"b"),
                ],
                vec![data("a"), Seen::Ping(b"?".to_vec()), Seen::Pong, data("b")],
            ),
            ("the longest ping", vec![bare(FINAL | PING, &[9; 125])], vec![Seen::Ping(vec![9; 125])]),
            (
                "characters cut by fragments",
                vec![
                    bare(MORE | TEXT, &euro[..1]),
                    bare(MORE | CONTINUE, &euro[1..2]),
                    bare(MORE | CONTINUE, b""),
                    bare(MORE | CONTINUE, &[&euro[2..], &emoji[..3]].concat()),
                    bare(FINAL | CONTINUE, &emoji[3..]),
                ],
                vec![data("€😀")],
            ),
            ("binary is not looked at", vec![bare(FINAL | BINARY, &[0xc0, 0xff])], vec![data([0xc0, 0xff])]),
            (
                "a close without a status",
                vec![bare(FINAL | CLOSE, b"")],
                vec![Seen::Close(1000, String::new())],
            ),
            (
                "a close with a status and a reason",
                vec![bare(FINAL | CLOSE, b"\x03\xf3no \xe2\x82\xac")],
                vec![Seen::Close(1011, "no €".into())],
            ),
            (
                "nothing is read behind a close",
                vec![
                    bare(FINAL | TEXT, b"a"),
                    bare(FINAL | CLOSE, b"\x03\xe8"),
                    bare(FINAL | TEXT, b"b"),
                    vec![0xff; 9],
                ],
                vec![data("a"), Seen::Close(1000, String::new())],
            ),
            (
                "a close within a message",
                vec![bare(MORE | TEXT, b"a"), bare(FINAL | CLOSE, b"\x0f\xa0")],
                vec![data("a"), Seen::Close(4000, String::new())],
            ),
        ],
    );
    assert_cases(
        Role::Server,
        vec![
            (
                "§5.7 a masked text message",
                vec![vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]],
                vec![data("Hello")],
            ),
            ("a length of eight bytes", vec![masked(FINAL | TEXT, &long)], vec![data(&long)]),
            ("a masked ping", vec![masked(FINAL | PING, b"abcde")], vec![Seen::Ping(b"abcde".to_vec())]),
        ],
    );
}

#[test]
fn what_rfc_6455_forbids() {
    let fault = |violation| vec![Seen::Violation(violation)];
    let after = |bytes: &[u8], violation| vec![data(bytes), Seen::Violation(violation)];
    assert_cases(
        Role::Server,
        vec![
            (
                "a frame of a client without a mask",
                vec![bare(FINAL | TEXT, b"a")],
                fault(Violation::NotMasked),
            ),
            ("a ping of a client without a mask", vec![bare(FINAL | PING, b"")], fault(Violation::NotMasked)),
        ],
    );
    assert_cases(
        Role::Client,
        vec![
            ("a masked frame of a server", vec![masked(FINAL | TEXT, b"a")], fault(Violation::Masked)),
            ("reserved bit 1", vec![bare(0xc1, b"a")], fault(Violation::ReservedBit)),
            ("reserved bit 2", vec![bare(0xa1, b"a")], fault(Violation::ReservedBit)),
            ("reserved bit 3", vec![bare(0x91, b"a")], fault(Violation::ReservedBit)),
            ("an unknown data frame", vec![bare(FINAL | 3, b"a")], fault(Violation::Opcode)),
            ("an unknown control frame", vec![bare(FINAL | UNKNOWN_CONTROL, b"a")], fault(Violation::Opcode)),
            (
                "a length with its highest bit",
                vec![vec![0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]],
                fault(Violation::Length),
            ),
            ("a fragmented ping", vec![bare(MORE | PING, b"a")], fault(Violation::ControlFrame)),
            ("a ping that is too long", vec![bare(FINAL | PING, &[0; 126])], fault(Violation::ControlFrame)),
            (
                "a close that is too long",
                vec![bare(FINAL | CLOSE, &[3; 126])],
                fault(Violation::ControlFrame),
            ),
            (
                "a continuation of nothing",
                vec![bare(FINAL | CONTINUE, b"a")],
                fault(Violation::NothingToContinue),
            ),
            (
                "a continuation of a finished message",
                vec![bare(FINAL | TEXT, b"a"), bare(FINAL | CONTINUE, b"b")],
                after(b"a", Violation::NothingToContinue),
            ),
            (
                "a message within a message",
                vec![bare(MORE | TEXT, b"a"), bare(FINAL | TEXT, b"b")],
                after(b"a", Violation::MessageNotFinished),
            ),
            ("half a status", vec![bare(FINAL | CLOSE, &[3])], fault(Violation::ClosePayload)),
            (
                "a reason that is not UTF-8",
                vec![bare(FINAL | CLOSE, &[3, 0xe8, 0xff])],
                fault(Violation::NotUtf8),
            ),
            (
                "text that stops within a character",
                vec![bare(FINAL | TEXT, b"a\xf0\x9f")],
                after(b"a\xf0\x9f", Violation::NotUtf8),
            ),
            (
                "text that goes wrong in the middle",
                vec![bare(FINAL | TEXT, b"a\xe2\x82b"), bare(FINAL | TEXT, b"c")],
                after(b"a\xe2\x82", Violation::NotUtf8),
            ),
            (
                "nothing is read behind a violation",
                vec![bare(FINAL | TEXT, b"a"), bare(FINAL | 3, b""), bare(FINAL | TEXT, b"b")],
                after(b"a", Violation::Opcode),
            ),
        ],
    );
}

#[test]
fn text_must_be_utf8() {
    let bad: &[&[u8]] = &[
        b"\xff",
        b"\x80",
        b"\xc0\xaf",             // overlong
        b"\xe0\x80\xaf",         // overlong
        b"\xed\xa0\x80",         // a surrogate
        b"\xf4\x90\x80\x80",     // beyond U+10FFFF
        b"\xf0\x90\x80",         // stops within a character
        b"\xe2\x82",             // stops within a character
        b"ok \xe2\x82 not ok",   // a character that is broken off
        b"\xf0\x9f\x98\x80\xf0", // stops within the second one
    ];
    for text in bad {
        for cut in 0..text.len() {
            let frames = [bare(MORE | TEXT, &text[..cut]), bare(FINAL | CONTINUE, &text[cut..])].concat();
            for cuts in [vec![], vec![1; frames.len()]] {
                let seen = read(Role::Client, &frames, &cuts);
                assert_eq!(seen.last(), Some(&Seen::Violation(Violation::NotUtf8)), "{text:x?} cut at {cut}");
            }
        }
    }
}

#[test]
fn a_fault_in_text_is_found_before_its_frame_ends() {
    let seen = read(Role::Client, &[0x81, 100, b'a', 0xe0, 0x80], &[1, 1, 1, 1, 1]);
    assert_eq!(seen, [data(b"a\xe0"), Seen::Violation(Violation::NotUtf8)]);
}

#[test]
fn close_statuses_are_checked() {
    for (code, allowed) in [
        (0, false),
        (999, false),
        (1000, true),
        (1003, true),
        (1004, false),
        (1005, false),
        (1006, false),
        (1007, true),
        (1012, true),
        (1013, true),
        (1014, true),
        (1015, false),
        (1016, false),
        (2999, false),
        (3000, true),
        (4999, true),
        (5000, false),
        (65535, false),
    ] {
        let expected = if allowed {
            Seen::Close(code, String::new())
        } else {
            Seen::Violation(Violation::CloseStatus(code))
        };
        assert_eq!(read(Role::Client, &bare(FINAL | CLOSE, &code.to_be_bytes()), &[]), [expected]);
    }
}

#[test]
fn violations_name_the_status_to_close_with() {
    for (violation, code) in [
        (Violation::NotMasked, 1002),
        (Violation::CloseStatus(7), 1002),
        (Violation::NotUtf8, 1007),
        (Violation::TooManyFragments, 1009),
        (Violation::TooManyControlFrames, 1008),
    ] {
        assert_eq!(u16::from(violation.close_code()), code, "{violation}");
    }
}

#[test]
fn a_message_without_a_byte_is_told_apart() {
    let messages = [
        (vec![bare(FINAL | TEXT, b"")], true),
        (vec![bare(MORE | BINARY, b""), bare(FINAL | CONTINUE, b"")], true),
        (vec![bare(MORE | TEXT, b""), bare(FINAL | CONTINUE, b"a")], false),
        (vec![bare(MORE | TEXT, b"a"), bare(FINAL | CONTINUE, b"")], false),
        (vec![bare(FINAL | PONG, b"")], false),
    ];
    for (frames, empty) in messages {
        let mut bytes = frames.concat();
        let (mut reader, mut chunk) = (FrameReader::new(Role::Client, FREE_FRAGMENTS), Chunk(&mut bytes));
        let mut seen = false;
        while let Some(event) = reader.next(&mut chunk).unwrap() {
            seen |= event == Event::Empty;
        }
        assert_eq!(seen, empty, "{frames:x?}");
    }
}

#[test]
fn tiny_fragments_are_limited_and_large_ones_are_not() {
    let message = |fragments: usize, size: usize| {
        let mut frames = bare(MORE | BINARY, &vec![0; size]);
        for _ in 2..fragments {
            frames.extend(bare(MORE | CONTINUE, &vec![0; size]));
        }
        frames.extend(bare(FINAL | CONTINUE, &vec![0; size]));
        frames
    };
    let too_many = Some(Seen::Violation(Violation::TooManyFragments));
    assert_eq!(read(Role::Client, &message(64, 1), &[]), [data([0; 64])]);
    assert_eq!(read(Role::Client, &message(65, 1), &[]).pop(), too_many);
    assert_eq!(read(Role::Client, &message(100_000, 0), &[]).pop(), too_many);
    // What the .NET client makes of 4 MiB.
    assert_eq!(read(Role::Client, &message(1024, 4096), &[]), [data(vec![0; 4 << 20])]);
    // The count begins anew with each message.
    assert_eq!(read(Role::Client, &message(64, 1).repeat(3), &[]), [data([0; 192])]);
}

#[test]
fn the_mask_goes_on_across_cuts() {
    let payload: Vec<u8> = (0..=255).collect();
    let frame = masked(FINAL | BINARY, &payload);
    for step in 1..40 {
        assert_eq!(
            read(Role::Server, &frame, &vec![step; frame.len()]),
            [data(&payload)],
            "in steps of {step}"
        );
    }
}

fn frames(mask: impl Strategy<Value = Option<[u8; 4]>> + Clone + 'static) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x89, 0x8a]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        3 => ".{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => Just(b"\x03\xe8bye".to_vec()),
    ];
    prop::collection::vec((first, mask, payload), 0..20).prop_map(|frames| {
        frames.iter().flat_map(|(first, mask, payload)| frame(*first, *mask, payload)).collect()
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_same(
        bytes in frames(prop::option::weighted(0.98, any::<[u8; 4]>())),
        cuts in prop::collection::vec(1usize..30, 0..200),
    ) {
        prop_assert_eq!(read(Role::Server, &bytes, &cuts), read(Role::Server, &bytes, &[]));
        prop_assert_eq!(read(Role::Client, &bytes, &cuts), read(Role::Client, &bytes, &[]));
    }

    #[test]
    fn random_bytes_do_no_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        cuts in prop::collection::vec(0usize..30, 0..60),
    ) {
        read(Role::Server, &bytes, &cuts);
        read(Role::Client, &bytes, &cuts);
    }
}
