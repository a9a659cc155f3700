//! The typed stub of a hub: calls as futures and streams of their own types, and the user's trait on top.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{FnArg, Ident, parse_quote};

use super::carried::{of_contract, of_method};
use super::faulty;
use super::{doc_comment, docs, given, place, private, signature};
use crate::model::{Contract, Kind, Method, Param, ParamKind, Soundness};
use crate::parse::suffixed;

pub(super) fn item(contract: &Contract) -> TokenStream {
    let Contract { vis, ident, runtime, .. } = contract;
    let carried = of_contract(contract);
    let stub = suffixed(ident, "Client");
    let (arc, link) = (private(runtime, "Arc"), private(runtime, "Link"));
    let text = format!(
        "Calls a hub that implements [`{ident}`], over a connection.\n\nIt implements [`{ident}`] too, so that what \
         takes a hub takes this as well."
    );
    let text = doc_comment(&text);
    quote! {
        #carried
        #text
        #[allow(dead_code)]
        #vis struct #stub {
            link: #arc<dyn #link>,
        }
    }
}

pub(super) fn impls(contract: &Contract) -> TokenStream {
    let Contract { vis, ident, methods, soundness, .. } = contract;
    let stub = suffixed(ident, "Client");
    let name = stub.unraw().to_string();
    let inherent = methods.iter().map(|method| inherent(vis, method));
    let refused = faulty::methods(contract);
    let of_trait = (*soundness == Soundness::Sound).then(|| {
        let methods = methods.iter().map(|method| of_trait(&stub, method));
        quote! {
            impl #ident for #stub {
                #(#methods)*
            }
        }
    });
    quote! {
        impl #stub {
            #(#inherent)*
            #refused
        }

        #of_trait

        impl __rt::Clone for #stub {
            fn clone(&self) -> Self {
                Self { link: __rt::Clone::clone(&self.link) }
            }
        }

        impl __rt::From<__rt::Arc<dyn __rt::Link>> for #stub {
            fn from(__link: __rt::Arc<dyn __rt::Link>) -> Self {
                Self { link: __link }
            }
        }

        impl __rt::fmt::Debug for #stub {
            fn fmt(&self, __f: &mut __rt::fmt::Formatter<'_>) -> __rt::fmt::Result {
                __f.write_str(#name)
            }
        }
    }
}

/// What the stub's own methods of a kind return.
pub(super) fn returned(kind: &Kind) -> Option<TokenStream> {
    match kind {
        Kind::Call(ty) => Some(quote!(__rt::Invoke<#ty>)),
        Kind::Stream(item) => Some(quote!(__rt::ResultStream<#item>)),
        Kind::Open { item, returned } => Some(quote!(__rt::OpenStream<#item, #returned>)),
        Kind::Notify => None,
    }
}

/// The method that returns the call itself.
fn inherent(vis: &syn::Visibility, method: &Method) -> TokenStream {
    let Method { ident, wire_name, deprecated, .. } = method;
    let (carried, signature) = (of_method(method), signature(method));
    let params = method.params.iter().map(|param| {
        let Param { ident, lints, ty, .. } = param;
        if let ParamKind::Stream { bounds, .. } = &param.kind {
            // It leaves the call behind: the connection owns it.
            quote!(#(#lints)* #ident: impl #bounds + __rt::Send + 'static)
        } else {
            quote!(#(#lints)* #ident: #ty)
        }
    });
    let streams = method.streams().map(|param| {
        let (ident, place) = (&param.ident, place(param));
        quote!(.stream_param::<#signature, #place>(#ident))
    });
    // A hub has no method without an answer.
    let Some(returns) = returned(&method.kind) else { return TokenStream::new() };
    let (before, end) = match &method.kind {
        Kind::Stream(_) => ("the stream is polled", quote!(stream)),
        Kind::Open { .. } => ("the stream is polled", quote!(open)),
        Kind::Call(_) | Kind::Notify => ("the call is awaited", quote!(invoke)),
    };
    let docs = docs(method, &format!("Calls `{wire_name}`; nothing is sent before {before}."));
    let given = given(method);
    quote! {
        #carried
        #docs
        #(#deprecated)*
        #vis fn #ident(&self, #(#params),*) -> #returns {
            __rt::Outgoing::new::<#signature>(&self.link, #wire_name, #given)
                #(#streams)*
                .#end::<#signature>()
        }
    }
}

/// The method of the user's trait.
fn of_trait(stub: &Ident, method: &Method) -> TokenStream {
    let Method { ident, signature, .. } = method;
    let carried = of_method(method);
    // The receiver as the user wrote it: another `self` is unknown where a macro of the user's gave the trait.
    let receiver = signature.inputs.iter().find_map(|input| match input {
        FnArg::Receiver(receiver) => Some(&receiver.self_token),
        FnArg::Typed(_) => None,
    });
    let stated = self::signature(method);
    let passed: Vec<_> = method.params.iter().map(|param| &param.ident).collect();
    let call = quote!(#stub::#ident(#receiver, #(#passed),*));
    // A stream that may borrow stays here, and is read for the connection as long as the call runs.
    let pumps: Vec<_> = method
        .streams()
        .map(|param| (param, format_ident!("__pump_{}", param.index, span = Span::mixed_site())))
        .collect();
    let relays = pumps.iter().map(|(param, pump)| {
        let (ident, place) = (&param.ident, place(param));
        quote!(let (#ident, #pump) = __rt::relay::<#stated, #place, _>(#ident);)
    });
    let pumping = if let Kind::Open { .. } = method.kind { quote!(pumping_opened) } else { quote!(pumping) };
    let call = pumps.iter().fold(call, |call, (_, pump)| quote!(__rt::#pumping(#pump, #call)));
    let mut signature = signature.clone();
    if pumps.is_empty()
        && let Some(returned) = returned(&method.kind)
    {
        // By the name of its type: another opaque type costs the compiler more.
        signature.output = parse_quote!(-> #returned);
    }
    quote! {
        #carried
        #signature {
            #(#relays)*
            #call
        }
    }
}
