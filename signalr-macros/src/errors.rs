//! The faults of one trait, collected so that all of them are reported in one run.

use std::fmt::Display;
use std::thread;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// What is wrong, in the order in which it was found. Has to be [finished](Faults::finish).
#[derive(Default)]
pub(crate) struct Faults {
    all: Vec<syn::Error>,
    left_to_compiler: usize,
    finished: bool,
}

impl Faults {
    /// Reports `message` at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        self.all.push(error);
    }

    /// Counts a fault that the compiler reports in the trait itself: it is not reported twice.
    pub(crate) fn leave_to_compiler(&mut self) {
        self.left_to_compiler += 1;
    }

    /// How many of them are left to the compiler.
    pub(crate) fn left_to_compiler(&self) -> usize {
        self.left_to_compiler
    }

    /// How many there are so far: more than before a step means that the step found one.
    pub(crate) fn count(&self) -> usize {
        self.all.len() + self.left_to_compiler
    }

    /// The code that makes the compiler report them.
    pub(crate) fn finish(mut self) -> TokenStream {
        self.finished = true;
        let combined = std::mem::take(&mut self.all).into_iter().reduce(|mut all, next| {
            all.combine(next);
            all
        });
        combined.map(|error| error.to_compile_error()).unwrap_or_default()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        assert!(self.finished || thread::panicking(), "faults were collected and never reported");
    }
}
