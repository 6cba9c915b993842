//! The settings that an app declares.

use std::any::{TypeId, type_name};
use std::cell::OnceCell;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::declared_settings::{declared, value_of};
use crate::{App, Call, Declaration, FromRequest, HttpError, Reply, grants};

/// The settings of the operator, as an argument. [`App::config`] declares them.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
/// use spikard_wasm_sdk::testing::TestClient;
/// use spikard_wasm_sdk::{App, Config, get, routes};
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Settings {
///     /// The first word of the home page.
///     #[serde(default = "hello")]
///     greeting: String,
///     #[schemars(range(min = 1, max = 100))]
///     page_size: u32,
/// }
///
/// fn hello() -> String {
///     "Hello".to_owned()
/// }
///
/// #[get("/")]
/// fn home(Config(settings): Config<Settings>) -> String {
///     format!("{}! {} per page", settings.greeting, settings.page_size)
/// }
///
/// let app = App::new("app").config::<Settings>().routes(routes![home]);
/// let client = TestClient::new(app).with_config("page_size", "20");
/// assert_eq!(client.get("/").send().text(), "Hello! 20 per page");
/// ```
///
/// An instance reads the settings once.
#[derive(Debug, PartialEq, Eq)]
pub struct Config<T>(pub Rc<T>);

impl<T> Clone for Config<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The settings of an instance, once a call has read them. A state of the app.
struct ReadConfig<T>(Rc<OnceCell<Rc<T>>>);

impl<T> Clone for ReadConfig<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl App {
    /// Declares settings of the operator, one for each field of the struct `T`. Handlers, hooks and
    /// the functions of [`on_start`](Self::on_start) take them as [`Config`].
    ///
    /// The operator sets them in `spikard.toml`, in the table `[grants.config]`. A field with
    /// `#[serde(default)]` or the type `Option` is optional. The host does not start if a required
    /// setting is missing or a value does not match its schema.
    pub fn config<T: DeserializeOwned + JsonSchema + 'static>(mut self) -> Self {
        self.config.push(declared::<T>);
        self.state(ReadConfig::<T>(Rc::default()))
    }

    /// Declares secrets that the app reads with [`secret`](crate::secret), or names in
    /// [`jwt::Key`](crate::jwt::Key). The host does not start if the operator has not granted one.
    ///
    /// ```
    /// # use spikard_wasm_sdk::App;
    /// let app = App::new("app").secrets(["jwt"]);
    /// ```
    pub fn secrets(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(|name| name.into().into());
        self.settings.secrets.extend(names);
        self
    }
}

impl<T: DeserializeOwned + JsonSchema + 'static> FromRequest for Config<T> {
    fn declare(declaration: &mut Declaration<'_>) {
        if !declaration.has_state(TypeId::of::<ReadConfig<T>>()) {
            let name = type_name::<T>();
            declaration.fault(format!(
                "takes a `Config<{name}>` that the app does not declare; add it with `App::config`"
            ));
        }
    }

    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply> {
        let known: ReadConfig<T> = call.states.get().ok_or_else(|| {
            let name = type_name::<T>();
            Reply::failure(format!("the app does not declare a `Config<{name}>`"), "")
        })?;
        if let Some(value) = known.0.get() {
            return Ok(Self(value.clone()));
        }
        let value = Rc::new(read::<T>()?);
        Ok(Self(known.0.get_or_init(|| value).clone()))
    }
}

/// Reads settings from the host.
fn read<T: DeserializeOwned + JsonSchema>() -> Result<T, Reply> {
    let schema = declared::<T>().map_err(|sentence| Reply::failure(sentence, ""))?;
    let mut values = Map::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(text) = grants::config(name)? {
            values.insert(name.clone(), value_of(schema, text));
        }
    }
    serde_json::from_value(Value::Object(values)).map_err(|error| {
        let name = type_name::<T>();
        HttpError::internal(format!("the settings are not a `{name}`: {error}")).into()
    })
}
