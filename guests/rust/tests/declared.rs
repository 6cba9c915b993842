//! Declarations of routes other than parameters and bodies, as users write them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{
    App, Form, HttpError, IntoReply, Json, Query, RateLimit, Reply, Route, UploadFile, get, post,
    routes,
};

#[derive(Serialize, JsonSchema)]
struct User {
    name: String,
}

/// A type without a schema, like the types of other crates.
#[derive(Serialize)]
struct Opaque {
    name: &'static str,
}

fn ann() -> User {
    User {
        name: "Ann".to_owned(),
    }
}

#[get("/known")]
fn known() -> Result<Json<User>, HttpError> {
    Ok(Json(ann()))
}

#[post("/made", status = 201)]
fn made() -> Json<User> {
    Json(ann())
}

#[get("/opaque")]
fn opaque() -> Json<Opaque> {
    Json(Opaque { name: "Bo" })
}

#[get("/hidden")]
fn hidden() -> impl IntoReply {
    "hidden"
}

#[get("/built", reply = Json<User>, rate_limit = RateLimit::per_minute(5), timeout_status = 408)]
fn built() -> Reply {
    Reply::json(&ann()).header("x-a", "b")
}

#[get("/none")]
fn none() {}

fn replies(route: Route) -> Value {
    let description = App::new("app").route(route).describe().expect("described");
    match description.routes[0].replies.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).expect("json"),
    }
}

#[test]
fn return_types_are_declared_where_they_can_be() {
    let [known, made, opaque, hidden, built, none] =
        routes![known, made, opaque, hidden, built, none].map(replies);
    let user = json!({
        "title": "User", "type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}},
    });
    let content = |reply: &Value| reply["content"]["application/json"]["schema"].clone();
    assert_eq!(content(&known["200"]), user);
    assert_eq!(
        known["default"]["content"]["application/problem+json"]["schema"]["type"],
        "object"
    );
    assert_eq!(content(&made["201"]), user);
    assert_eq!(opaque, Value::Null);
    assert_eq!(hidden, Value::Null);
    assert_eq!(content(&built["200"]), user);
    assert_eq!(none, json!({"204": {"description": "No Content"}}));
}

#[test]
fn a_route_without_a_macro_says_what_it_replies() {
    assert_eq!(replies(Route::get("/", || "text")), Value::Null);
    let route = Route::get("/", || Json(ann()))
        .reply::<Json<User>>()
        .reply_with_status::<String>(409)
        .reply_with_status::<()>(410);
    let replies = replies(route);
    let statuses: Vec<_> = replies.as_object().into_iter().flatten().collect();
    assert_eq!(statuses.len(), 3);
    assert_eq!(
        replies["409"],
        json!({"description": "Conflict", "content": {"text/plain": {"schema": {"type": "string"}}}})
    );
    assert_eq!(replies["410"], json!({"description": "Gone"}));
}

#[test]
fn options_of_an_attribute_are_policies() {
    let description = App::new("app")
        .routes(routes![built])
        .describe()
        .expect("described");
    let settings: Value = serde_json::from_str(&description.routes[0].settings).expect("json");
    assert_eq!(
        settings,
        json!({"timeout_status": 408, "rate_limit": {"requests": 5, "per": "minute"}})
    );
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Filter {
    name: Option<String>,
    min: Option<u32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Search {
    #[serde(default)]
    #[schemars(extend("x-explode" = false))]
    ids: Vec<u32>,
    #[serde(default)]
    #[schemars(extend("x-style" = "pipeDelimited", "x-explode" = false))]
    words: Vec<String>,
    #[schemars(extend("x-style" = "deepObject"))]
    filter: Option<Filter>,
}

#[get("/search")]
fn search(Query(search): Query<Search>) -> Json<Search> {
    Json(search)
}

#[test]
fn a_parameter_has_the_style_its_field_says() {
    let client = TestClient::new(App::new("app").routes(routes![search]));
    let declared: Value =
        serde_json::from_str(&client.description().routes[0].parameters).expect("json");
    let mut styles: Vec<_> = declared
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| json!([parameter["name"], parameter["style"], parameter["explode"]]))
        .collect();
    styles.sort_by_key(Value::to_string);
    assert_eq!(
        json!(styles),
        json!([
            ["filter", "deepObject", null],
            ["ids", null, false],
            ["words", "pipeDelimited", false]
        ])
    );
    assert!(!declared.to_string().contains("x-"), "{declared}");
    let found = client
        .get("/search?ids=1,2&words=a|b&filter[name]=n&filter[min]=3")
        .send();
    assert_eq!(
        found.json::<Value>(),
        json!({"ids": [1, 2], "words": ["a", "b"], "filter": {"name": "n", "min": 3}})
    );
    let refused = client.get("/search?filter[min]=x").send();
    assert_eq!(
        refused.json::<Value>()["errors"][0]["loc"],
        json!(["query", "filter", "min"])
    );
}

#[derive(Deserialize, JsonSchema)]
struct Upload {
    #[serde(default)]
    note: String,
    file: UploadFile,
}

#[derive(Deserialize, JsonSchema)]
struct Maybe {
    file: Option<UploadFile>,
}

#[test]
fn a_form_that_needs_a_file_is_multipart() {
    let app = App::new("app")
        .route(Route::post("/file", |Form(form): Form<Upload>| {
            format!("{}{:?}", form.note, form.file.content_type())
        }))
        .route(Route::post("/maybe", |Form(form): Form<Maybe>| {
            form.file.is_some().to_string()
        }));
    let client = TestClient::new(app);
    let types = |index: usize| -> Vec<String> {
        let body: Value =
            serde_json::from_str(&client.description().routes[index].body).expect("json");
        let content = body["content"].as_object().cloned().unwrap_or_default();
        content.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(types(0), ["multipart/form-data"]);
    assert_eq!(types(1).len(), 2);
    let sent = client
        .post("/file")
        .file("file", "a.txt", "text/plain", "a");
    assert_eq!(
        sent.part("note", "n").send().text(),
        "nSome(\"text/plain\")"
    );
    assert_eq!(
        client.post("/maybe").form(&[("a", "b")]).send().text(),
        "false"
    );
    // A form without fields has no bytes: it is no body, and this one is required.
    assert_eq!(client.post("/maybe").form(&[]).send().status(), 422);
    // A browser sends so that no file was chosen.
    let nothing = client
        .post("/maybe")
        .file("file", "", "application/octet-stream", "");
    assert_eq!(nothing.send().text(), "true");
}
