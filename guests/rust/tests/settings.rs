//! Settings and secrets that the app declares, and lines of the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::{LogLine, TestClient, send_all};
use spikard_wasm_sdk::{
    App, Config, OpenApi, Path, Request, Route, Router, SecurityRequirement, SecurityScheme, get,
    routes, sleep, spawn,
};

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Blue,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Settings {
    /// The first word.
    #[serde(default = "hi")]
    greeting: String,
    #[schemars(range(min = 1))]
    page_size: u32,
    #[serde(default)]
    is_strict: bool,
    color: Option<Color>,
    ratio: Option<f64>,
}

fn hi() -> String {
    "Hi".to_owned()
}

#[derive(Deserialize, JsonSchema)]
struct Mail {
    mail_host: String,
}

fn app() -> App {
    App::new("app")
        .config::<Settings>()
        .config::<Mail>()
        .secrets(["mail"])
        .on_start(|Config(mail): Config<Mail>| println!("{}", mail.mail_host))
        .route(Route::get("/", |Config(settings): Config<Settings>| {
            serde_json::to_value(&*settings).unwrap_or_default()
        }))
}

fn client() -> TestClient {
    TestClient::with_secrets(app(), &[("mail", "hunter2")]).with_config("mail_host", "localhost")
}

#[test]
fn settings_have_their_types_and_defaults() {
    let client = client().with_config("page_size", "20");
    let settings: Value = client.get("/").send().json();
    assert_eq!(
        settings,
        json!({"greeting": "Hi", "page_size": 20, "is_strict": false, "color": null, "ratio": null})
    );
    let client = self::client()
        .with_config("page_size", "1")
        .with_config("is_strict", "yes")
        .with_config("color", "blue")
        .with_config("ratio", "1e-1")
        .with_config("greeting", "7");
    let settings: Value = client.get("/").send().json();
    assert_eq!(
        settings,
        json!({"greeting": "7", "page_size": 1, "is_strict": true, "color": "blue", "ratio": 0.1})
    );
    let declared: Value = serde_json::from_str(&client.description().settings).expect("json");
    assert_eq!(declared["secrets"], json!(["mail"]));
    let config = &declared["config"];
    assert_eq!(config["required"], json!(["page_size", "mail_host"]));
    assert_eq!(
        config["properties"]["greeting"],
        json!({"type": "string", "default": "Hi", "description": "The first word."})
    );
    assert_eq!(config["properties"]["ratio"]["type"], "number");
}

#[test]
fn a_missing_or_invalid_setting_stops_the_start() {
    let error = client().start().expect_err("a missing setting");
    assert_eq!(
        error,
        "the app needs the setting `page_size`; add `page_size = \"...\"` to `[grants.config]` in spikard.toml"
    );
    for (name, value) in [("page_size", "0"), ("page_size", "many"), ("color", "pink")] {
        let client = client()
            .with_config("page_size", "1")
            .with_config(name, value);
        let error = client.start().expect_err("an invalid setting");
        assert!(
            error.starts_with(&format!("the setting `{name}` is `{value}`")),
            "{error}"
        );
    }
    let client = TestClient::new(app())
        .with_config("page_size", "1")
        .with_config("mail_host", "localhost");
    let error = client.start().expect_err("a missing secret");
    assert!(
        error.starts_with("the app needs the secret `mail`"),
        "{error}"
    );
}

#[test]
fn faults_of_declarations_are_told() {
    let fault = |app: App| app.describe().map(drop).expect_err("a fault");
    assert_eq!(
        fault(App::new("app").config::<Mail>().config::<Mail>()),
        "the app declares the setting `mail_host` twice; give one another name"
    );
    assert_eq!(
        fault(App::new("app").config::<u8>()),
        "the app declares `config::<u8>()`, but `u8` is not a struct with fields"
    );
    let undeclared = Route::get("/", |_: Config<Mail>| ());
    assert_eq!(
        fault(App::new("app").route(undeclared)),
        "route `GET /` takes a `Config<settings::Mail>` that the app does not declare; add it with `App::config`"
    );
}

#[get("/{name}")]
async fn write(Path(name): Path<String>, request: Request) -> &'static str {
    log::info!("hello {name}");
    sleep(std::time::Duration::from_secs(1)).await;
    log::warn!("{} waited", request.path());
    spawn(async { log::debug!("in the background") });
    log::trace!("not written");
    "done"
}

#[test]
fn lines_of_the_crate_log_go_to_the_host() {
    let app = App::new("app")
        .routes(routes![write])
        .route(Route::get("/", || {
            log::error!("at once");
        }));
    let client = TestClient::new(app);
    let _ = client.get("/").send();
    let _ = send_all([client.get("/a"), client.get("/b")]);
    let lines = client.log();
    let line = |line: &LogLine| format!("{} {}", line.level, line.text);
    let lines: Vec<_> = lines.iter().map(line).collect();
    assert_eq!(
        lines[..3],
        ["error at once", "info hello a", "info hello b"]
    );
    assert_eq!(lines.len(), 7);
    assert!(lines.contains(&"warn /b waited".to_owned()));
    assert!(lines.contains(&"debug in the background".to_owned()));
}

#[test]
fn security_schemes_and_requirements_are_documented() {
    let scheme = SecurityScheme::bearer("JWT").description("Ask `POST /login`.");
    let write = SecurityRequirement::new("oauth")
        .scope("write")
        .scope("read")
        .and("key");
    let app = App::new("app")
        .openapi(
            OpenApi::new()
                .security_scheme("token", scheme)
                .security_scheme("key", SecurityScheme::header("x-key")),
        )
        .security(["token"])
        .route(Route::get("/", || "").without_security())
        .merge(
            Router::new()
                .security([write])
                .route(Route::get("/write", || "")),
        )
        .route(Route::get("/token", || ""));
    let description = app.describe().expect("a description");
    let settings = |text: &str| -> Value { serde_json::from_str(text).expect("json") };
    let of_app = settings(&description.settings);
    assert_eq!(
        of_app["openapi"]["security_schemes"],
        json!({
            "token": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "Ask `POST /login`.",
            },
            "key": {"type": "apiKey", "in": "header", "name": "x-key"},
        })
    );
    assert_eq!(of_app["security"], json!([{"token": []}]));
    assert_eq!(description.routes[2].settings, "");
    assert_eq!(
        settings(&description.routes[0].settings)["security"],
        json!([])
    );
    assert_eq!(
        settings(&description.routes[1].settings)["security"],
        json!([{"oauth": ["write", "read"], "key": []}])
    );
}
