//! The builder methods that apps and routes share: limits, policies and hooks.

use crate::hook::{Hook, Outcome};
use crate::policy::{
    ApiKey, Compression, Cors, Instances, Jwt, OpenApi, RateLimit, RequestId, SecurityHeaders,
    StaticFiles, Toggle, TrailingSlash,
};
use crate::stage::{EarlyStage, LateStage};
use crate::{App, HookReply, Route};

macro_rules! for_an_app_and_a_route {
    ($owner:ident, $whose:literal) => {
        /// # Limits and policies
        ///
        /// The host keeps them; no handler runs for what they refuse. A route's
        /// replaces the app's of the same name.
        impl $owner {
            #[doc = concat!("The largest body the host takes for ", $whose, ", in bytes.")]
            pub fn body_limit(mut self, bytes: u64) -> Self {
                self.settings.body_limit = Some(bytes);
                self
            }

            /// How long a call may take, in milliseconds.
            pub fn timeout_ms(mut self, milliseconds: u64) -> Self {
                self.settings.timeout_ms = Some(milliseconds);
                self
            }

            /// The status of a call that takes too long: 504, or 408.
            pub fn timeout_status(mut self, status: u16) -> Self {
                self.settings.timeout_status = Some(status);
                self
            }

            /// Whether requests share instances of the component, and with them what
            /// they leave in memory.
            pub fn instances(mut self, policy: Instances) -> Self {
                self.settings.instances = Some(policy);
                self
            }

            /// Shows each request's id to its client: `true`, `false` or a
            /// [`RequestId`].
            pub fn request_id(mut self, policy: impl Into<Toggle<RequestId>>) -> Self {
                self.settings.request_id = Some(policy.into());
                self
            }

            /// Limits how many requests a client may make; `None` does not, whatever
            /// the app does.
            pub fn rate_limit(mut self, policy: impl Into<Option<RateLimit>>) -> Self {
                self.settings.rate_limit = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Lets pages of other origins call; `None` does not, whatever the app
            /// does.
            pub fn cors(mut self, policy: impl Into<Option<Cors>>) -> Self {
                self.settings.cors = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Compresses replies: `true`, `false` or a [`Compression`].
            pub fn compression(mut self, policy: impl Into<Toggle<Compression>>) -> Self {
                self.settings.compression = Some(policy.into());
                self
            }

            /// Asks for a JSON Web Token; `None` asks for none, whatever the app does.
            pub fn jwt(mut self, policy: impl Into<Option<Jwt>>) -> Self {
                self.settings.jwt = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Asks for a key; `None` asks for none, whatever the app does.
            pub fn api_key(mut self, policy: impl Into<Option<ApiKey>>) -> Self {
                self.settings.api_key = Some(Toggle::or_off(policy.into()));
                self
            }

            /// Adds headers that make browsers careful: `true`, `false` or
            /// [`SecurityHeaders`]. A header that a reply has stays.
            pub fn security_headers(mut self, policy: impl Into<Toggle<SecurityHeaders>>) -> Self {
                self.settings.security_headers = Some(policy.into());
                self
            }
        }

        /// # Hooks
        ///
        /// Of each kind there may be several: they run in the order they were added,
        /// the app's before the route's. They share a
        /// [`LocalContext`](crate::LocalContext) with the handler.
        impl $owner {
            /// Adds a hook that runs when a request has arrived, before any of it is
            /// checked. A reply ends the request.
            pub fn on_request<A>(mut self, hook: impl Hook<A>) -> Self {
                self.hooks.add(EarlyStage::OnRequest, hook);
                self
            }

            /// Adds a hook that runs after those of [`on_request`](Self::on_request),
            /// right before the request is checked. A reply ends the request.
            pub fn pre_validation<A>(mut self, hook: impl Hook<A>) -> Self {
                self.hooks.add(EarlyStage::PreValidation, hook);
                self
            }

            /// Adds a hook that runs when the request has kept its contract, before
            /// the handler. A reply ends the request.
            pub fn pre_handler<A>(mut self, hook: impl Hook<A>) -> Self {
                self.hooks.add(EarlyStage::PreHandler, hook);
                self
            }

            /// Adds a hook that may change the reply of a handler or of a hook, or
            /// replace it by what it returns.
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

            /// Adds a hook that may change the reply to a request that the host has
            /// refused, or whose handler or hook has failed, or replace it by what it
            /// returns. The text says what happened, as the log has it: it may hold
            /// what a client must not see.
            pub fn on_error<R: Outcome>(
                mut self,
                hook: impl Fn(&mut HookReply, &str) -> R + 'static,
            ) -> Self {
                self.hooks.add_after(LateStage::Error, hook);
                self
            }
        }
    };
}

for_an_app_and_a_route!(App, "routes that don't set their own");
for_an_app_and_a_route!(Route, "this route");

impl App {
    /// Has the host serve files. Called again: of another folder too.
    pub fn static_files(mut self, files: StaticFiles) -> Self {
        self.settings.static_files.push(files);
        self
    }

    /// What becomes of a path that differs from a declared one by a `/` at its end.
    pub fn trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.settings.trailing_slash = Some(policy);
        self
    }

    /// What the app's OpenAPI document says beside the routes; `None`: no document.
    pub fn openapi(mut self, document: impl Into<Option<OpenApi>>) -> Self {
        self.settings.openapi = Some(Toggle::or_off(document.into()));
        self
    }
}
