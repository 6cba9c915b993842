//! A route: a method, a path pattern, and the handler that answers.

use std::borrow::Cow;
use std::fmt;

use crate::bindings::exports::spikard::handler::definition;
use crate::declare::Declaration;
use crate::declare_reply::{DeclareFn, DeclareReply};
use crate::hook::Hooks;
use crate::method::{Method, method_name};
use crate::replies::Replies;
use crate::settings::Settings;
use crate::{Call, Handler, IntoReply, Reply, pattern};

/// One method of one path. The attribute macros make routes of functions; this
/// builder makes them of any [`Handler`].
///
/// ```
/// # use spikard_wasm_sdk::{App, Path, Route};
/// let app = App::new("users")
///     .route(Route::get("/users/{id}", |Path(id): Path<u64>| format!("user {id}")))
///     .route(Route::post("/users", || "made").status(201).name("create_user"));
/// ```
#[must_use = "a route does nothing until an app has it"]
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
    answer: Box<dyn Fn(&mut Call<'_>) -> Reply>,
}

macro_rules! constructors {
    ($($method:ident $variant:ident $text:literal),*) => {
        $(#[doc = concat!("A route that answers ", $text, " with `handler`.")]
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

    /// A route that answers `method` with `handler`.
    pub fn new<A, H: Handler<A>>(
        method: Method,
        pattern: impl Into<Cow<'static, str>>,
        handler: H,
    ) -> Self {
        Self::from_parts(method, pattern, H::declare, move |call| {
            handler.answer(call)
        })
    }

    /// What the attribute macros make a route of.
    #[doc(hidden)]
    pub fn from_parts(
        method: Method,
        pattern: impl Into<Cow<'static, str>>,
        declare: fn(&mut Declaration<'_>),
        answer: impl Fn(&mut Call<'_>) -> Reply + 'static,
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

    /// The status of a reply that does not set its own.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// What logs and metrics call the route.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// One line about the route, for people.
    pub fn summary(mut self, summary: impl Into<Cow<'static, str>>) -> Self {
        self.settings.summary = Some(summary.into());
        self
    }

    /// More about the route, for people.
    pub fn description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.settings.description = Some(description.into());
        self
    }

    /// Adds a tag that groups routes, for people.
    pub fn tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.settings.tags.push(tag.into());
        self
    }

    /// Has the body cross as bytes, whatever its content type.
    pub fn raw_body(mut self) -> Self {
        self.settings.raw_body = true;
        self
    }

    /// Says that clients should stop using the route.
    pub fn deprecated(mut self) -> Self {
        self.settings.deprecated = true;
        self
    }

    /// Declares that the route usually replies with a `T`: for the OpenAPI document
    /// and for `serve --dev`, which checks replies. The attribute macros declare the
    /// function's return type where that is a [`DeclareReply`].
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

    /// Declares that the route may reply with a `T` of that status.
    pub fn reply_with_status<T: DeclareReply>(mut self, status: u16) -> Self {
        self.more_replies.push((status, T::declare_reply));
        self
    }

    /// What the attribute macros know of the return type.
    #[doc(hidden)]
    pub fn reply_if_known(mut self, declare: Option<DeclareFn>) -> Self {
        self.replies = declare;
        self
    }

    /// What a page about the app shows of this route.
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

    pub(crate) fn answer(&self, params: &str, body: crate::Body) -> Reply {
        (self.answer)(&mut Call {
            pattern: &self.pattern,
            params,
            body,
        })
    }

    /// The WIT record of this route, or a sentence about what is wrong with it.
    pub(crate) fn describe(&self, of_app: &Hooks) -> Result<definition::Route, String> {
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
        let mut declaration = Declaration::new(&self.pattern);
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

/// What a page about an app shows of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteInfo<'a> {
    /// The method, in upper case.
    pub method: &'static str,
    /// The path pattern.
    pub path: &'a str,
    /// Its name; may be empty.
    pub name: &'a str,
    /// One line about it; may be empty.
    pub summary: &'a str,
    /// More about it; may be empty.
    pub description: &'a str,
}

/// A function that an attribute macro made a route of.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a route",
    note = "put `#[get(\"/path\")]`, `#[post(\"/path\")]` or another method's attribute on the function"
)]
pub trait IntoRoute {
    /// Makes the route.
    fn into_route() -> Route;
}

/// What the attribute macros call with the value a handler returned.
#[doc(hidden)]
pub fn into_reply(value: impl IntoReply) -> Reply {
    value.into_reply()
}
