//! Values of the app that handlers and hooks take as arguments.

use std::any::{TypeId, type_name};

use crate::{Call, Declaration, FromRequest, Reply};

/// A value of the app: configuration, a database, a client, or a fake of one in tests.
///
/// ```
/// use spikard_wasm_sdk::testing::TestClient;
/// use spikard_wasm_sdk::{App, State, get, routes};
///
/// #[derive(Clone)]
/// struct Greeting(&'static str);
///
/// #[get("/")]
/// fn home(State(Greeting(text)): State<Greeting>) -> &'static str {
///     text
/// }
///
/// fn app(greeting: Greeting) -> App {
///     App::new("app").state(greeting).routes(routes![home])
/// }
///
/// let client = TestClient::new(app(Greeting("hello")));
/// assert_eq!(client.get("/").send().text(), "hello");
/// ```
///
/// Each call gets a clone. An instance has its own state, which ends with it: use a
/// [`Store`](crate::Store), a [`Database`](crate::Database) or the
/// [`GlobalContext`](crate::GlobalContext) to keep data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<T>(pub T);

impl<T: Clone + 'static> FromRequest for State<T> {
    fn declare(declaration: &mut Declaration<'_>) {
        if !declaration.has_state(TypeId::of::<T>()) {
            let name = type_name::<T>();
            declaration.fault(format!(
                "takes a `State<{name}>` that the app does not have; add it with `App::state`"
            ));
        }
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        call.states.get().map(Self).ok_or_else(|| {
            let name = type_name::<T>();
            Reply::failure(format!("the app has no state of type `{name}`"), "")
        })
    }
}
