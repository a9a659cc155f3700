use proptest::prelude::*;

use super::*;

/// Pushes each chunk and collects the records, breaking after each for which `pause` says so.
fn read_all(
    reader: &mut RecordReader,
    chunks: &[&[u8]],
    mut pause: impl FnMut(usize) -> bool,
) -> Result<Vec<Vec<u8>>, ProtocolError> {
    let mut records = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        loop {
            let flow = reader.push(rest, |record| {
                records.push(record.to_vec());
                if pause(records.len()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if flow.is_continue() {
                break;
            }
            rest = &[];
        }
    }
    Ok(records)
}

fn read_in_one(limit: Option<usize>, bytes: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
    read_all(&mut RecordReader::new(limit), &[bytes], |_| false)
}

#[test]
fn whole_records_are_handed_on_where_they_stand() {
    let chunk = b"one\x1etwo\x1e\x1ethree";
    let mut reader = RecordReader::new(None);
    let mut records = Vec::new();
    let flow = reader.push(chunk, |record| {
        let range = chunk.as_ptr_range();
        assert!(range.contains(&record.as_ptr()), "not copied");
        records.push(record.to_vec());
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(flow, Ok(ControlFlow::Continue(())));
    assert_eq!(records, [&b"one"[..], b"two", b""]);
    assert_eq!(reader.unread(), b"three", "only the unfinished tail is kept");
    assert_eq!(reader.end(), Err(ProtocolError::Truncated));
}

#[test]
fn the_buffer_is_given_back_when_it_is_empty() {
    let mut reader = RecordReader::new(None);
    assert_eq!(read_all(&mut reader, &[b"on", b"e\x1etwo\x1e"], |_| false).expect("read").len(), 2);
    assert_eq!(reader.held.capacity(), 0);
    assert_eq!(reader.end(), Ok(()));
}

#[test]
fn no_byte_is_looked_at_twice() {
    let mut reader = RecordReader::new(None);
    for sent in 1..=1000 {
        assert_eq!(reader.push(b"x", |_| ControlFlow::<()>::Continue(())), Ok(ControlFlow::Continue(())));
        assert_eq!(reader.scanned, sent);
    }
}

#[test]
fn what_follows_a_break_is_kept_in_order() {
    let mut reader = RecordReader::new(None);
    let mut records = Vec::new();
    let mut one_at_a_time = |reader: &mut RecordReader, chunk: &[u8]| {
        let flow = reader.push(chunk, |record| {
            records.push(String::from_utf8_lossy(record).into_owned());
            ControlFlow::Break(records.len())
        });
        flow.expect("no limit").break_value()
    };
    assert_eq!(one_at_a_time(&mut reader, b"1\x1e2\x1e3\x1e4"), Some(1));
    // More arrives although the consumer has not gone on.
    assert_eq!(one_at_a_time(&mut reader, b"4\x1e5"), Some(2));
    assert_eq!(one_at_a_time(&mut reader, b""), Some(3));
    assert_eq!(one_at_a_time(&mut reader, b""), Some(4));
    assert_eq!(one_at_a_time(&mut reader, b""), None);
    assert_eq!(one_at_a_time(&mut reader, b"\x1e"), Some(5));
    assert_eq!(reader.end(), Ok(()));
    assert_eq!(records, ["1", "2", "3", "44", "5"]);
}

#[test]
fn the_reader_can_be_switched_between_two_records_of_a_chunk() {
    let mut reader = RecordReader::new(Some(8));
    let flow = reader.push(b"hello\x1ea longer record\x1e", |record| {
        assert_eq!(record, b"hello");
        ControlFlow::Break(())
    });
    assert_eq!(flow, Ok(ControlFlow::Break(())));
    reader.switch(Framing::of(HubProtocol::Json), Some(16));
    let flow = reader.resume(|record| {
        assert_eq!(record, b"a longer record");
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(flow, Ok(ControlFlow::Continue(())));
    assert_eq!(reader.end(), Ok(()));
}

#[test]
fn a_message_may_have_the_maximum_size_and_no_byte_more() {
    let fits = Some(8);
    for (chunks, expected) in [
        (&[&b"1234567\x1e"[..]][..], Ok(1)),
        (&[b"12345678\x1e"], Err(8)),
        // Many small ones in one chunk do not add up.
        (&[b"123456\x1e123456\x1e123456\x1e"], Ok(3)),
        (&[b"1\x1e12345678\x1e"], Err(8)),
        // Without its end a message fails with the first byte that is too much.
        (&[b"12345678"], Ok(0)),
        (&[b"123456789"], Err(8)),
        (&[b"1234", b"5678"], Ok(0)),
        (&[b"1234", b"567", b"\x1e"], Ok(1)),
        (&[b"1234", b"5678", b"\x1e"], Err(8)),
        (&[b"1234", b"56789"], Err(8)),
        (&[b"1234", b"5678\x1e"], Err(8)),
        (&[b"1\x1e1234", b"567\x1e1234567\x1e"], Ok(3)),
    ] {
        let read = read_all(&mut RecordReader::new(fits), chunks, |_| false).map(|records| records.len());
        assert_eq!(read, expected.map_err(|limit| ProtocolError::TooLarge { limit }), "{chunks:?}");
        if expected.is_err() {
            let read = read_all(&mut RecordReader::new(None), chunks, |_| false);
            assert!(read.is_ok(), "without a limit nothing is too large");
        }
    }
    assert_eq!(
        ProtocolError::TooLarge { limit: 32_768 }.to_string(),
        "The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions."
    );
}

#[test]
fn a_message_that_is_too_large_leaves_no_buffer() {
    let mut reader = RecordReader::new(Some(8));
    assert!(read_all(&mut reader, &[b"1234", b"56789"], |_| false).is_err());
    assert_eq!(reader.held.capacity(), 0);
}

/// The cuts as places in `bytes`, its ends included.
fn chunks<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

proptest! {
    /// However the stream is cut, and wherever the consumer pauses, the same records come out.
    #[test]
    fn any_split_gives_the_same_records(
        bytes in prop::collection::vec(prop_oneof![3 => b'a'..=b'c', 1 => Just(RECORD_SEPARATOR)], 0..80),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        pauses in prop::collection::vec(any::<bool>(), 100),
        limit in prop_oneof![Just(None), (1..24_usize).prop_map(Some)],
    ) {
        let chunks = chunks(&bytes, &cuts);
        let mut reader = RecordReader::new(limit);
        let split = read_all(&mut reader, &chunks, |count| pauses[count]);
        prop_assert_eq!(&split, &read_in_one(limit, &bytes));
        if let Ok(records) = split {
            let mut joined = records.iter().flat_map(|record| [record, &[RECORD_SEPARATOR][..]]).flatten();
            prop_assert!(bytes.iter().zip(joined.by_ref()).all(|(sent, read)| sent == read));
            prop_assert_eq!(joined.next(), None);
            prop_assert_eq!(reader.end().is_ok(), bytes.last().is_none_or(|last| *last == RECORD_SEPARATOR));
        }
    }
}

#[test]
fn what_is_kept_can_be_looked_at_ahead_once() {
    let mut reader = RecordReader::new(None);
    let flow = reader.push(b"one\x1etwo\x1eth", |_| ControlFlow::Break(())).expect("read");
    assert!(flow.is_break());
    let mut seen = Vec::new();
    for chunk in [&b""[..], b"ree\x1efo", b"", b"ur\x1e"] {
        reader.keep(chunk);
        reader.look_ahead(|record| seen.push(record.to_vec())).expect("read");
    }
    assert_eq!(seen, [&b"two"[..], b"three", b"four"]);
    let mut records = Vec::new();
    let flow = reader.resume(|record| {
        records.push(record.to_vec());
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(flow, Ok(ControlFlow::Continue(())));
    assert_eq!(records, seen, "it is still handed on");
    assert_eq!(reader.held.capacity(), 0);
}

#[test]
fn too_large_a_message_is_found_ahead_too() {
    let mut reader = RecordReader::new(Some(4));
    reader.keep(b"one\x1e12345");
    assert_eq!(reader.look_ahead(|_| ()), Err(ProtocolError::TooLarge { limit: 4 }));
}

#[test]
fn a_message_that_will_never_end_is_cut_off() {
    let mut reader = RecordReader::new(None);
    reader.keep(b"one\x1etwo\x1eth");
    reader.cut();
    assert_eq!(
        read_all(&mut reader, &[b"four\x1e"], |_| false).expect("read"),
        [b"one", &b"two"[..], b"four"]
    );
    assert!(read_all(&mut reader, &[b"fi"], |_| false).expect("read").is_empty());
    reader.cut();
    assert_eq!(reader.end(), Ok(()));
}

#[cfg(feature = "messagepack")]
mod binary {
    use super::*;

    fn reader(limit: Option<usize>) -> RecordReader {
        let mut reader = RecordReader::new(limit);
        reader.switch(Framing::Binary, limit);
        reader
    }

    #[test]
    fn whole_records_are_handed_on_where_they_stand() {
        let chunk = b"\x03one\x00\x83\x00two\x05thr";
        let mut reader = reader(None);
        let mut records = Vec::new();
        let flow = reader.push(chunk, |record| {
            let range = chunk.as_ptr_range();
            assert!(record.is_empty() || range.contains(&record.as_ptr()), "not copied");
            records.push(record.to_vec());
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(flow, Ok(ControlFlow::Continue(())));
        assert_eq!(records, [&b"one"[..], b"", b"two"]);
        assert_eq!(reader.unread(), b"\x05thr", "only the unfinished tail is kept");
        assert_eq!(reader.end(), Err(ProtocolError::Truncated));
        assert_eq!(read_all(&mut reader, &[b"ee"], |_| false), Ok(vec![b"three".to_vec()]));
        assert_eq!(reader.held.capacity(), 0);
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn a_message_that_is_too_large_is_refused_with_its_length() {
        let too_large = Err(ProtocolError::TooLarge { limit: 8 });
        for (chunks, expected) in [
            (&[&b"\x071234567"[..]][..], Ok(1)),
            (&[b"\x08"], too_large.clone()),
            (&[b"\x071234567\x071234567", b"\x07"], Ok(2)),
            // The length counts too, however long it is.
            (&[b"\x87\x00"], too_large.clone()),
            (&[b"\x86\x00123456"], Ok(1)),
            (&[b"\xFF\xFF", b"\xFF\xFF\x07"], too_large.clone()),
            (&[b"\xFF\xFF\xFF\xFF", b"\x08"], Err(ProtocolError::LengthOverflow)),
        ] {
            let read = read_all(&mut reader(Some(8)), chunks, |_| false).map(|records| records.len());
            assert_eq!(read, expected, "{chunks:?}");
        }
    }

    #[test]
    fn nothing_is_kept_for_what_is_only_announced() {
        let mut reader = reader(None);
        let flow = reader.push(b"\xFF\xFF\xFF\xFF\x07x", |_| ControlFlow::<()>::Break(()));
        assert_eq!(flow, Ok(ControlFlow::Continue(())));
        assert!(reader.held.capacity() < 64);
    }

    #[test]
    fn it_begins_behind_the_handshake() {
        let mut reader = RecordReader::new(None);
        let flow = reader.push(b"{}\x1e\x02\x91\x06\x1e", |_| ControlFlow::Break(()));
        assert_eq!(flow, Ok(ControlFlow::Break(())));
        reader.switch(Framing::of(HubProtocol::MessagePack), None);
        assert_eq!(read_all(&mut reader, &[b""], |_| false), Ok(vec![b"\x91\x06".to_vec()]));
        assert_eq!(reader.unread(), b"\x1e");
    }

    proptest! {
        /// However the stream is cut, and wherever the consumer pauses, the same records come out.
        #[test]
        fn any_split_gives_the_same_records(
            lengths in prop::collection::vec((0..200_usize, 0..3_usize), 0..8),
            broken in prop::collection::vec(any::<u8>(), 0..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
            pauses in prop::collection::vec(any::<bool>(), 1500),
            limit in prop_oneof![Just(None), (1..250_usize).prop_map(Some)],
        ) {
            let mut bytes = Vec::new();
            for (length, longer) in lengths {
                bytes.extend(Prefix::write(length));
                // Not the shortest form.
                for _ in 0..longer {
                    if let Some(last) = bytes.last_mut() {
                        *last |= 0x80;
                        bytes.push(0);
                    }
                }
                bytes.extend((0..=u8::MAX).take(length));
            }
            bytes.extend(broken);
            let chunks = chunks(&bytes, &cuts);
            let split = read_all(&mut reader(limit), &chunks, |count| pauses[count]);
            prop_assert_eq!(split, read_all(&mut reader(limit), &[&bytes], |_| false));
        }
    }
}
