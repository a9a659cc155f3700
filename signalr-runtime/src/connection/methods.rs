//! Finding a method by the name that the other side sent.

use std::cmp::Ordering;

use crate::contract::dispatch::{Dispatch, Handler};

/// The methods of one side, sorted by name without regard to ASCII case.
pub(crate) struct MethodTable<H: 'static> {
    sorted: Vec<&'static Handler<H>>,
}

impl<H: 'static> MethodTable<H> {
    pub(crate) fn new<C: Dispatch<H>>() -> Self {
        let mut sorted: Vec<_> = C::HANDLERS.iter().collect();
        sorted.sort_unstable_by(|a, b| compare(a.name, b.name));
        Self { sorted }
    }

    pub(crate) fn find(&self, target: &str) -> Option<&'static Handler<H>> {
        let at = self.sorted.binary_search_by(|handler| compare(handler.name, target)).ok()?;
        self.sorted.get(at).copied()
    }
}

fn compare(a: &str, b: &str) -> Ordering {
    fn lower(name: &str) -> impl Iterator<Item = u8> + '_ {
        name.bytes().map(|byte| byte.to_ascii_lowercase())
    }
    lower(a).cmp(lower(b))
}
