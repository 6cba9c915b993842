//! Parses the arguments of an attribute: a path, then options.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, Expr, ExprLit, Ident, Lit, LitBool, LitInt, LitStr, Meta, Token, Type,
    bracketed,
};

/// Options whose value is passed to the builder method of the same name.
const POLICIES: [&str; 12] = [
    "body_limit",
    "timeout_ms",
    "timeout_status",
    "instances",
    "request_id",
    "rate_limit",
    "cors",
    "compression",
    "jwt",
    "api_key",
    "security_headers",
    "security",
];

/// Options whose value is a hook or a list of hooks.
const HOOKS: [&str; 5] = [
    "on_request",
    "pre_validation",
    "pre_handler",
    "on_response",
    "on_error",
];

/// A parsed attribute: the path, and a builder call of `Route` for each option.
pub(crate) struct Options {
    pub(crate) path: LitStr,
    calls: Vec<TokenStream>,
    given: Vec<String>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Err(Error::new(
                input.span(),
                "a route needs its path, such as `\"/users/{id}\"`",
            ));
        }
        let mut options = Self {
            path: input.parse()?,
            calls: Vec::new(),
            given: Vec::new(),
        };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if !input.is_empty() {
                options.option(input)?;
            }
        }
        Ok(options)
    }
}

impl Options {
    fn option(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name: Ident = input.parse()?;
        let (text, name_span) = (name.to_string(), name.span());
        if self.given.contains(&text) {
            return Err(Error::new(
                name.span(),
                format!("the option `{text}` is given twice"),
            ));
        }
        let call = match text.as_str() {
            "name" | "summary" | "description" => {
                let value: LitStr = value(input)?;
                quote!(.#name(#value))
            }
            "status" => {
                let value: LitInt = value(input)?;
                if !value
                    .base10_parse::<u16>()
                    .is_ok_and(|status| (200..=599).contains(&status))
                {
                    return Err(Error::new(value.span(), "a reply's status is 200 to 599"));
                }
                quote!(.status(#value))
            }
            name if POLICIES.contains(&name) => {
                let (name, value) = (Ident::new(name, name_span), value::<Expr>(input)?);
                quote!(.#name(#value))
            }
            name if HOOKS.contains(&name) => {
                let name = Ident::new(name, name_span);
                let hooks = match value(input)? {
                    Expr::Array(list) => list.elems.into_iter().collect(),
                    one => vec![one],
                };
                quote!(#(.#name(#hooks))*)
            }
            "reply" => {
                let ty: Type = value(input)?;
                quote!(.reply::<#ty>())
            }
            "raw_body" | "deprecated" => {
                let on = !input.peek(Token![=]) || value::<LitBool>(input)?.value;
                if on {
                    quote!(.#name())
                } else {
                    TokenStream::new()
                }
            }
            "tags" => {
                input.parse::<Token![=]>()?;
                let list;
                bracketed!(list in input);
                let tags = list.parse_terminated(<LitStr as Parse>::parse, Token![,])?;
                let tags = tags.iter();
                quote!(#(.tag(#tags))*)
            }
            _ => {
                return Err(Error::new(
                    name.span(),
                    format!(
                        "there is no option `{text}`; there are `status`, `name`, `summary`, \
                         `description`, `tags`, `deprecated`, `raw_body`, `reply`, `{}` and `{}`",
                        POLICIES.join("`, `"),
                        HOOKS.join("`, `"),
                    ),
                ));
            }
        };
        self.given.push(text);
        self.calls.push(call);
        Ok(())
    }

    /// Returns the builder calls, including those for the function's name and doc comment.
    pub(crate) fn calls(&self, function: &Ident, attributes: &[Attribute]) -> TokenStream {
        let (summary, description) = documentation(attributes);
        let mut calls = TokenStream::new();
        let name = function.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        for (option, value) in [
            ("name", name),
            ("summary", &summary),
            ("description", &description),
        ] {
            if !value.is_empty() && !self.given.iter().any(|given| given == option) {
                let option = Ident::new(option, function.span());
                calls.extend(quote!(.#option(#value)));
            }
        }
        calls.extend(self.calls.iter().cloned());
        calls
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// Returns the first paragraph of a doc comment on one line, and the rest.
fn documentation(attributes: &[Attribute]) -> (String, String) {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(line),
                    ..
                }) => Some(line.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        });
    let text = lines.collect::<Vec<_>>().join("\n");
    let (first, rest) = text.trim().split_once("\n\n").unwrap_or((text.trim(), ""));
    (first.replace('\n', " "), rest.trim().to_owned())
}
