//! From a received invocation to the user's method: the dispatch table and one function per method.
//!
//! One function each, because closures in one table would be type-checked as one body. Each binds its
//! arguments and returns a future; whatever is the same for all of them is a function of the runtime.
//!
//! Functions are called by their paths: a method of a trait that the user implements for every type could
//! come before one of the runtime's.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::carried::of_method;
use super::{describe, number, place, signature};
use crate::model::{Contract, Kind, Method, Param, ParamKind, Soundness};
use crate::parse::suffixed;

pub(super) fn impls(contract: &Contract) -> TokenStream {
    let Contract { ident, methods, soundness, .. } = contract;
    if *soundness == Soundness::Unusable {
        return TokenStream::new();
    }
    let marker = suffixed(ident, "Contract");
    let functions = methods.iter().map(|method| function(ident, method));
    let handlers = methods.iter().map(|method| {
        let Method { wire_name, cfgs, .. } = method;
        let (kind, uploads, bind) =
            (describe::kind(method), number(method.streams().count()), function_name(method));
        quote! {
            #(#cfgs)*
            __rt::Handler { name: #wire_name, kind: #kind, uploads: #uploads, bind: #bind::<__H> }
        }
    });
    quote! {
        #(#functions)*

        impl<__H: #ident + 'static> __rt::Dispatch<__H> for #marker {
            const HANDLERS: &'static [__rt::Handler<__H>] = &[#(#handlers),*];
        }
    }
}

fn function_name(method: &Method) -> Ident {
    format_ident!("__method_{}", method.index)
}

fn function(ident: &Ident, method: &Method) -> TokenStream {
    let (carried, signature) = (of_method(method), signature(method));
    let function = function_name(method);
    let count = method.values().count();
    let expected = number(count);
    let values = method.values().map(|param| {
        let (local, read) = (argument(param), read(method, param));
        quote!(let #local = __rt::Arguments::#read(&mut __arguments)?;)
    });
    // Only now: a call whose arguments do not fit opens no stream.
    let streams = method.streams().map(|param| {
        let (local, place) = (argument(param), place(param));
        quote!(let #local = __rt::Call::stream_param::<#signature, #place>(__call);)
    });
    let name = &method.ident;
    let passed = method.params.iter().map(pass);
    let called = quote!(<__H as #ident>::#name(&__hub, #(#passed),*));
    let body = match method.kind {
        Kind::Call(_) => quote! {
            let __format = __rt::Call::format(__call);
            __rt::Result::Ok(__rt::Box::pin(async move {
                __rt::returned::<#signature>(__format, #called.await)
            }))
        },
        Kind::Notify => quote! {
            __rt::Result::Ok(__rt::Box::pin(async move {
                #called.await;
                __rt::Reply::nothing()
            }))
        },
        Kind::Stream(_) => opening(&quote!(__rt::streamed::<#signature>(__opener, #called).await)),
        Kind::Open { .. } => opening(&quote!(__rt::opened::<#signature, _>(__opener, #called.await).await)),
    };
    let mutable = (count > 0).then(|| quote!(mut));
    quote! {
        #carried
        fn #function<__H: #ident + 'static>(
            __hub: &__rt::Arc<__H>,
            __call: &mut __rt::Call<'_>,
        ) -> __rt::Result<__rt::Running, __rt::BindError> {
            let #mutable __arguments = __rt::Call::arguments(__call, #expected);
            #(#values)*
            __rt::Arguments::finish(__arguments)?;
            #(#streams)*
            let __hub = __rt::Clone::clone(__hub);
            #body
        }
    }
}

/// Of a method that streams. It is called inside of the future that owns what the stream may borrow.
fn opening(sent: &TokenStream) -> TokenStream {
    quote! {
        let (__opener, __opening) = __rt::Call::opening(__call);
        __rt::Result::Ok(__rt::Opening::of(__opening, __rt::Box::pin(async move { #sent })))
    }
}

fn argument(param: &Param) -> Ident {
    format_ident!("__argument_{}", param.index)
}

fn read(method: &Method, param: &Param) -> TokenStream {
    let (place, signature) = (place(param), signature(method));
    match param.kind {
        ParamKind::Str => quote!(next::<__rt::String>),
        ParamKind::Slice(_) => quote!(slice::<#signature, #place>),
        ParamKind::Lent(_) => quote!(lent::<#signature, #place>),
        _ => quote!(param::<#signature, #place>),
    }
}

/// The argument as the method takes it: lent where it borrows.
fn pass(param: &Param) -> TokenStream {
    let local = argument(param);
    match param.kind {
        ParamKind::Str | ParamKind::Slice(_) => quote!(&#local),
        ParamKind::Lent(_) => quote!(&*#local),
        ParamKind::Owned(_) | ParamKind::Stream { .. } => quote!(#local),
    }
}
