use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use spikard_wasm_sdk::{Config, Json, Path, get};

#[derive(Deserialize, JsonSchema)]
pub struct Settings {
    #[serde(default = "hello")]
    greeting: String,
    /// Addresses without invitations.
    #[serde(default)]
    pub blocked: String,
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    page_size: u32,
    /// The rates service.
    #[schemars(regex(pattern = "^https?://"))]
    #[allow(dead_code)]
    rates_url: String,
}

fn hello() -> String {
    "Hello".to_owned()
}

fn twenty() -> u32 {
    20
}

#[get("/greeting/{name}")]
pub fn greeting(Path(name): Path<String>, Config(settings): Config<Settings>) -> Json<Value> {
    let message = format!("{}, {name}!", settings.greeting);
    Json(json!({ "message": message, "page_size": settings.page_size }))
}
