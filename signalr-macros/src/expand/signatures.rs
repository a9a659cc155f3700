//! The types of every method, each stated once: here a type that does not fit is reported.
//!
//! For each method there is a type of its own to state them: of the implementations of one trait for one type, the compiler
//! compares each with each.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::carried::of_method;
use super::{list, place, signature};
use crate::model::{Contract, Kind, Method, Param, ParamKind};

pub(super) fn impls(contract: &Contract) -> TokenStream {
    let impls = contract.methods.iter().map(|method| {
        let (carried, signature) = (of_method(method), signature(method));
        let result = match &method.kind {
            Kind::Call(ty) => quote! {
                #carried
                impl __rt::Method for #signature {
                    type Output = #ty;
                }
            },
            Kind::Stream(item) => quote! {
                #carried
                impl __rt::StreamMethod for #signature {
                    type Item = #item;
                }
            },
            Kind::Open { item, returned } => {
                // What is said about it is about what the user wrote.
                let span = Span::call_site().located_at(returned.span());
                let error = quote_spanned!(span=> <#returned as __rt::Opened>::Error);
                quote! {
                    #carried
                    impl __rt::StreamMethod for #signature {
                        type Item = #item;
                    }
                    #carried
                    impl __rt::OpenMethod for #signature {
                        type Opened = #returned;
                        type Error = #error;
                    }
                }
            }
            Kind::Notify => TokenStream::new(),
        };
        let params = method.params.iter().map(|param| {
            let place = place(param);
            let (of, stated) = match &param.kind {
                ParamKind::Str => return TokenStream::new(),
                ParamKind::Slice(ty) => (quote!(SliceParam), quote!(type Element = #ty;)),
                ParamKind::Lent(ty) => (quote!(LentParam), quote!(type Owned = #ty;)),
                ParamKind::Owned(ty) => (quote!(Param), quote!(type Owned = #ty;)),
                ParamKind::Stream { item, .. } => (quote!(StreamParam), quote!(type Item = #item;)),
            };
            quote! {
                #carried
                impl __rt::#of<#place> for #signature {
                    #stated
                }
            }
        });
        let parameters = list(method.params.iter().map(|param| parameter(method, param)));
        quote! {
            #carried
            enum #signature {}
            #carried
            impl __rt::Signature for #signature {
                type Parameters = #parameters;
            }
            #result
            #(#params)*
        }
    });
    quote!(#(#impls)*)
}

/// The parameter in the runtime's words.
fn parameter(method: &Method, param: &Param) -> TokenStream {
    let of = match param.kind {
        ParamKind::Str => return quote!(__rt::Text),
        ParamKind::Slice(_) => quote!(Slice),
        ParamKind::Lent(_) => quote!(Lent),
        ParamKind::Owned(_) => quote!(Owned),
        ParamKind::Stream { .. } => quote!(Upload),
    };
    let (place, signature) = (place(param), signature(method));
    quote!(__rt::#of<#signature, #place>)
}
