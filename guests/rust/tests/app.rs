//! An app as its users write it, asked through the test client.

use std::num::ParseIntError;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{
    App, Body, Cookies, Form, Headers, Html, HttpError, Instances, Json, Multipart, Path, Query,
    Redirect, Reply, Request, Route, UploadFile, delete, get, head, options, patch, post, put,
    routes,
};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct User {
    id: u64,
    name: String,
}

/// Finds a user
/// by its id.
///
/// There are few.
#[get("/users/{id}", tags = ["users", "read"], timeout_ms = 500)]
fn user(Path(id): Path<u64>) -> Result<Json<User>, HttpError> {
    match id {
        1 => Ok(Json(User {
            id,
            name: "Ann".to_owned(),
        })),
        _ => Err(HttpError::new(404, format!("there is no user `{id}`"))),
    }
}

#[post("/users", status = 201, name = "new_user", summary = "Makes a user", body_limit = 1 << 10)]
fn create(Json(user): Json<User>) -> Json<User> {
    Json(user)
}

#[put("/users/{id}", instances = Instances::Fresh)]
fn replace(Path(id): Path<u8>, body: Option<Json<User>>) -> String {
    format!(
        "{id} {}",
        body.map_or_else(|| "nothing".to_owned(), |Json(user)| user.name)
    )
}

#[patch("/users/{id}")]
fn touch(Path(_): Path<u64>) {}

#[delete("/users/{id}")]
fn remove(Path(id): Path<u64>) -> Result<(), ParseIntError> {
    if id == 0 {
        "zero".parse::<u8>().map(drop)
    } else {
        Ok(())
    }
}

#[head("/users")]
fn exists() -> Reply {
    Reply::new().status(200).header("x-count", "2")
}

#[options("/users")]
fn allowed() -> Reply {
    Reply::new().header("allow", "POST")
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Search {
    q: String,
    page: Option<u32>,
    #[serde(default)]
    exact: bool,
    #[serde(default)]
    tags: Vec<String>,
    max_price: Option<f64>,
}

#[get("/orgs/{org}/teams/{team}/search")]
fn search(Path((org, team)): Path<(String, u16)>, Query(search): Query<Search>) -> Value {
    json!({ "org": org, "team": team, "search": search })
}

#[derive(Deserialize, JsonSchema)]
struct Key {
    x_api_key: String,
}

#[derive(Deserialize, JsonSchema)]
struct Session {
    session: Option<u32>,
}

#[get("/who")]
fn who(Headers(key): Headers<Key>, Cookies(session): Cookies<Session>, request: Request) -> String {
    let raw = request.query_pairs();
    format!(
        "{} {:?} {} {} {raw:?}",
        key.x_api_key,
        session.session,
        request.method(),
        request.path()
    )
}

#[derive(Deserialize, JsonSchema)]
struct Profile {
    name: String,
    age: Option<u8>,
    subscribed: bool,
    pictures: Option<Vec<UploadFile>>,
}

#[post("/profile")]
fn profile(Form(profile): Form<Profile>) -> String {
    let bytes = profile
        .pictures
        .unwrap_or_default()
        .iter()
        .map(|file| file.bytes().len())
        .sum::<usize>();
    format!(
        "{} {:?} {} {bytes}",
        profile.name, profile.age, profile.subscribed
    )
}

#[post("/upload")]
fn upload(form: Multipart) -> Value {
    let files = form.files().iter().map(|(field, file)| {
        json!([
            field,
            file.filename(),
            file.content_type(),
            file.size(),
            file.bytes().len()
        ])
    });
    json!({ "files": files.collect::<Vec<_>>(), "note": form.text("note"), "other": form.file("other").is_some() })
}

#[post("/text")]
fn text(text: String) -> String {
    text
}

#[post("/bytes")]
fn bytes(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[post("/any")]
fn any(body: Body) -> Result<Value, Reply> {
    body.json()
}

#[get("/page")]
fn page() -> Html<&'static str> {
    Html("<p>hi")
}

#[get("/old")]
fn old() -> Redirect {
    Redirect::permanent("/page")
}

#[get("/files/{*rest}")]
fn files(Path(rest): Path<String>) -> String {
    rest
}

fn client() -> TestClient {
    let app = App::new("users")
        .version("1.2.3")
        .timeout_ms(2_000)
        .instances(Instances::Reuse)
        .routes(routes![
            user, create, replace, touch, remove, exists, allowed, search, who, profile, upload,
            text, bytes, any, page, old, files,
        ]);
    TestClient::new(
        app.route(Route::get("/closure/{id}", |Path(id): Path<i8>| Json(id)).name("closure")),
    )
}

#[test]
fn the_description_says_what_the_types_say() {
    let client = client();
    let description = client.description();
    assert_eq!(
        (description.name.as_str(), description.version.as_str()),
        ("users", "1.2.3")
    );
    assert_eq!(
        description.settings,
        r#"{"timeout_ms":2000,"instances":"reuse"}"#
    );
    let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("json");

    let user = &description.routes[0];
    assert_eq!(
        (user.path.as_str(), user.name.as_str(), user.body.as_str()),
        ("/users/{id}", "user", "")
    );
    assert_eq!(
        parsed(&user.parameters),
        json!([{
            "name": "id", "in": "path", "required": true,
            "schema": {"type": "integer", "format": "uint64", "minimum": 0},
        }])
    );
    assert_eq!(
        parsed(&user.settings),
        json!({
            "timeout_ms": 500, "summary": "Finds a user by its id.", "description": "There are few.",
            "tags": ["users", "read"],
        })
    );

    let create = &description.routes[1];
    assert_eq!(create.name, "new_user");
    assert_eq!(
        parsed(&create.settings),
        json!({"body_limit": 1024, "summary": "Makes a user"})
    );
    assert_eq!(
        parsed(&create.body),
        json!({"required": true, "content": {"application/json": {"schema": {
            "title": "User", "type": "object", "required": ["id", "name"], "additionalProperties": false,
            "properties": {
                "id": {"type": "integer", "format": "uint64", "minimum": 0}, "name": {"type": "string"},
            },
        }}}})
    );
    let replace = &description.routes[2];
    assert_eq!(parsed(&replace.settings), json!({"instances": "fresh"}));
    assert_eq!(parsed(&replace.body)["required"], false);
    let text = description
        .routes
        .iter()
        .find(|route| route.path == "/text")
        .expect("the route");
    assert_eq!(
        (
            text.body.as_str(),
            text.settings.as_str(),
            text.parameters.as_str()
        ),
        ("", "", "")
    );
    let bytes = description
        .routes
        .iter()
        .find(|route| route.path == "/bytes")
        .expect("the route");
    assert_eq!(bytes.settings, r#"{"raw_body":true}"#);
}

#[test]
fn methods_statuses_and_errors() {
    let client = client();
    assert_eq!(
        client.get("/users/1").send().json::<Value>(),
        json!({"id": 1, "name": "Ann"})
    );
    let missing = client.get("/users/2").send();
    assert_eq!(
        (missing.status(), missing.header("content-type")),
        (404, Some("application/problem+json"))
    );
    assert_eq!(missing.json::<Value>()["detail"], "there is no user `2`");
    let made = client
        .post("/users")
        .json(&json!({"id": 3, "name": "Bob"}))
        .send();
    assert_eq!(
        (made.status(), made.text()),
        (201, r#"{"id":3,"name":"Bob"}"#)
    );
    assert_eq!(client.post("/users").send().status(), 422);
    assert_eq!(client.put("/users/7").send().text(), "7 nothing");
    assert_eq!(
        client
            .put("/users/7")
            .json(&User {
                id: 1,
                name: "Cy".to_owned()
            })
            .send()
            .text(),
        "7 Cy"
    );
    assert_eq!(client.patch("/users/7").send().status(), 204);
    assert_eq!(client.delete("/users/7").send().status(), 204);
    let failed = client.delete("/users/0").send();
    assert_eq!(
        (failed.status(), failed.header("content-type")),
        (500, Some("application/problem+json"))
    );
    assert!(!failed.text().contains("digit"), "{}", failed.text());
    assert_eq!(
        failed.failure(),
        Some(("invalid digit found in string", ""))
    );
    let head = client.head("/users").send();
    assert_eq!((head.status(), head.header("X-Count")), (200, Some("2")));
    assert_eq!(
        client.options("/users").send().header("allow"),
        Some("POST")
    );
    assert_eq!(client.get("/users").send().status(), 405);
    assert_eq!(client.get("/nowhere").send().status(), 404);
    assert_eq!(client.get("/closure/-5").send().json::<i8>(), -5);
}

#[test]
fn what_does_not_fit_its_type_is_named() {
    let reply = client().put("/users/300").send();
    assert_eq!(reply.status(), 422);
    let error = &reply.json::<Value>()["errors"][0];
    assert_eq!(error["loc"], json!(["path", "id"]));
    assert_eq!(error["msg"], "Input should be less than or equal to 255");
}

#[test]
fn parameters_come_typed() {
    let client = client();
    let reply = client
        .get("/orgs/acme/teams/7/search?q=a&tags=x&page=2&undeclared=1")
        .query("tags", "y z")
        .send();
    let search =
        json!({"q": "a", "page": 2, "exact": false, "tags": ["x", "y z"], "max_price": null});
    assert_eq!(
        reply.json::<Value>(),
        json!({"org": "acme", "team": 7, "search": search})
    );
    let missing = client.get("/orgs/acme/teams/7/search").send();
    assert_eq!(
        missing.json::<Value>()["errors"][0]["loc"],
        json!(["query", "q"])
    );
    let who = client
        .get("/who?a=b%20c")
        .header("X-Api-Key", "k")
        .cookie("session", "9")
        .send();
    assert_eq!(who.text(), r#"k Some(9) GET /who [("a", "b c")]"#);
    assert_eq!(
        client.get("/who").header("x-api-key", "k").send().text(),
        "k None GET /who []"
    );
    assert_eq!(client.get("/who").send().status(), 422);
    assert_eq!(client.get("/files/a/b%2Fc").send().text(), "a/b/c");
}

#[test]
fn forms_and_files() {
    let client = client();
    let fields = [("name", "Ann Lee"), ("age", "30"), ("subscribed", "true")];
    assert_eq!(
        client.post("/profile").form(&fields).send().text(),
        "Ann Lee Some(30) true 0"
    );
    let reply = client
        .post("/profile")
        .part("name", "Bo")
        .part("subscribed", "no")
        .file("pictures", "a", "b", "123");
    assert_eq!(reply.send().text(), "Bo None false 3");
    assert_eq!(client.post("/profile").text("name=a").send().status(), 415);
    let reply = client
        .post("/upload")
        .file("file", "a.txt", "text/plain", "hello")
        .part("note", "hi");
    let reply = reply
        .file("file", "b.bin", "application/octet-stream", vec![0; 10])
        .send();
    let files = json!([
        ["file", "a.txt", "text/plain", 5, 5],
        ["file", "b.bin", "application/octet-stream", 10, 10],
    ]);
    assert_eq!(
        reply.json::<Value>(),
        json!({"files": files, "note": "hi", "other": false})
    );
}

#[test]
fn bodies_as_they_are() {
    let client = client();
    assert_eq!(client.post("/text").text("héllo").send().text(), "héllo");
    assert_eq!(client.post("/text").json(&[1]).send().text(), "[1]");
    assert_eq!(
        client.post("/text").form(&[("a", "b c")]).send().text(),
        "a=b+c"
    );
    assert_eq!(
        client
            .post("/text")
            .bytes("image/png", [255])
            .send()
            .status(),
        400
    );
    let bytes = client
        .post("/bytes")
        .bytes("application/json", "{not json")
        .send();
    assert_eq!(
        bytes.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(
        client
            .post("/any")
            .json(&json!({"a": [1.0, null]}))
            .send()
            .text(),
        r#"{"a":[1.0,null]}"#
    );
    assert_eq!(client.post("/any").text("a").send().status(), 415);
    assert_eq!(client.post("/any").send().status(), 422);
    assert_eq!(
        client
            .post("/any")
            .bytes("application/json", "{")
            .send()
            .status(),
        400
    );
    assert_eq!(
        client.get("/page").send().header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(client.get("/old").send().header("location"), Some("/page"));
}

#[test]
fn mistakes_in_a_definition_are_sentences() {
    let fault = |route: Route| {
        App::new("app")
            .route(route)
            .describe()
            .map(drop)
            .expect_err("a fault")
    };
    assert_eq!(
        fault(Route::get("users", || "")),
        "route `GET users` has a path that does not parse: a path pattern starts with `/`"
    );
    assert_eq!(
        fault(Route::get("/{a}/{b}", |Path(_): Path<u8>| "")),
        "route `GET /{a}/{b}` takes one value from a path that binds 2; use a tuple or a struct"
    );
    assert_eq!(
        fault(Route::get("/{a}", |Path(_): Path<(u8, u8)>| "")),
        "route `GET /{a}` takes 2 values from a path that binds 1"
    );
    assert_eq!(
        fault(Route::get("/{a}", |Path(_): Path<User>| "")),
        "route `GET /{a}` takes `id` from a path that does not bind it"
    );
    assert_eq!(
        fault(Route::get("/", |Query(_): Query<u8>| "")),
        "route `GET /` takes a `Query<T>` where `T` is not a struct with fields"
    );
    assert_eq!(
        fault(Route::get(
            "/{id}",
            |Path(_): Path<u8>, Query(_): Query<User>| ""
        )),
        "route `GET /{id}` declares the parameter `id` twice; give one another name"
    );
    assert_eq!(
        fault(Route::post("/", |_: String, _: Json<User>| "")),
        "route `POST /` takes its body twice; leave one of the arguments out"
    );
    assert_eq!(
        fault(Route::get("/", || "").status(99)),
        "route `GET /` has the status `99`; a reply's status is 200 to 599"
    );
}
