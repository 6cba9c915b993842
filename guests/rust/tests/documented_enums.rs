//! Enums whose variants have doc comments, in flattened parameters. schemars describes such
//! an enum with `oneOf` and a `const` for each variant, and others with `enum`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{App, Cookies, Form, Headers, Json, Path, Query, Route};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
enum Direction {
    /// From the smallest.
    Up,
    /// From the largest.
    Down,
    Random,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "by")]
enum Sort {
    /// By name.
    Name { direction: Direction },
    /// By price.
    Price {
        direction: Option<Direction>,
        max: u32,
    },
    /// As stored.
    None,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Search {
    q: String,
    #[serde(flatten)]
    sort: Sort,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Window {
    Turned { direction: Direction },
    Sized { size: u32, direction: String },
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct View {
    q: Option<String>,
    #[serde(flatten)]
    window: Option<Window>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
enum Nested {
    /// A variant that holds nothing.
    Flat,
    /// A variant that holds an object.
    Deep { size: u32 },
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code)]
enum HoldsNested {
    One { nested: Nested },
    Other { size: u32 },
}

#[derive(Deserialize, JsonSchema)]
enum Plain {
    /// The first.
    First,
    /// The second.
    Second,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct With<T> {
    q: String,
    #[serde(flatten)]
    rest: T,
}

#[test]
fn a_documented_enum_in_a_flattened_enum_is_a_parameter() {
    let app = App::new("app")
        .route(Route::get("/search", |Query(q): Query<Search>| Json(q)))
        .route(Route::get("/view", |Query(q): Query<View>| Json(q)))
        .route(Route::get("/headers", |Headers(q): Headers<Search>| {
            Json(q)
        }))
        .route(Route::get("/cookies", |Cookies(q): Cookies<Search>| {
            Json(q)
        }))
        .route(Route::get(
            "/path/{q}/{by}/{direction}",
            |Path(q): Path<With<Direct>>| Json(q.q),
        ))
        .route(Route::post("/form", |Form(q): Form<Search>| Json(q)));
    let client = TestClient::new(app);
    let get = |target: &str| client.get(target).send();
    let expected = json!({"q": "a", "by": "Name", "direction": "Down"});
    let target = "/search?q=a&by=Name&direction=Down";
    assert_eq!(get(target).json::<Value>(), expected);
    assert_eq!(
        get("/search?q=a&by=Price&max=3").json::<Value>(),
        json!({"q": "a", "by": "Price", "direction": null, "max": 3})
    );
    assert_eq!(get("/search?q=a&by=None").status(), 200);
    assert_eq!(get("/search?q=a&by=Name&direction=Sideways").status(), 422);
    assert_eq!(
        get("/view?direction=Up").json::<Value>(),
        json!({"q": null, "direction": "Up"})
    );
    assert_eq!(
        get("/view?direction=any&size=3").json::<Value>(),
        json!({"q": null, "direction": "any", "size": 3})
    );
    assert_eq!(get("/view").json::<Value>(), json!({"q": null}));
    let fields = [("q", "a"), ("by", "Name"), ("direction", "Down")];
    let mut headers = client.get("/headers");
    let mut cookies = client.get("/cookies");
    for (name, value) in fields {
        headers = headers.header(name, value);
        cookies = cookies.cookie(name, value);
    }
    assert_eq!(headers.send().json::<Value>(), expected);
    assert_eq!(cookies.send().json::<Value>(), expected);
    let reply = client.post("/form").form(&fields).send();
    assert_eq!(reply.json::<Value>(), expected);
    assert_eq!(get("/path/a/Name/Down").text(), "\"a\"");
    assert_eq!(get("/path/a/Name/Left").status(), 422);
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "by")]
#[expect(dead_code)]
enum Direct {
    Name { direction: Direction },
    Price { direction: Direction },
}

#[test]
fn alternatives_that_are_not_parameters_are_refused() {
    let fault = |route: Route| {
        let app = App::new("app").route(route);
        app.describe().map(drop).expect_err("a fault")
    };
    for fault in [
        fault(Route::get("/", |_: Query<With<HoldsNested>>| "")),
        fault(Route::get("/", |_: Query<With<Nested>>| "")),
        fault(Route::get("/", |_: Query<With<Plain>>| "")),
    ] {
        assert!(fault.contains("flattened alternative `"), "{fault}");
    }
}
