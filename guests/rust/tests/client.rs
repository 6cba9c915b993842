//! The test client: it answers as the host does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::{TestClient, TestReply};
use spikard_wasm_sdk::{
    ApiKey, App, Claims, Cors, Form, Json, Jwt, LocalContext, Path, Query, RateLimit, Request,
    RequestId, Route, Secret, SecurityHeaders, TrailingSlash,
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Item {
    name: String,
    #[schemars(range(min = 0))]
    price: f64,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Page {
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    #[serde(default)]
    exact: bool,
}

fn items() -> TestClient {
    let create = Route::post("/items", |Json(item): Json<Item>| Json(item));
    let app = App::new("items")
        .route(create.status(201).body_limit(100))
        .route(Route::get(
            "/items/{id}",
            |Path(id): Path<u32>, Query(page): Query<Page>| Json((id, page.limit, page.exact)),
        ))
        .route(Route::post(
            "/items/{id}",
            |Path(_): Path<u32>, Json(_): Json<Item>| "",
        ))
        .route(Route::post("/form", |Form(page): Form<Page>| Json(page)));
    TestClient::new(app)
}

fn errors(reply: &TestReply) -> Value {
    let document: Value = reply.json();
    let errors = document["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors
        .iter()
        .map(|error| json!([error["type"], error["loc"]]));
    errors.collect()
}

#[test]
fn a_body_that_breaks_its_schema_gets_the_hosts_document() {
    let item = json!({"name": "pen", "price": -1});
    let reply = items().post("/items").json(&item).send();
    assert_eq!(
        (reply.status(), reply.header("content-type")),
        (422, Some("application/problem+json"))
    );
    assert_eq!(
        reply.json::<Value>(),
        json!({
            "type": "https://spikard.dev/errors/validation-error",
            "title": "Request Validation Failed",
            "status": 422,
            "detail": "1 validation error in request",
            "errors": [{
                "type": "greater_than_equal",
                "loc": ["body", "price"],
                "msg": "Input should be greater than or equal to 0",
                "input": -1,
                "ctx": {"ge": 0},
            }],
        })
    );
}

#[test]
fn every_error_of_parameters_and_body_is_told_at_once() {
    let client = items();
    let reply = client.post("/items/x").json(&json!({"name": 1})).send();
    assert_eq!(reply.status(), 422);
    assert_eq!(
        errors(&reply),
        json!([
            ["int_parsing", ["path", "id"]],
            ["string_type", ["body", "name"]],
            ["missing", ["body", "price"]],
        ])
    );
}

#[test]
fn values_are_coerced_and_checked_as_by_the_host() {
    let client = items();
    let get = |target: &str| client.get(target).send();
    assert_eq!(get("/items/7?limit=%31%30").text(), "[7,10,false]");
    assert_eq!(get("/items/7?exact=1").text(), "[7,null,true]");
    assert_eq!(get("/items/7?limit=0").status(), 422);
    assert_eq!(get("/items/4294967296").status(), 422);
    assert_eq!(get("/items/7?limit=%ff").status(), 400);
    let form = client
        .post("/form")
        .form(&[("limit", "5"), ("exact", "true")])
        .send();
    assert_eq!(form.json::<Value>(), json!({"limit": 5, "exact": true}));
    let form = client.post("/form").part("limit", "500").send();
    assert_eq!(
        errors(&form),
        json!([["less_than_equal", ["body", "limit"]]])
    );
}

#[test]
fn what_no_route_takes_is_refused() {
    let client = items();
    let missing = client.get("/nowhere").send();
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.json::<Value>()["detail"], "no route has this path");
    let wrong = client.delete("/items").send();
    assert_eq!(
        (wrong.status(), wrong.header("allow")),
        (405, Some("POST, OPTIONS"))
    );
    let options = client.options("/items").send();
    assert_eq!(
        (options.status(), options.header("allow")),
        (204, Some("POST, OPTIONS"))
    );
    let long = json!({"name": "x".repeat(100), "price": 1});
    let long = client.post("/items").json(&long).send();
    assert_eq!(long.status(), 413);
    assert_eq!(client.post("/items").text("{}").send().status(), 415);
    let broken = client.post("/items").bytes("application/json", "{").send();
    assert_eq!(
        (broken.status(), errors(&broken)),
        (400, json!([["json_invalid", ["body"]]]))
    );
    let head = client.head("/items/7").send();
    assert_eq!(
        (head.status(), head.text(), head.header("content-type")),
        (200, "", Some("application/json"))
    );
}

#[test]
fn a_slash_at_the_end_is_as_the_app_says() {
    let app = App::new("app")
        .trailing_slash(TrailingSlash::Redirect)
        .route(Route::get("/a", || "a"));
    let reply = TestClient::new(app).get("/a/?b=1").send();
    assert_eq!(
        (reply.status(), reply.header("location")),
        (308, Some("/a?b=1"))
    );
}

const TOKEN: &str = "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJzdWIiOiAiYW5uIiwgImV4cCI6IDQxMDI0NDQ4MDB9.Ly-N5-JgxcYTXUVyC92g7Aey3Vt5BHnEsGg4kXTBMqk";

#[derive(Deserialize)]
struct User {
    sub: String,
}

#[test]
fn tokens_and_keys_are_checked_before_anything_else() {
    let app = || {
        App::new("app")
            .on_request(|request: Request| request.header("x-stop").map(|_| "stopped"))
            .route(
                Route::post("/me", |Claims(user): Claims<User>, _: Json<Item>| user.sub)
                    .jwt(Jwt::hs256(Secret::named("jwt"))),
            )
            .route(
                Route::get("/key", |local: LocalContext| {
                    local.api_key().unwrap_or_default()
                })
                .api_key(ApiKey::named([("ann", "k1")])),
            )
    };
    let client = TestClient::with_secrets(app(), &[("jwt", "0123456789abcdef0123456789abcdef")]);
    let item = json!({"name": "pen", "price": 1});
    let bearer = format!("Bearer {TOKEN}");
    let me = || client.post("/me").json(&item);
    assert_eq!(me().header("authorization", &bearer).send().text(), "ann");
    let refused = me()
        .header("authorization", "Bearer x")
        .header("x-stop", "1")
        .send();
    assert_eq!(refused.status(), 401);
    assert!(refused.header("www-authenticate").is_some());
    // Without a token, the reply does not report errors of the body.
    assert_eq!(client.post("/me").text("").send().status(), 401);
    // Hooks run before the body is checked.
    let stopped = client
        .post("/me")
        .header("authorization", &bearer)
        .header("x-stop", "1");
    assert_eq!(stopped.send().text(), "stopped");
    let stand_in = me().local("spikard.jwt", &json!({"sub": "bob"})).send();
    assert_eq!(stand_in.text(), "bob");

    assert_eq!(client.get("/key").send().status(), 401);
    assert_eq!(
        client.get("/key").header("x-api-key", "k1").send().text(),
        "ann"
    );
}

#[test]
#[should_panic(expected = "make the client with `TestClient::with_secrets`")]
fn a_token_that_needs_a_secret_is_not_let_in_without() {
    let route = Route::get("/", || "").jwt(Jwt::hs256(Secret::named("jwt")));
    let client = TestClient::new(App::new("app").route(route));
    let request = client
        .get("/")
        .header("authorization", &format!("Bearer {TOKEN}"));
    let _ = request.send();
}

#[test]
fn a_rate_limit_comes_first_and_says_what_is_left() {
    let app = App::new("app")
        .rate_limit(RateLimit::per_hour(2))
        .route(Route::get("/{id}", |_: Path<u8>| ""));
    let client = TestClient::new(app);
    let ask = |path: &str| {
        let reply = client.get(path).send();
        let left = reply.header("ratelimit-remaining").map(str::to_owned);
        (reply.status(), left)
    };
    assert_eq!(ask("/x"), (422, Some("1".to_owned())));
    assert_eq!(ask("/1"), (200, Some("0".to_owned())));
    let refused = client.get("/x").send();
    assert_eq!(refused.status(), 429);
    assert!(refused.header("retry-after").is_some());
}

#[test]
fn headers_of_policies_are_on_every_reply() {
    let app = App::new("app")
        .cors(Cors::new(["https://a.example"]))
        .security_headers(SecurityHeaders::new())
        .request_id(RequestId::new())
        .route(Route::get("/", |request: Request| request.id()));
    let client = TestClient::new(app);
    let origin = |name: &str| {
        client
            .get("/")
            .header("origin", name)
            .header("x-request-id", "r1")
            .send()
    };
    let allowed = origin("https://a.example");
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://a.example")
    );
    assert_eq!(allowed.header("vary"), Some("Origin"));
    assert_eq!(allowed.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        (allowed.text(), allowed.header("x-request-id")),
        ("r1", Some("r1"))
    );
    assert_eq!(
        origin("https://b.example").header("access-control-allow-origin"),
        None
    );
    let missing = client.get("/nowhere").send();
    assert_eq!(missing.header("x-content-type-options"), Some("nosniff"));
    let preflight = |method: &str| {
        client
            .options("/")
            .header("origin", "https://a.example")
            .header("access-control-request-method", method)
            .send()
    };
    let allowed = preflight("GET");
    assert_eq!(
        (
            allowed.status(),
            allowed.header("access-control-allow-origin")
        ),
        (204, Some("https://a.example"))
    );
    assert_eq!(preflight("DELETE").status(), 403);
}

#[test]
fn a_response_hook_that_fails_is_an_error_for_error_hooks() {
    let app = App::new("app")
        .on_response(|_| Err::<(), _>("broken"))
        .on_error(|reply, message| reply.set_header("x-message", message.to_owned()))
        .route(Route::get("/", || "fine"));
    let reply = TestClient::new(app).get("/").send();
    assert_eq!(
        (reply.status(), reply.header("x-message")),
        (500, Some("broken"))
    );
    assert_eq!(
        reply.json::<Value>()["detail"],
        "the handler failed; the server's log says why"
    );
}

#[test]
#[should_panic(expected = "match the same requests")]
fn an_app_that_the_host_refuses_is_refused() {
    let app = App::new("app")
        .route(Route::get("/{a}", |_: Path<u8>| ""))
        .route(Route::get("/{b}", |_: Path<u8>| ""));
    let _ = TestClient::new(app);
}

#[test]
fn a_token_can_be_optional_and_have_another_scheme() {
    let jwt = Jwt::hs256("0123456789abcdef0123456789abcdef")
        .optional()
        .scheme("Token");
    let app = App::new("app")
        .jwt(jwt)
        .route(Route::get("/", |claims: Option<Claims<User>>| {
            claims.map_or("anonymous".to_owned(), |Claims(user)| user.sub)
        }));
    let client = TestClient::new(app);
    let status = |header: &str| {
        let reply = client.get("/").header("authorization", header).send();
        (reply.status(), reply.text().to_owned())
    };
    assert_eq!(client.get("/").send().text(), "anonymous");
    assert_eq!(status(&format!("token {TOKEN}")), (200, "ann".to_owned()));
    assert_eq!(status(&format!("Token {TOKEN}x")).0, 401);
}

#[test]
fn error_hooks_see_what_policies_reject() {
    let app = App::new("app")
        .on_error(|reply, message| {
            reply.set_header("x-message", message.to_owned());
            let local = LocalContext::current().get::<String>("absent");
            assert!(matches!(local, Ok(None)));
        })
        .route(
            Route::get("/key", || "")
                .api_key(ApiKey::new(["k"]))
                .on_error(|reply, _| reply.set_header("x-route", "key")),
        )
        .route(Route::get("/", || "").rate_limit(RateLimit::per_second(1).burst(1)));
    let client = TestClient::new(app);
    let headers = |path: &str| {
        let reply = client.get(path).send();
        let has = |name: &str| reply.header(name).is_some();
        (reply.status(), has("x-message"), has("x-route"))
    };
    assert_eq!(headers("/key"), (401, true, true));
    assert_eq!(headers("/"), (200, false, false));
    assert_eq!(headers("/"), (429, true, false));
    assert_eq!(headers("/absent"), (404, true, false));
}
