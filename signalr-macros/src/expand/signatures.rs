//! The types of every method, each stated once: here a type that does not fit is reported.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::carried::of_method;
use super::number;
use crate::model::{Contract, Kind, ParamKind};

pub(super) fn impls(contract: &Contract) -> TokenStream {
    let impls = contract.methods.iter().map(|method| {
        let (m, carried) = (number(method.index), of_method(method));
        let result = match &method.kind {
            Kind::Call(ty) => quote! {
                #carried
                impl __rt::Method<#m> for __Signatures {
                    type Output = #ty;
                }
            },
            Kind::Stream(item) => quote! {
                #carried
                impl __rt::StreamMethod<#m> for __Signatures {
                    type Item = #item;
                }
            },
            Kind::Open { item, returned } => {
                // What is said about it is about what the user wrote.
                let span = Span::call_site().located_at(returned.span());
                let error = quote_spanned!(span=> <#returned as __rt::Opened>::Error);
                quote! {
                    #carried
                    impl __rt::StreamMethod<#m> for __Signatures {
                        type Item = #item;
                    }
                    #carried
                    impl __rt::OpenMethod<#m> for __Signatures {
                        type Opened = #returned;
                        type Error = #error;
                    }
                }
            }
            Kind::Notify => TokenStream::new(),
        };
        let params = method.params.iter().map(|param| {
            let p = number(param.index);
            let (of, stated) = match &param.kind {
                ParamKind::Str => return TokenStream::new(),
                ParamKind::Slice(ty) => (quote!(SliceParam), quote!(type Element = #ty;)),
                ParamKind::Lent(ty) => (quote!(LentParam), quote!(type Owned = #ty;)),
                ParamKind::Owned(ty) => (quote!(Param), quote!(type Owned = #ty;)),
                ParamKind::Stream { item, .. } => (quote!(StreamParam), quote!(type Item = #item;)),
            };
            quote! {
                #carried
                impl __rt::#of<#m, #p> for __Signatures {
                    #stated
                }
            }
        });
        quote!(#result #(#params)*)
    });
    quote! {
        enum __Signatures {}
        #(#impls)*
    }
}
