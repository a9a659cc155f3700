//! The marker type of a contract, and what it says about the methods.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

use super::carried::{carried, of_contract, of_method};
use super::doc_text::doc_text;
use super::{doc_comment, type_text};
use crate::check;
use crate::model::{Contract, FaultyMethod, Kind, Method, ParamKind, Role, Soundness};
use crate::parse::suffixed;

/// The name of the marker of a trait.
fn marker_name(ident: &Ident) -> Ident {
    suffixed(ident, "Contract")
}

pub(super) fn marker(contract: &Contract) -> TokenStream {
    let Contract { vis, ident, role, .. } = contract;
    let (marker, carried) = (marker_name(ident), of_contract(contract));
    let text = match role {
        Role::Hub => {
            format!(
                "The contract of [`{ident}`]: the type that names it to a server or a client, and its wire names."
            )
        }
        Role::Client => format!("The contract of [`{ident}`]: what a server may call on its clients."),
    };
    let text = doc_comment(&text);
    quote! {
        #carried
        #text
        #[allow(dead_code)]
        #vis enum #marker {}
    }
}

pub(super) fn impls(contract: &Contract) -> TokenStream {
    let Contract { ident, role, methods, soundness, .. } = contract;
    let marker = marker_name(ident);
    let name = ident.unraw().to_string();
    let descriptions = methods.iter().map(description);
    let (of, types) = match role {
        Role::Hub => {
            let client = client(contract);
            let stub = suffixed(ident, "Client");
            (quote!(HubContract), quote!(#client type Stub = #stub;))
        }
        Role::Client => {
            let (proxy, single) = (suffixed(ident, "Proxy"), suffixed(ident, "SingleProxy"));
            (quote!(ClientContract), quote!(type Proxy = #proxy; type SingleProxy = #single;))
        }
    };
    let names = (*role == Role::Hub).then(|| names(contract));
    let of_trait = (*role == Role::Client && *soundness != Soundness::Unusable).then(|| {
        quote! {
            impl __rt::ClientTrait for dyn #ident {
                type Contract = #marker;
            }
        }
    });
    quote! {
        #names
        #of_trait

        impl __rt::fmt::Debug for #marker {
            fn fmt(&self, _: &mut __rt::fmt::Formatter<'_>) -> __rt::fmt::Result {
                match *self {}
            }
        }

        impl __rt::#of for #marker {
            const NAME: &'static str = #name;
            const METHODS: &'static [__rt::MethodDescription] = &[#(#descriptions),*];
            #types
        }
    }
}

/// The wire names as constants.
fn names(contract: &Contract) -> TokenStream {
    let Contract { ident, vis, methods, faulty, .. } = contract;
    let marker = marker_name(ident);
    let constants = methods.iter().filter(|method| method.has_constant).map(|method| {
        let Method { wire_name, deprecated, .. } = method;
        let carried = of_method(method);
        let constant = constant_name(&method.ident);
        // Not what the user wrote: `Self` is another type here, and a link to one of its methods would be broken.
        let docs =
            doc_comment(&format!("The name of `{}` on the wire: `{wire_name}`.", method.ident.unraw()));
        quote! {
            #carried
            #docs
            #(#deprecated)*
            #vis const #constant: __rt::MethodName<#marker> = __rt::MethodName::new(#wire_name);
        }
    });
    let refused = faulty.iter().filter_map(|method| {
        let FaultyMethod { ident, wire_name, cfgs, lints, .. } = method;
        let (constant, wire_name) = (constant_name(ident), wire_name.as_ref()?);
        let carried = carried(cfgs, lints);
        Some(quote! {
            #carried
            #[doc(hidden)]
            #vis const #constant: __rt::MethodName<#marker> = __rt::MethodName::new(#wire_name);
        })
    });
    quote! {
        impl #marker {
            #(#constants)*
            #(#refused)*
        }
    }
}

fn constant_name(method: &Ident) -> Ident {
    Ident::new(&check::constant(method), method.span())
}

fn description(method: &Method) -> TokenStream {
    let Method { wire_name, cfgs, .. } = method;
    let rust_name = method.ident.unraw().to_string();
    let docs = doc_text(&method.docs);
    let kind = kind(method);
    let params = method.params.iter().map(|param| {
        let name = param.ident.unraw().to_string();
        let (ty, stream) = match &param.kind {
            ParamKind::Stream { item, .. } => (type_text(item), true),
            _ => (type_text(&param.ty), false),
        };
        quote!(__rt::ParameterDescription::new(#name, #ty, #stream))
    });
    let result = match &method.kind {
        Kind::Call(ty) | Kind::Stream(ty) | Kind::Open { item: ty, .. } => type_text(ty),
        Kind::Notify => "()".to_owned(),
    };
    quote! {
        #(#cfgs)*
        __rt::MethodDescription::new(#wire_name, #rust_name, #kind, &[#(#params),*], #result, #docs)
    }
}

pub(super) fn kind(method: &Method) -> TokenStream {
    match method.kind {
        Kind::Call(_) => quote!(__rt::MethodKind::Call),
        Kind::Stream(_) | Kind::Open { .. } => quote!(__rt::MethodKind::Stream),
        Kind::Notify => quote!(__rt::MethodKind::Notify),
    }
}

/// States the contract of the trait in `client = …`, at that trait: it is what a message about this is about.
fn client(contract: &Contract) -> TokenStream {
    let Some(client) = &contract.client else {
        return quote!(
            type Client = __rt::NoClient;
        );
    };
    let span = client.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
    quote_spanned! {Span::call_site().located_at(span)=>
        type Client = <dyn #client as __rt::ClientTrait>::Contract;
    }
}
