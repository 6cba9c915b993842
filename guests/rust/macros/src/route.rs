//! Generates the code of an attribute: a struct with the name of the function that creates the
//! route.
//!
//! The generated code reads each argument itself instead of using the trait `Handler`, so that the
//! compiler points at the argument with an unsupported type.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, ReturnType, Type, parse2};

use crate::options::Options;

/// Expands an attribute. On an error the function stays, so that the compiler reports no missing
/// name in addition.
pub(crate) fn expand(method: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    match parse2(arguments).and_then(|options| route(method, &options, item.clone())) {
        Ok(route) => quote!(#item #route),
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#item #error)
        }
    }
}

fn route(method: &str, options: &Options, item: TokenStream) -> syn::Result<TokenStream> {
    let function: ItemFn = parse2(item)
        .map_err(|error| Error::new(error.span(), "a route's attribute stands on a function"))?;
    let arguments = arguments(&function)?;
    let (visibility, name, path) = (&function.vis, &function.sig.ident, &options.path);
    let method = Ident::new(method, Span::call_site());
    let names: Vec<_> = (0..arguments.len())
        .map(|index| format_ident!("argument{index}"))
        .collect();
    let declare = arguments.iter().map(|ty| {
        quote_spanned!(ty.span()=> <#ty as ::spikard_wasm_sdk::Extract<_>>::declare(declaration);)
    });
    let read = arguments.iter().zip(&names).map(|(ty, name)| {
        quote_spanned! {ty.span()=>
            let #name = match <#ty as ::spikard_wasm_sdk::Extract<_>>::extract(call) {
                ::spikard_wasm_sdk::__private::MaybeFuture::Ready(
                    ::core::result::Result::Err(reply),
                ) => return reply.into(),
                argument => argument,
            };
        }
    });
    let returned = match &function.sig.output {
        ReturnType::Default => name.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    let reply = quote_spanned!(returned=> ::spikard_wasm_sdk::__private::into_reply(value));
    let call = if function.sig.asyncness.is_some() {
        quote!(#name(#(#names),*).await)
    } else {
        quote!(#name(#(#names),*))
    };
    let later = quote! {
        ::spikard_wasm_sdk::__private::MaybeFuture::later(async move {
            #(let #names = match #names.wait().await {
                ::core::result::Result::Ok(argument) => argument,
                ::core::result::Result::Err(reply) => return reply,
            };)*
            let value = #call;
            #reply
        })
    };
    let at_once = if function.sig.asyncness.is_some() {
        quote! {
            ::spikard_wasm_sdk::__private::MaybeFuture::later(async move {
                let value = #call;
                #reply
            })
        }
    } else {
        quote! {
            let value = #call;
            ::spikard_wasm_sdk::__private::MaybeFuture::Ready(#reply)
        }
    };
    // The second case is for arguments that have to wait. The compiler removes it if there are none.
    let answer = if names.is_empty() {
        at_once
    } else {
        quote! {
            match (#(#names,)*) {
                (#(::spikard_wasm_sdk::__private::MaybeFuture::Ready(
                    ::core::result::Result::Ok(#names)
                ),)*) => { #at_once }
                (#(#names,)*) => #later,
            }
        }
    };
    let known = known_reply(&function.sig.output);
    let check = quote_spanned!(path.span()=> ::spikard_wasm_sdk::__private::check_pattern(#path));
    let calls = options.calls(name, &function.attrs);
    let conditions = function
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    let conditions: Vec<_> = conditions.collect();
    Ok(quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #name {}

        #(#conditions)*
        const _: () = {
            const _: () = #check;

            impl ::spikard_wasm_sdk::IntoRoute for #name {
                fn into_route() -> ::spikard_wasm_sdk::Route {
                    fn declare(declaration: &mut ::spikard_wasm_sdk::Declaration<'_>) {
                        let _ = &declaration;
                        #(#declare)*
                    }
                    fn answer(
                        call: &mut ::spikard_wasm_sdk::Call<'_>,
                    ) -> ::spikard_wasm_sdk::__private::MaybeFuture<::spikard_wasm_sdk::Reply> {
                        let _ = &call;
                        #(#read)*
                        #answer
                    }
                    ::spikard_wasm_sdk::Route::from_parts(
                        ::spikard_wasm_sdk::Method::#method, #path, declare, answer,
                    )
                    #known
                    #calls
                }
            }
        };
    })
}

/// Generates the check whether the return type declares its replies. An `impl Trait` type cannot
/// be named in such a check.
fn known_reply(output: &ReturnType) -> TokenStream {
    let ty = match output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => quote!(#ty),
    };
    if names_impl(ty.clone()) {
        return TokenStream::new();
    }
    quote! {
        .reply_if_known({
            #[allow(unused_imports)]
            use ::spikard_wasm_sdk::__private::{WithSchema as _, WithoutSchema as _};
            ::spikard_wasm_sdk::__private::Probe::<#ty>::new().declares()
        })
    }
}

fn names_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == "impl",
        TokenTree::Group(group) => names_impl(group.stream()),
        _ => false,
    })
}

/// Returns the types of the function's arguments, or an error if it cannot be a handler.
fn arguments(function: &ItemFn) -> syn::Result<Vec<&Type>> {
    let signature = &function.sig;
    if signature.generics.params.iter().next().is_some() {
        return Err(Error::new(
            signature.generics.span(),
            "a handler has no generic parameters",
        ));
    }
    let typed = signature.inputs.iter().map(|argument| match argument {
        FnArg::Typed(argument) => Ok(&*argument.ty),
        FnArg::Receiver(receiver) => Err(Error::new(
            receiver.span(),
            "a handler is a free function, without `self`",
        )),
    });
    typed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(arguments: TokenStream, item: TokenStream) -> String {
        let expanded = expand("Get", arguments, item).to_string();
        let (_, message) = expanded
            .split_once("compile_error ! { \"")
            .unwrap_or(("", &expanded));
        message.split('"').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn mistakes_are_told_in_words() {
        let function = || {
            quote!(
                fn a() {}
            )
        };
        let cases = [
            (quote!(), function(), "a route needs its path, such as"),
            (
                quote!("/", nope = 1),
                function(),
                "there is no option `nope`; there are `status`",
            ),
            (
                quote!("/", status = 99),
                function(),
                "a reply's status is 200 to 599",
            ),
            (
                quote!("/", name = "a", name = "b"),
                function(),
                "the option `name` is given twice",
            ),
            (
                quote!("/"),
                quote!(
                    struct A;
                ),
                "a route's attribute stands on a function",
            ),
            (
                quote!("/"),
                quote!(
                    fn a<T>(_: T) {}
                ),
                "a handler has no generic parameters",
            ),
            (
                quote!("/"),
                quote!(
                    fn a(&self) {}
                ),
                "a handler is a free function, without `self`",
            ),
        ];
        for (arguments, item, expected) in cases {
            let found = message(arguments, item);
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn options_and_documentation_become_calls_of_the_builder() {
        let arguments = quote!(
            "/",
            tags = ["a", "b"],
            raw_body,
            body_limit = 1 << 20,
            status = 201
        );
        let item = quote! {
            /// One line
            /// of summary.
            ///
            /// And more.
            fn handler() {}
        };
        let expanded = expand("Get", arguments, item).to_string();
        let calls = r#". name ("handler") . summary ("One line of summary.") . description ("And more.") . tag ("a") . tag ("b") . raw_body () . body_limit (1 << 20) . status (201)"#;
        assert!(expanded.contains(calls), "{expanded}");
    }
}
