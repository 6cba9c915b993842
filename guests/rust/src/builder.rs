//! The builder methods that apps, routers and routes share: limits, policies and hooks.

use crate::hook::Hook;
use crate::outcome::Outcome;
use crate::policy::{
    ApiKey, Compression, Cors, Instances, Jwt, OpenApi, RateLimit, RequestId, SecurityHeaders,
    SecurityRequirement, StaticFiles, Toggle, TrailingSlash,
};
use crate::stage::{EarlyStage, LateStage};
use crate::{App, HookReply, IntoReply, Next, Route, Router};

macro_rules! builder_methods {
    ($owner:ident, $whose:literal) => {
        /// # Limits and policies
        ///
        /// The host enforces them before it calls the handler. A policy of a route replaces
        /// the app's policy of the same name.
        impl $owner {
            #[doc = concat!("Sets the maximum request body size for ", $whose, ", in bytes.")]
            pub fn body_limit(mut self, bytes: u64) -> Self {
                self.settings.body_limit = Some(bytes);
                self
            }

            /// Sets the deadline of a call, in milliseconds.
            pub fn timeout_ms(mut self, milliseconds: u64) -> Self {
                self.settings.timeout_ms = Some(milliseconds);
                self
            }

            /// Sets the status of a reply after the deadline: 504 (the default) or 408.
            pub fn timeout_status(mut self, status: u16) -> Self {
                self.settings.timeout_status = Some(status);
                self
            }

            /// Sets how requests use instances of the component, and so whether they share
            /// memory.
            pub fn instances(mut self, policy: Instances) -> Self {
                self.settings.instances = Some(policy);
                self
            }

            /// Sends the id of each request in a header of its reply: `true`, `false` or a
            /// [`RequestId`].
            pub fn request_id(mut self, policy: impl Into<Toggle<RequestId>>) -> Self {
                self.settings.request_id = Some(policy.into());
                self
            }

            /// Limits the rate of requests; `None` turns the app's limit off.
            pub fn rate_limit(mut self, policy: impl Into<Option<RateLimit>>) -> Self {
                self.settings.rate_limit = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Lets pages of other origins read replies; `None` turns the app's policy off.
            pub fn cors(mut self, policy: impl Into<Option<Cors>>) -> Self {
                self.settings.cors = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Compresses replies: `true`, `false` or a [`Compression`].
            pub fn compression(mut self, policy: impl Into<Toggle<Compression>>) -> Self {
                self.settings.compression = Some(policy.into());
                self
            }

            /// Requires a JSON Web Token; `None` turns the app's policy off.
            pub fn jwt(mut self, policy: impl Into<Option<Jwt>>) -> Self {
                self.settings.jwt = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Requires an API key; `None` turns the app's policy off.
            pub fn api_key(mut self, policy: impl Into<Option<ApiKey>>) -> Self {
                self.settings.api_key = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Adds security headers to replies that do not set them: `true`, `false` or
            /// [`SecurityHeaders`].
            pub fn security_headers(mut self, policy: impl Into<Toggle<SecurityHeaders>>) -> Self {
                self.settings.security_headers = Some(policy.into());
                self
            }
        }

        /// # Documentation of authentication
        impl $owner {
            #[doc = concat!("Declares in the OpenAPI document that hooks or handlers authenticate ", $whose, ". One of the requirements has to be met; each is the name of a [`SecurityScheme`](crate::SecurityScheme) or a [`SecurityRequirement`].")]
            ///
            /// The host does not enforce them.
            pub fn security(
                mut self,
                requirements: impl IntoIterator<Item = impl Into<SecurityRequirement>>,
            ) -> Self {
                let requirements = requirements.into_iter().map(Into::into);
                self.settings.security = Some(requirements.collect());
                self
            }

            #[doc = concat!("Declares in the OpenAPI document that ", $whose, " need no authentication.")]
            pub fn without_security(mut self) -> Self {
                self.settings.security = Some(Vec::new());
                self
            }
        }

        /// # Hooks
        ///
        /// Hooks of one kind run in the order in which you add them, the app's before the
        /// route's. They share a [`LocalContext`](crate::LocalContext) with the handler.
        impl $owner {
            /// Adds a hook that runs for each request that matches a route, before
            /// validation. A reply ends the request.
            pub fn on_request<A>(mut self, hook: impl Hook<A>) -> Self {
                self.hooks.add(EarlyStage::OnRequest, hook);
                self
            }

            /// Adds a hook that runs after those of [`on_request`](Self::on_request),
            /// just before the host validates the request. A reply ends the request.
            pub fn pre_validation<A>(mut self, hook: impl Hook<A>) -> Self {
                self.hooks.add(EarlyStage::PreValidation, hook);
                self
            }

            /// Adds a hook that runs after validation, before the handler. A reply ends the
            /// request.
            pub fn pre_handler<A>(mut self, hook: impl Hook<A>) -> Self {
                self.hooks.add(EarlyStage::PreHandler, hook);
                self
            }

            /// Adds a hook that runs for each reply of a handler or a hook. It can change the
            /// reply or return another one.
            pub fn on_response<R: Outcome>(
                mut self,
                hook: impl Fn(&mut HookReply) -> R + 'static,
            ) -> Self {
                self.hooks.add_after(
                    LateStage::Response,
                    move |reply: &mut HookReply, _: &str| hook(reply),
                );
                self
            }

            /// Adds a hook that runs when the host rejects a request, or a handler or hook
            /// fails. It can change the reply or return another one. The text is the message
            /// of the host's log. Do not send it to clients. Hooks of the app also run for
            /// requests that no route matches.
            pub fn on_error<R: Outcome>(
                mut self,
                hook: impl Fn(&mut HookReply, &str) -> R + 'static,
            ) -> Self {
                self.hooks.add_after(LateStage::Error, hook);
                self
            }

            /// Wraps the handler: the function gets the rest of the call, runs it, and returns its
            /// reply or another one. Wrappers run after the `pre_handler` hooks, the app's
            /// outermost; their cost is that of an `async` handler.
            ///
            /// ```
            /// # use std::time::Duration;
            /// # use spikard_wasm_sdk::{App, HttpError, IntoReply, Next, Route, timeout};
            /// let app = App::new("app")
            ///     .wrap(async |next: Next| {
            ///         match timeout(Duration::from_secs(2), next.run()).await {
            ///             Ok(reply) => reply.header("x-in-time", "1"),
            ///             Err(_) => HttpError::new(504, "this takes too long").into_reply(),
            ///         }
            ///     })
            ///     .route(Route::get("/", || "home"));
            /// ```
            pub fn wrap<R: IntoReply>(
                mut self,
                wrapper: impl AsyncFn(Next) -> R + 'static,
            ) -> Self {
                self.hooks.add_wrapper(wrapper);
                self
            }

            /// As [`on_response`](Self::on_response), for an `async` hook:
            /// `app.on_response_async(async |reply| { ... })`.
            pub fn on_response_async<R: Outcome>(
                mut self,
                hook: impl AsyncFn(&mut HookReply) -> R + 'static,
            ) -> Self {
                self.hooks.add_async_after(
                    LateStage::Response,
                    async move |reply: &mut HookReply, _: &str| hook(reply).await,
                );
                self
            }

            /// As [`on_error`](Self::on_error), for an `async` hook:
            /// `app.on_error_async(async |reply, message| { ... })`.
            pub fn on_error_async<R: Outcome>(
                mut self,
                hook: impl AsyncFn(&mut HookReply, &str) -> R + 'static,
            ) -> Self {
                self.hooks.add_async_after(LateStage::Error, hook);
                self
            }
        }
    };
}

builder_methods!(App, "routes that don't set their own");
builder_methods!(Route, "this route");
builder_methods!(Router, "routes of this router that don't set their own");

impl App {
    /// Makes the host serve the files of a folder. Call it again to add another folder.
    pub fn static_files(mut self, files: StaticFiles) -> Self {
        self.settings.static_files.push(files);
        self
    }

    /// Sets the trailing-slash policy.
    pub fn trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.settings.trailing_slash = Some(policy);
        self
    }

    /// Sets the options of the app's OpenAPI document; `None` turns the document off.
    pub fn openapi(mut self, document: impl Into<Option<OpenApi>>) -> Self {
        self.settings.openapi = Some(Toggle::or_off(document.into()));
        self
    }
}
