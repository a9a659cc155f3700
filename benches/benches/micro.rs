//! What the runtime adds to a call: decoding, dispatch and encoding, without a connection.

use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, criterion_group, criterion_main};

fn micro(criterion: &mut Criterion) {
    let _ = (criterion, black_box(0));
}

criterion_group!(benches, micro);
criterion_main!(benches);
