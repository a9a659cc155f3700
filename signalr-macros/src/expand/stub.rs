//! The typed stub of a hub: calls as futures and streams of their own types, and the user's trait on top.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use super::{argument_list, doc_comment, docs, local, number, private};
use crate::model::{Contract, Kind, Method, Param, ParamKind, Soundness};
use crate::parse::suffixed;

pub(super) fn item(contract: &Contract) -> TokenStream {
    let Contract { cfgs, vis, ident, runtime, .. } = contract;
    let stub = suffixed(ident, "Client");
    let (arc, link) = (private(runtime, "Arc"), private(runtime, "Link"));
    let text = format!(
        "Calls a hub that implements [`{ident}`], over a connection.\n\nIt implements [`{ident}`] too, so that what \
         takes a hub takes this as well."
    );
    let text = doc_comment(&text);
    quote! {
        #(#cfgs)*
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
        }

        #of_trait

        impl __rt::Clone for #stub {
            fn clone(&self) -> Self {
                Self { link: __rt::Clone::clone(&self.link) }
            }
        }

        impl __rt::From<__rt::Arc<dyn __rt::Link>> for #stub {
            fn from(link: __rt::Arc<dyn __rt::Link>) -> Self {
                Self { link }
            }
        }

        impl __rt::fmt::Debug for #stub {
            fn fmt(&self, f: &mut __rt::fmt::Formatter<'_>) -> __rt::fmt::Result {
                f.write_str(#name)
            }
        }
    }
}

/// The method that returns the call itself.
fn inherent(vis: &syn::Visibility, method: &Method) -> TokenStream {
    let Method { ident, wire_name, cfgs, deprecated, .. } = method;
    let m = number(method.index);
    let params = method.params.iter().map(|param| {
        let Param { ident, ty, .. } = param;
        if let ParamKind::Stream { bounds, .. } = &param.kind {
            // It leaves the call behind: the connection owns it.
            quote!(#ident: impl #bounds + __rt::Send + 'static)
        } else {
            quote!(#ident: #ty)
        }
    });
    let streams = method.streams().map(|param| {
        let (ident, p) = (&param.ident, number(param.index));
        quote!(.stream_param::<__Signatures, #m, #p>(#ident))
    });
    let (docs, returns, end) = match &method.kind {
        Kind::Stream(item) => (
            docs(method, &format!("Calls `{wire_name}`; nothing is sent before the stream is polled.")),
            quote!(__rt::ResultStream<#item>),
            quote!(stream),
        ),
        Kind::Call(ty) => (
            docs(method, &format!("Calls `{wire_name}`; nothing is sent before the call is awaited.")),
            quote!(__rt::Invoke<#ty>),
            quote!(invoke),
        ),
        // A hub has none of these.
        Kind::Notify => return TokenStream::new(),
    };
    let arguments = argument_list(method);
    quote! {
        #(#cfgs)*
        #docs
        #deprecated
        #vis fn #ident(&self, #(#params),*) -> #returns {
            __rt::Outgoing::new(&self.link, #wire_name, #arguments)
                #(#streams)*
                .#end::<__Signatures, #m>()
        }
    }
}

/// The method of the user's trait.
fn of_trait(stub: &Ident, method: &Method) -> TokenStream {
    let Method { ident, cfgs, signature, .. } = method;
    let m = number(method.index);
    let passed: Vec<_> = method.params.iter().map(|param| &param.ident).collect();
    let call = quote!(#stub::#ident(self, #(#passed),*));
    // A stream that may borrow stays here, and is read for the connection as long as the call runs.
    let pumps: Vec<_> =
        method.streams().map(|param| (param, local(&format!("pump_{}", param.index)))).collect();
    let relays = pumps.iter().map(|(param, pump)| {
        let (ident, p) = (&param.ident, number(param.index));
        quote!(let (#ident, #pump) = __rt::relay::<__Signatures, _, #m, #p>(#ident);)
    });
    let call = pumps.iter().fold(call, |call, (_, pump)| quote!(__rt::pumping(#pump, #call)));
    quote! {
        #(#cfgs)*
        #signature {
            #(#relays)*
            #call
        }
    }
}
