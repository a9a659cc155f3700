//! Methods that have been refused, in what is generated: a name, and a signature that takes what the trait says.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Visibility;

use super::carried::carried;
use super::stub;
use crate::model::{Contract, FaultyMethod};

/// The methods of a stub or a proxy.
pub(super) fn methods(contract: &Contract) -> TokenStream {
    let methods = contract.faulty.iter().map(|method| self::method(&contract.vis, method));
    quote!(#(#methods)*)
}

fn method(vis: &Visibility, method: &FaultyMethod) -> TokenStream {
    let FaultyMethod { ident, cfgs, lints, params, kind, .. } = method;
    let carried = carried(cfgs, lints);
    let params = params.iter().map(|ty| ty.as_ref().map_or(quote!(_: impl __rt::Sized), |ty| quote!(_: #ty)));
    let returns = stub::returned(kind).unwrap_or_else(|| quote!(__rt::Invoke<__rt::HubResult>));
    quote! {
        #carried
        #[doc(hidden)]
        #vis fn #ident(&self, #(#params),*) -> #returns {
            __rt::refused()
        }
    }
}
