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
        /// `tags = ["a", "b"]`, `deprecated`, `raw_body` (the body crosses as bytes),
        /// `reply = Json<User>` (what the route usually replies with, for a function
        /// whose return type does not say it).
        ///
        /// Policies, each an expression for the method of `Route` of that name:
        /// `body_limit`, `timeout_ms`, `timeout_status`, `instances`, `request_id`,
        /// `rate_limit`, `cors`, `compression`, `jwt`, `api_key`, `security_headers`, `security`.
        /// Hooks, each one or a list: `on_request`, `pre_validation`, `pre_handler`,
        /// `on_response`, `on_error`.
        ///
        /// ```text
        #[doc = concat!("#[", stringify!($name), "(\"/users/{id}\", rate_limit = RateLimit::per_second(10), pre_handler = [sign_in, count])]")]
        /// ```
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
