//! The attribute macros of `spikard-wasm-sdk`, which exports and documents them.

mod options;
mod route;

use proc_macro::TokenStream;

macro_rules! method {
    ($name:ident, $variant:literal, $text:literal) => {
        #[doc = concat!("Makes a function the handler of ", $text, " for a path.")]
        ///
        /// ```text
        #[doc = concat!("#[", stringify!($name), "(\"/users/{id}\", status = 200, name = \"user\")]")]
        /// fn user(Path(id): Path<u64>) -> Json<User> { ... }
        /// ```
        ///
        /// Options, all optional: `status` (of a reply that sets none), `name` (for logs;
        /// else the function's), `summary` and `description` (else from the doc comment),
        /// `tags = ["a", "b"]`, `body_limit` (bytes), `timeout_ms`, `raw_body` (the body
        /// crosses as bytes).
        ///
        /// The function stays as it is and can be called. Beside it stands an empty struct
        /// of the same name, by which `routes!` finds the route.
        #[proc_macro_attribute]
        pub fn $name(arguments: TokenStream, item: TokenStream) -> TokenStream {
            route::expand($variant, arguments.into(), item.into()).into()
        }
    };
}

method!(get, "Get", "GET (and HEAD)");
method!(post, "Post", "POST");
method!(put, "Put", "PUT");
method!(patch, "Patch", "PATCH");
method!(delete, "Delete", "DELETE");
method!(head, "Head", "HEAD");
method!(options, "Options", "OPTIONS");
