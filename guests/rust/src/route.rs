//! Routes: a method, a path pattern and a handler.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use crate::bindings::exports::spikard::handler::definition;
use crate::declare::Declaration;
use crate::declare_reply::{DeclareFn, DeclareReply};
use crate::hooks::Hooks;
use crate::maybe_future::MaybeFuture;
use crate::method::{Method, method_name};
use crate::replies::Replies;
use crate::settings::Settings;
use crate::states::States;
use crate::{Call, Handler, IntoReply, Reply, pattern};

/// One method of one path. The attribute macros create routes from functions; this builder
/// creates them from any [`Handler`].
///
/// ```
/// # use spikard_wasm_sdk::{App, Path, Route};
/// let app = App::new("users")
///     .route(Route::get("/users/{id}", |Path(id): Path<u64>| format!("user {id}")))
///     .route(Route::post("/users", || "made").status(201).name("create_user"));
/// ```
#[must_use = "a route does nothing until you add it to an app"]
pub struct Route {
    pub(crate) method: Method,
    pub(crate) pattern: Cow<'static, str>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) status: Option<u16>,
    pub(crate) settings: Settings,
    pub(crate) hooks: Hooks,
    replies: Option<DeclareFn>,
    more_replies: Vec<(u16, DeclareFn)>,
    declare: fn(&mut Declaration<'_>),
    answer: Answer,
}

type Answer = Box<dyn Fn(&mut Call<'_>) -> MaybeFuture<Reply>>;

macro_rules! constructors {
    ($($method:ident $variant:ident $text:literal),*) => {
        $(#[doc = concat!("Creates a route that answers ", $text, " with `handler`.")]
        pub fn $method<A>(pattern: impl Into<Cow<'static, str>>, handler: impl Handler<A>) -> Self {
            Self::new(Method::$variant, pattern, handler)
        })*
    };
}

impl Route {
    constructors!(
        get Get "GET (and HEAD)", post Post "POST", put Put "PUT", patch Patch "PATCH",
        delete Delete "DELETE", head Head "HEAD", options Options "OPTIONS"
    );

    /// Creates a route that answers `method` with `handler`.
    pub fn new<A, H: Handler<A>>(
        method: Method,
        pattern: impl Into<Cow<'static, str>>,
        handler: H,
    ) -> Self {
        let handler = Rc::new(handler);
        Self::from_parts(method, pattern, H::declare, move |call| {
            handler.answer(call)
        })
    }

    /// Creates a route for the attribute macros.
    #[doc(hidden)]
    pub fn from_parts(
        method: Method,
        pattern: impl Into<Cow<'static, str>>,
        declare: fn(&mut Declaration<'_>),
        answer: impl Fn(&mut Call<'_>) -> MaybeFuture<Reply> + 'static,
    ) -> Self {
        Self {
            method,
            pattern: pattern.into(),
            name: Cow::Borrowed(""),
            status: None,
            settings: Settings::default(),
            hooks: Hooks::default(),
            replies: None,
            more_replies: Vec::new(),
            declare,
            answer: Box::new(answer),
        }
    }

    /// Sets the status of replies that do not set their own.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the name of the route in logs and metrics.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the summary of the route in the OpenAPI document.
    pub fn summary(mut self, summary: impl Into<Cow<'static, str>>) -> Self {
        self.settings.summary = Some(summary.into());
        self
    }

    /// Sets the description of the route in the OpenAPI document.
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.settings.description = Some(description.into());
        self
    }

    /// Adds a tag that groups routes in the OpenAPI document.
    pub fn tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.settings.tags.push(tag.into());
        self
    }

    /// Passes the body to the handler as bytes, whatever its content type.
    pub fn raw_body(mut self) -> Self {
        self.settings.raw_body = true;
        self
    }

    /// Marks the route as deprecated.
    pub fn deprecated(mut self) -> Self {
        self.settings.deprecated = true;
        self
    }

    /// Declares that the route usually replies with a `T`, for the OpenAPI document and for
    /// `serve --dev`, which validates replies. The attribute macros declare the return type of
    /// the function if it implements [`DeclareReply`].
    ///
    /// ```
    /// # use {schemars::JsonSchema, serde::Serialize};
    /// # use spikard_wasm_sdk::{Json, Route};
    /// #[derive(Serialize, JsonSchema)]
    /// struct User { name: String }
    ///
    /// let route = Route::get("/me", || Json(User { name: "Ann".to_owned() }))
    ///     .reply::<Json<User>>()
    ///     .reply_with_status::<String>(409);
    /// ```
    pub fn reply<T: DeclareReply>(mut self) -> Self {
        self.replies = Some(T::declare_reply);
        self
    }

    /// Declares that the route can reply with a `T` and this status.
    pub fn reply_with_status<T: DeclareReply>(mut self, status: u16) -> Self {
        self.more_replies.push((status, T::declare_reply));
        self
    }

    /// Declares the reply if the attribute macros know its type.
    #[doc(hidden)]
    pub fn reply_if_known(mut self, declare: Option<DeclareFn>) -> Self {
        self.replies = declare;
        self
    }

    /// Returns the method, path and documentation of the route.
    #[must_use]
    pub fn info(&self) -> RouteInfo<'_> {
        RouteInfo {
            method: method_name(self.method),
            path: &self.pattern,
            name: &self.name,
            summary: self.settings.summary.as_deref().unwrap_or_default(),
            description: self.settings.description.as_deref().unwrap_or_default(),
        }
    }

    pub(crate) fn answer(&self, mut call: Call<'_>) -> MaybeFuture<Reply> {
        (self.answer)(&mut call)
    }

    /// Returns the WIT record of this route, or a sentence that names its fault.
    pub(crate) fn describe(
        &self,
        of_app: &Hooks,
        states: &States,
    ) -> Result<definition::Route, String> {
        let fault = |sentence: &str| {
            format!(
                "route `{} {}` {sentence}",
                method_name(self.method),
                self.pattern
            )
        };
        if let Some(why) = pattern::fault(&self.pattern) {
            return Err(fault(&format!("has a path that does not parse: {why}")));
        }
        if let Some(status) = self.status.filter(|status| !(200..=599).contains(status)) {
            return Err(fault(&format!(
                "has the status `{status}`; a reply's status is 200 to 599"
            )));
        }
        let mut declaration = Declaration::new(&self.pattern, states);
        (self.declare)(&mut declaration);
        of_app.declare(&mut declaration);
        self.hooks.declare(&mut declaration);
        let declared = declaration.finish().map_err(|sentence| fault(&sentence))?;
        Ok(definition::Route {
            method: self.method,
            path: self.pattern.clone().into_owned(),
            name: self.name.clone().into_owned(),
            parameters: declared.parameters,
            body: declared.body,
            replies: self.declared_replies(),
            settings: self.settings.to_json(declared.raw_body, self.hooks.kinds()),
        })
    }
}

impl Route {
    fn declared_replies(&self) -> String {
        let mut replies = Replies::new(self.status);
        if let Some(declare) = self.replies {
            declare(&mut replies);
        }
        for (status, declare) in &self.more_replies {
            replies.with_status(*status, declare);
        }
        replies.finish()
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", method_name(self.method), self.pattern)
    }
}

/// The method, path and documentation of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteInfo<'a> {
    /// The method, in upper case.
    pub method: &'static str,
    /// The path pattern.
    pub path: &'a str,
    /// The name, or an empty string.
    pub name: &'a str,
    /// The summary, or an empty string.
    pub summary: &'a str,
    /// The description, or an empty string.
    pub description: &'a str,
}

/// A function with an attribute such as `#[get("/path")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a route",
    note = "put `#[get(\"/path\")]`, `#[post(\"/path\")]` or another method's attribute on the function"
)]
pub trait IntoRoute {
    /// Returns the route.
    fn into_route() -> Route;
}

/// Converts the return value of a handler for the attribute macros.
#[doc(hidden)]
pub fn into_reply(value: impl IntoReply) -> Reply {
    value.into_reply()
}
