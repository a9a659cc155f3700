//! From a received invocation to the user's method: the dispatch table, and for each method how it is called.
//!
//! One implementation of a trait each, which names the parameters and calls the method. The arguments are bound, and the
//! future that owns them is written, in the runtime.
//!
//! Functions are called by their paths: a method of a trait that the user implements for every type could
//! come before one of the runtime's.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::carried::of_method;
use super::{list, signature};
use crate::model::{Contract, Kind, Method, Param, Soundness};
use crate::parse::suffixed;

pub(super) fn impls(contract: &Contract) -> TokenStream {
    let Contract { ident, methods, soundness, .. } = contract;
    if *soundness == Soundness::Unusable {
        return TokenStream::new();
    }
    let marker = suffixed(ident, "Contract");
    let called = methods.iter().map(|method| called(ident, method));
    let handlers = methods.iter().map(|method| {
        let Method { wire_name, cfgs, .. } = method;
        let (of, signature) = (names(&method.kind).1, signature(method));
        quote! {
            #(#cfgs)*
            __rt::Handler::<__H>::#of::<#signature>(#wire_name)
        }
    });
    quote! {
        #(#called)*

        impl<__H: #ident + 'static> __rt::Dispatch<__H> for #marker {
            const HANDLERS: &'static [__rt::Handler<__H>] = &[#(#handlers),*];
        }
    }
}

/// The trait that says how a method of the kind is called, and its function.
fn names(kind: &Kind) -> (Ident, Ident) {
    let (of, function) = match kind {
        Kind::Call(_) => ("HandleCall", "call"),
        Kind::Notify => ("HandleNotify", "notify"),
        Kind::Stream(_) => ("HandleStream", "stream"),
        Kind::Open { .. } => ("HandleOpen", "open"),
    };
    (format_ident!("{of}"), format_ident!("{function}"))
}

fn called(ident: &Ident, method: &Method) -> TokenStream {
    let (carried, signature, name) = (of_method(method), signature(method), &method.ident);
    let (of, function) = names(&method.kind);
    let arguments: Vec<_> = method.params.iter().map(argument).collect();
    let passed = list(arguments.iter().map(Ident::to_token_stream));
    // By the names of the runtime: what the user wrote has been asked for its bounds.
    let result = match &method.kind {
        Kind::Call(_) => quote!(__rt::Future<Output = <Self as __rt::Method>::Output>),
        Kind::Notify => quote!(__rt::Future<Output = ()>),
        Kind::Stream(_) => quote!(__rt::Stream<Item = <Self as __rt::StreamMethod>::Item>),
        Kind::Open { returned, .. } => {
            // What is said about it is about what the user wrote.
            let span = Span::call_site().located_at(returned.span());
            quote_spanned!(span=> __rt::Future<Output = impl __rt::OpenedBy<Self>>)
        }
    };
    quote! {
        #carried
        impl<__H: #ident + 'static> __rt::#of<__H> for #signature {
            fn #function<'__a>(
                __hub: &'__a __H,
                #passed: __rt::Passed<'__a, Self>,
            ) -> impl #result + __rt::Send {
                <__H as #ident>::#name(__hub, #(#arguments),*)
            }
        }
    }
}

fn argument(param: &Param) -> Ident {
    format_ident!("__argument_{}", param.index)
}
