//! The attributes of the user's items that what is generated for them carries: conditions and lint levels.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use crate::attributes;
use crate::model::{Contract, Method};

/// For what is generated for the whole trait.
pub(super) fn of_contract(contract: &Contract) -> TokenStream {
    carried(&contract.cfgs, &contract.lints)
}

/// For what is generated for a method.
pub(super) fn of_method(method: &Method) -> TokenStream {
    carried(&method.cfgs, &method.lints)
}

/// For what is generated for something with these attributes.
pub(super) fn carried(cfgs: &[Attribute], lints: &[Attribute]) -> TokenStream {
    // The last level counts.
    let allowed = attributes::are_strict(lints).then(allowed);
    quote!(#(#cfgs)* #(#lints)* #allowed)
}

/// The lints that are not for generated code.
pub(super) fn allowed() -> TokenStream {
    quote! {
        #[allow(
            dead_code,
            deprecated,
            private_bounds,
            private_interfaces,
            refining_impl_trait,
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            clippy::restriction
        )]
    }
}
