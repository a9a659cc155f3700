//! Any text as a connection token, and tokens that were tampered with.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::connections::{Connections, Live, SocketConnection};
use super::options::HttpOptions;
use super::token::{TokenKey, TokenSealer};
use crate::endpoint::connection_id::ConnectionId;
use crate::endpoint::limits::Limits;
use crate::endpoint::node::NodeId;

const LIFETIME: Duration = Duration::from_secs(15);
const KEY: [u8; 32] = *b"not a secret: the fuzzer's own .";

/// Takes `data` as a token, and then as what was done to one that was sealed: for whom, and which byte became which.
///
/// # Panics
///
/// If a token opens that was not sealed here, or is good for another holder, or at another endpoint, or twice.
pub fn token(data: &[u8]) {
    forged(data);
    if let Some(([flags, place, byte], user)) = data.split_first_chunk() {
        let user = String::from_utf8_lossy(user);
        tampered(*flags, (*place, *byte), &user);
        used(*flags, &user);
    }
}

/// Nobody can make a token.
fn forged(data: &[u8]) {
    let sealer = TokenSealer::new(LIFETIME, Some(&TokenKey::new(KEY)));
    let sealer = sealer.of("hub");
    for token in [String::from_utf8_lossy(data).into_owned(), BASE64_URL_SAFE_NO_PAD.encode(data)] {
        assert!(sealer.open(&token).is_none(), "a token opens that nobody has sealed");
    }
}

/// A token is good for its holder and its endpoint, and only as it is.
fn tampered(flags: u8, (place, byte): (u8, u8), user: &str) {
    let key = TokenKey::new(KEY);
    let sealer = TokenSealer::new(LIFETIME, (flags & 1 != 0).then_some(&key));
    let (sealer, elsewhere) = (sealer.of("hub"), sealer.of("other"));
    let stateful = flags & 2 != 0;
    let known = (flags & 4 != 0).then_some(user);
    let id = ConnectionId::random(NodeId::new(1));
    let (id, token) = if flags & 8 != 0 {
        (id.clone(), sealer.seal(&id, known, stateful))
    } else {
        let token = sealer.seal_id(known, stateful);
        (token.clone(), token.as_str().to_owned())
    };

    let claim = sealer.open(&token).expect("a token opens");
    assert_eq!((claim.id == id, claim.stateful, claim.is_public), (true, stateful, flags & 8 == 0));
    let other = format!("{user}.");
    assert!(sealer.is_held_by(&claim, known), "a token is good for its holder");
    assert!(!sealer.is_held_by(&claim, Some(&other)), "a token is good for somebody else");
    let swapped = if known.is_some() { None } else { Some(user) };
    assert!(!sealer.is_held_by(&claim, swapped), "a token is good for somebody who is known and for nobody");
    assert!(elsewhere.open(&token).is_none(), "a token of another endpoint opens");

    let place = usize::from(place) % token.len();
    let mut bytes = token.clone().into_bytes();
    bytes[place] = byte;
    let mut texts =
        vec![token[..place].to_owned(), format!("{token}A"), format!("{token}="), format!(" {token}")];
    texts.extend(String::from_utf8(bytes).ok().filter(|text| *text != token));
    for text in texts {
        assert!(sealer.open(&text).is_none(), "a token opens that was tampered with");
    }
}

/// A token opens one connection.
fn used(flags: u8, user: &str) {
    let connections = Arc::new(Connections::new(&HttpOptions::default(), &Limits::default()));
    let known = (flags & 4 != 0).then_some(user);
    let tokens = connections.tokens.of("hub");
    let token = tokens.seal(&ConnectionId::random(NodeId::new(1)), known, false);
    let claim = || tokens.open(&token).expect("a token opens");
    let enter = || {
        connections.enter(claim(), |entry| {
            (Live::Socket(SocketConnection { seat: None, authentication: None }), entry)
        })
    };
    let looked_up = || connections.look_up("hub", &token);
    assert!(looked_up().is_some_and(|ticket| ticket.live.is_none()), "a new token has opened nothing");
    let entry = enter().expect("a token that is new").ok();
    assert!(entry.is_some(), "a new token leads to a connection that is there");
    assert!(looked_up().is_some_and(|ticket| ticket.live.is_some()), "a connection is found by its token");
    assert!(matches!(enter(), Some(Err(_))), "a second request leads to the connection that is there");
    drop(entry);
    assert!(enter().is_none(), "a token opens a second connection");
    assert!(looked_up().is_none(), "a token is known when its connection is over");
}
