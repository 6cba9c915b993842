//! Shapes of parameters and bodies that a schema and serde see differently.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{App, Cookies, Form, Headers, Json, Path, Query, Route};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "by")]
enum Sort {
    Price { max: u32 },
    Name { descending: Option<bool> },
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Page {
    limit: Option<u8>,
    #[serde(default)]
    offset: u8,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Search {
    q: String,
    #[serde(flatten)]
    sort: Sort,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Optional {
    q: String,
    #[serde(flatten)]
    sort: Option<Sort>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Area {
    Circle { radius: f64 },
    Square { side: u32, radius: Option<String> },
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Nested {
    a: u8,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Inner {
    b: u8,
    #[serde(flatten)]
    area: Area,
}

fn names(route: Route) -> Value {
    let description = App::new("app").route(route).describe().expect("described");
    let parameters: Vec<Value> =
        serde_json::from_str(&description.routes[0].parameters).expect("json");
    let names = parameters.iter().map(|parameter| {
        let mark = if parameter["required"] == true {
            "!"
        } else {
            ""
        };
        format!("{}{mark}", parameter["name"].as_str().unwrap_or_default())
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    json!(names)
}

#[test]
fn flattened_alternatives_are_parameters() {
    let app = App::new("app")
        .route(Route::get("/search", |Query(q): Query<Search>| Json(q)))
        .route(Route::get("/optional", |Query(q): Query<Optional>| Json(q)))
        .route(Route::get("/nested", |Query(q): Query<Nested>| Json(q)))
        .route(Route::get("/cookies", |Cookies(q): Cookies<Search>| {
            Json(q)
        }))
        .route(Route::get("/headers", |Headers(q): Headers<Search>| {
            Json(q)
        }))
        .route(Route::get(
            "/path/{q}/{by}/{max}",
            |Path(q): Path<Search>| Json(q),
        ))
        .route(Route::post("/form", |Form(q): Form<Search>| Json(q)));
    let client = TestClient::new(app);
    let search = json!({"q": "a", "by": "Price", "max": 3, "limit": 9, "offset": 0});
    let ask = |target: &str| client.get(target).send().json::<Value>();
    assert_eq!(ask("/search?q=a&by=Price&max=3&limit=9"), search);
    assert_eq!(
        ask("/search?q=a&by=Name&descending=true"),
        json!({"q": "a", "by": "Name", "descending": true, "limit": null, "offset": 0})
    );
    assert_eq!(
        ask("/optional?q=a&by=Price&max=3"),
        json!({"q": "a", "by": "Price", "max": 3})
    );
    assert_eq!(ask("/optional?q=a"), json!({"q": "a"}));
    assert_eq!(
        ask("/nested?a=1&b=2&radius=3"),
        json!({"a": 1, "b": 2, "radius": 3.0})
    );
    assert_eq!(
        ask("/nested?a=1&b=2&side=3&radius=x"),
        json!({"a": 1, "b": 2, "side": 3, "radius": "x"})
    );
    let cookies = client
        .get("/cookies")
        .header("cookie", "q=a; by=Price; max=3; limit=9");
    assert_eq!(cookies.send().json::<Value>(), search);
    let headers = [("q", "a"), ("by", "Price"), ("max", "3"), ("limit", "9")];
    let request = headers
        .iter()
        .fold(client.get("/headers"), |request, (name, value)| {
            request.header(name, value)
        });
    assert_eq!(request.send().json::<Value>(), search);
    assert_eq!(
        client.post("/form").form(&headers).send().json::<Value>(),
        search
    );
    assert_eq!(ask("/path/a/Price/3")["max"], 3);
    // A tag that is none of the enum's, and an alternative that lacks a member.
    for refused in ["/search?q=a&by=Size", "/search?q=a", "/search?q=a&by=Price"] {
        assert_eq!(client.get(refused).send().status(), 422, "{refused}");
    }
}

#[test]
fn a_member_is_required_where_every_alternative_requires_it() {
    assert_eq!(
        names(Route::get("/", |_: Query<Search>| "")),
        json!(["by!", "descending", "limit", "max", "offset", "q!"])
    );
    assert_eq!(
        names(Route::get("/", |_: Query<Optional>| "")),
        json!(["by", "descending", "max", "q!"])
    );
    assert_eq!(
        names(Route::get("/", |_: Query<Nested>| "")),
        json!(["a!", "b!", "radius", "side"])
    );
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
enum Untagged {
    Price { max: u32 },
    Plain,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct External {
    q: String,
    #[serde(flatten)]
    sort: Untagged,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Rest {
    q: String,
    #[serde(flatten)]
    rest: HashMap<String, String>,
}

#[test]
fn what_cannot_be_parameters_is_refused_at_load() {
    let fault = |route: Route| {
        let app = App::new("app").route(route);
        app.describe().map(drop).expect_err("a fault")
    };
    let external = fault(Route::get("/", |_: Query<External>| ""));
    assert!(external.contains("flattened alternative `"), "{external}");
    assert!(external.contains("#[serde(tag = "), "{external}");
    let map = fault(Route::get("/", |_: Headers<Rest>| ""));
    assert_eq!(
        map,
        "route `GET /` takes a `Headers<T>` where `T` has a flattened map, whose keys are unknown; \
         take a `Request` and read its `query_pairs`, `headers` or `cookies`"
    );
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Order {
    count: u32,
    items: Option<Vec<Line>>,
    price: Option<f64>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind")]
enum Line {
    One { number: i64 },
}

#[test]
fn a_json_integer_may_have_a_zero_fraction_or_an_exponent() {
    let app = App::new("app")
        .route(Route::post("/order", |Json(order): Json<Order>| {
            Json(order)
        }))
        .route(Route::post("/form", |Form(order): Form<Order>| Json(order)));
    let client = TestClient::new(app);
    let ask = |body: &str| client.post("/order").bytes("application/json", body).send();
    for (count, expected) in [
        ("2.0", 2),
        ("2e0", 2),
        ("1E+3", 1000),
        ("-0", 0),
        ("-0.0", 0),
        ("4294967295.0", u32::MAX),
    ] {
        let reply = ask(&format!(r#"{{"count":{count},"price":2.50}}"#));
        assert_eq!(reply.status(), 200, "{count}: {}", reply.text());
        assert_eq!(reply.json::<Value>()["count"], expected, "{count}");
        assert_eq!(reply.json::<Value>()["price"], 2.5, "{count}");
    }
    let nested = ask(r#"{"count":1,"items":[{"kind":"One","number":9007199254740993.0}]}"#);
    assert_eq!(
        nested.json::<Value>()["items"][0]["number"],
        9_007_199_254_740_993_i64
    );
    for refused in ["2.5", "-1.0", "4294967296.0", "1e400"] {
        assert!(
            matches!(
                ask(&format!(r#"{{"count":{refused}}}"#)).status(),
                400 | 422
            ),
            "{refused}"
        );
    }
    let form = client
        .post("/form")
        .part("count", "2")
        .part("items", r#"{"kind":"One","number":3.0}"#);
    let form = form.send();
    assert_eq!(form.status(), 200, "{}", form.text());
}
