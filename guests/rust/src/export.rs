//! Exports an app as a component.

use std::cell::Cell;
use std::panic;
use std::rc::Rc;

use crate::bindings::exports::spikard::handler::definition::Description;
use crate::dispatch::Answer;
use crate::hook_reply::ReplyChange;
use crate::stage::{EarlyStage, LateStage};
use crate::{App, Body, Content, host_log, task};

thread_local! {
    static APP: Cell<Option<&'static Rc<App>>> = const { Cell::new(None) };
}

/// Returns the app of the instance, which the first call creates. It is never dropped because it
/// lives as long as the instance.
fn app(make: fn() -> App) -> &'static Rc<App> {
    APP.get().unwrap_or_else(|| {
        panic::set_hook(Box::new(report_panic));
        let app = &*Box::leak(Box::new(Rc::new(make())));
        APP.set(Some(app));
        host_log::install();
        app
    })
}

/// Reports the message and the location of a panic to the host. The trap that follows does not
/// carry them, because wasm32 supports only `panic = "abort"`.
fn report_panic(info: &panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a value that is not text");
    let place = info
        .location()
        .map(|place| format!("at {place}"))
        .unwrap_or_default();
    task::report(&format!("panic: {message}"), &place);
}

/// The exported `describe`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn describe(make: fn() -> App) -> Result<Description, String> {
    app(make).describe()
}

/// The exported `handle`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn handle(make: fn() -> App, route: u32, params: &str, body: Body) -> Answer {
    app(make).handle(route, params, body)
}

/// The exported `on-request`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn on_request(make: fn() -> App, route: u32) -> Option<Answer> {
    app(make).before(EarlyStage::OnRequest, route, "")
}

/// The exported `pre-validation`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn pre_validation(make: fn() -> App, route: u32) -> Option<Answer> {
    app(make).before(EarlyStage::PreValidation, route, "")
}

/// The exported `pre-handler`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn pre_handler(make: fn() -> App, route: u32, params: &str) -> Option<Answer> {
    app(make).before(EarlyStage::PreHandler, route, params)
}

/// The exported `on-response`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn on_response(
    make: fn() -> App,
    route: u32,
    status: u16,
    headers: &str,
) -> Option<ReplyChange> {
    app(make).after(LateStage::Response, route, status, headers, "")
}

/// The exported `on-error`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn on_error(
    make: fn() -> App,
    route: u32,
    status: u16,
    headers: &str,
    message: &str,
) -> Option<ReplyChange> {
    app(make).after(LateStage::Error, route, status, headers, message)
}

/// The exported `resume`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn resume(operation: u32, status: u16, head: String, body: Content) {
    task::resume(operation, status, head, body);
}

/// The exported `cancel`, for [`export!`](crate::export).
#[doc(hidden)]
pub fn cancel(task: u32) {
    task::cancel(task);
}

/// Exports an [`App`](crate::App) as the component of the crate. Use it once, at the root of a
/// crate of type `cdylib`.
///
/// ```
/// use spikard_wasm_sdk::{App, Route, export};
///
/// export!(App::new("hello").route(Route::get("/", || "Hello")));
/// # fn main() {}
/// ```
///
/// The expression runs once in each instance of the component. On other targets, for example in
/// tests, it is only type-checked.
#[macro_export]
macro_rules! export {
    ($app:expr $(,)?) => {
        const _: () = {
            // Alone in its scope, so that the expression meets none of the names below.
            const __SPIKARD_APP: fn() -> $crate::App = || $app;

            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() -> $crate::App = __SPIKARD_APP;

            #[cfg(target_arch = "wasm32")]
            const _: () = {
                use $crate::__private as sdk;
                use $crate::bindings::exports::spikard::handler::{
                    definition, handler, hooks, resumable,
                };

                struct Component;

                impl definition::Guest for Component {
                    fn describe() -> Result<definition::Description, String> {
                        sdk::describe(__SPIKARD_APP)
                    }
                }

                impl handler::Guest for Component {
                    fn handle(
                        route: u32,
                        params: String,
                        body: handler::Body,
                    ) -> (u16, String, handler::Content) {
                        sdk::handle(__SPIKARD_APP, route, &params, body)
                    }
                }

                impl hooks::Guest for Component {
                    fn on_request(route: u32) -> Option<(u16, String, hooks::Content)> {
                        sdk::on_request(__SPIKARD_APP, route)
                    }

                    fn pre_validation(route: u32) -> Option<(u16, String, hooks::Content)> {
                        sdk::pre_validation(__SPIKARD_APP, route)
                    }

                    fn pre_handler(
                        route: u32,
                        params: String,
                    ) -> Option<(u16, String, hooks::Content)> {
                        sdk::pre_handler(__SPIKARD_APP, route, &params)
                    }

                    fn on_response(
                        route: u32,
                        status: u16,
                        headers: String,
                    ) -> Option<(u16, String, Option<hooks::Content>)> {
                        sdk::on_response(__SPIKARD_APP, route, status, &headers)
                    }

                    fn on_error(
                        route: u32,
                        status: u16,
                        headers: String,
                        message: String,
                    ) -> Option<(u16, String, Option<hooks::Content>)> {
                        sdk::on_error(__SPIKARD_APP, route, status, &headers, &message)
                    }
                }

                impl resumable::Guest for Component {
                    fn resume(operation: u32, status: u16, head: String, body: resumable::Content) {
                        sdk::resume(operation, status, head, body);
                    }

                    fn cancel(task: u32) {
                        sdk::cancel(task);
                    }
                }

        $crate::bindings::export_component!(Component with_types_in $crate::exported);
            };
        };
    };
}

/// Lists functions with attributes such as `#[get("/path")]` as routes. A function without an
/// attribute fails to compile with "expected type, found function".
///
/// ```
/// # use spikard_wasm_sdk::{App, get, routes};
/// #[get("/")]
/// fn home() -> &'static str { "home" }
///
/// mod users {
///     # use spikard_wasm_sdk::get;
///     #[get("/users")]
///     pub fn all() -> &'static str { "users" }
/// }
///
/// let app = App::new("site").routes(routes![home, users::all]);
/// ```
#[macro_export]
macro_rules! routes {
    ($($handler:path),* $(,)?) => {
        [$(<$handler as $crate::IntoRoute>::into_route()),*]
    };
}
