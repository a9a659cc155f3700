//! The typed calls from a server to its clients: to any number of them, and to exactly one.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Ident, Type, Visibility};

use super::carried::{of_contract, of_method};
use super::faulty;
use super::{doc_comment, docs, given, private, signature};
use crate::model::{Contract, Kind, Method, Param};
use crate::parse::suffixed;

pub(super) fn items(contract: &Contract) -> TokenStream {
    let Contract { vis, ident, runtime, .. } = contract;
    let carried = of_contract(contract);
    let (many, one) = (suffixed(ident, "Proxy"), suffixed(ident, "SingleProxy"));
    let shared = private(runtime, "Arc");
    let (receivers, receiver) = (private(runtime, "Receivers"), private(runtime, "Receiver"));
    let many_text = format!(
        "Calls any number of clients that implement [`{ident}`].\n\nMethods with a result are only on [`{one}`]."
    );
    let one_text = format!("Calls one client that implements [`{ident}`].");
    let (many_text, one_text) = (doc_comment(&many_text), doc_comment(&one_text));
    quote! {
        #carried
        #many_text
        #[allow(dead_code)]
        #vis struct #many {
            receivers: #shared<dyn #receivers>,
        }

        #carried
        #one_text
        #[allow(dead_code)]
        #vis struct #one {
            receivers: #shared<dyn #receiver>,
        }
    }
}

pub(super) fn impls(contract: &Contract) -> TokenStream {
    let Contract { vis, ident, methods, .. } = contract;
    let (many, one) = (suffixed(ident, "Proxy"), suffixed(ident, "SingleProxy"));
    let sends = methods.iter().map(|method| match &method.kind {
        Kind::Call(ty) => of_one_client(vis, method, ty),
        _ => send(vis, method),
    });
    let calls = methods.iter().map(|method| match &method.kind {
        Kind::Call(ty) => ask(vis, method, ty),
        _ => send(vis, method),
    });
    let refused = faulty::methods(contract);
    let from_many = conversions(&many, "Receivers");
    let from_one = conversions(&one, "Receiver");
    quote! {
        impl #many {
            #(#sends)*
            #refused
        }

        impl #one {
            #(#calls)*
            #refused
        }

        #from_many
        #from_one
    }
}

fn conversions(proxy: &Ident, receivers: &str) -> TokenStream {
    let receivers = format_ident!("{receivers}");
    let name = proxy.unraw().to_string();
    quote! {
        impl __rt::From<__rt::Arc<dyn __rt::#receivers>> for #proxy {
            fn from(__receivers: __rt::Arc<dyn __rt::#receivers>) -> Self {
                Self { receivers: __receivers }
            }
        }

        impl __rt::Clone for #proxy {
            fn clone(&self) -> Self {
                Self { receivers: __rt::Clone::clone(&self.receivers) }
            }
        }

        impl __rt::fmt::Debug for #proxy {
            fn fmt(&self, __f: &mut __rt::fmt::Formatter<'_>) -> __rt::fmt::Result {
                __f.write_str(#name)
            }
        }
    }
}

fn send(vis: &Visibility, method: &Method) -> TokenStream {
    let signature = signature(method);
    let text = format!("Sends `{}`; does not wait for the clients to run it.", method.wire_name);
    call(vis, method, &text, &quote!(__rt::HubResult), &quote!(deliver::<#signature, _>))
}

fn ask(vis: &Visibility, method: &Method, returns: &Type) -> TokenStream {
    let signature = signature(method);
    let text = format!("Calls `{}` and waits for the answer.", method.wire_name);
    call(vis, method, &text, &quote!(#returns), &quote!(ask::<#signature>))
}

/// A method with a result, where there are many clients: it says that there can be only one.
fn of_one_client(vis: &Visibility, method: &Method, returns: &Type) -> TokenStream {
    let Method { ident, .. } = method;
    let carried = of_method(method);
    let params = method.params.iter().map(|Param { ty, .. }| quote!(_: #ty));
    // The lifetime lets the bound be asked for at each call, and not here, where it never holds.
    quote! {
        #carried
        #[doc(hidden)]
        #vis fn #ident<'__many>(&'__many self, #(#params),*) -> __rt::Invoke<#returns>
        where
            &'__many Self: __rt::OneClient,
        {
            __rt::refused()
        }
    }
}

fn call(
    vis: &Visibility,
    method: &Method,
    text: &str,
    returns: &TokenStream,
    how: &TokenStream,
) -> TokenStream {
    let Method { ident, wire_name, deprecated, .. } = method;
    let carried = of_method(method);
    let docs = docs(method, text);
    let params = method.params.iter().map(|Param { ident, lints, ty, .. }| quote!(#(#lints)* #ident: #ty));
    let given = given(method);
    quote! {
        #carried
        #docs
        #(#deprecated)*
        #vis fn #ident(&self, #(#params),*) -> impl __rt::Future<Output = #returns> + __rt::Send + use<> {
            __rt::#how(&self.receivers, #wire_name, #given)
        }
    }
}
