//! Routers, state and wrappers.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{
    App, HttpError, IntoReply, LocalContext, Next, Path, Reply, Request, Route, Router, State, get,
    routes, sleep, timeout,
};

#[get("/")]
fn all() -> &'static str {
    "all"
}

#[get("/{id}", tags = ["own"], timeout_ms = 5)]
async fn one(Path((org, id)): Path<(String, u64)>) -> String {
    sleep(Duration::from_millis(1)).await;
    format!("{org} {id} {}", order().join(" "))
}

fn order() -> Vec<String> {
    let order = LocalContext::current().get("order").expect("a list");
    order.unwrap_or_default()
}

/// Returns a hook that notes its name.
fn note(name: &'static str) -> impl Fn() + 'static {
    move || {
        let mut order = order();
        order.push(name.to_owned());
        LocalContext::current()
            .set("order", &order)
            .expect("a list");
    }
}

#[test]
fn a_router_gives_its_routes_a_prefix_tags_policies_and_hooks() {
    let users = Router::new()
        .tag("users")
        .body_limit(10)
        .timeout_ms(10)
        .pre_handler(note("router"))
        .routes(routes![one].map(|route| route.pre_handler(note("route"))));
    let api = Router::new()
        .tag("api")
        .body_limit(20)
        .pre_handler(note("outer"))
        .merge(Router::new().route(Route::get("/health", || "fine")))
        .nest("/orgs/{org}/users/", users);
    let app = App::new("app")
        .pre_handler(note("app"))
        .nest("/api", api)
        .nest("/all", Router::new().routes(routes![all]));
    let client = TestClient::new(app);
    let text = |path: &str| client.get(path).send().text().to_owned();
    assert_eq!(text("/api/health"), "fine");
    assert_eq!(text("/all"), "all");
    assert_eq!(text("/api/orgs/a/users/7"), "a 7 app outer router route");

    let routes = &client.description().routes;
    let settings = |index: usize| serde_json::from_str(&routes[index].settings).expect("json");
    assert_eq!(
        Vec::from_iter(routes.iter().map(|route| route.path.as_str())),
        ["/api/health", "/api/orgs/{org}/users/{id}", "/all"]
    );
    let health: Value = settings(0);
    assert_eq!(
        health,
        json!({"body_limit": 20, "tags": ["api"], "hooks": ["pre-handler"]})
    );
    let one: Value = settings(1);
    assert_eq!(
        one,
        json!({
            "body_limit": 10, "timeout_ms": 5, "tags": ["api", "users", "own"],
            "hooks": ["pre-handler"],
        })
    );
}

#[test]
fn a_prefix_that_is_no_path_is_a_fault_of_its_routes() {
    let router = Router::new().route(Route::get("/a", || ""));
    let fault = App::new("app").nest("api", router).describe();
    let fault = fault.map(drop).expect_err("a fault");
    assert!(fault.starts_with("route `GET api/a` has a path"), "{fault}");
}

#[derive(Clone)]
struct Log(Rc<RefCell<Vec<String>>>);

#[test]
fn state_is_an_argument_of_handlers_and_hooks() {
    let log = Log(Rc::default());
    let app = App::new("app")
        .state(log.clone())
        .state("greeting")
        .on_request(|State(Log(log)), request: Request| {
            log.borrow_mut().push(request.path());
        })
        .route(Route::get("/", async |State(text): State<&'static str>| {
            text
        }));
    let client = TestClient::new(app);
    assert_eq!(client.get("/").send().text(), "greeting");
    assert_eq!(*log.0.borrow(), ["/"]);

    let fault = App::new("app")
        .route(Route::get("/", |State(_): State<u8>| ""))
        .describe();
    assert_eq!(
        fault.map(drop).expect_err("a fault"),
        "route `GET /` takes a `State<u8>` that the app does not have; add it with `App::state`"
    );
}

#[test]
fn wrappers_run_around_the_handler_from_the_outside_in() {
    async fn mark(name: &str, next: Next) -> Reply {
        note("in")();
        let reply = next.run().await;
        let code = reply.status_code();
        reply.header("x-wrapped", format!("{name} {code}"))
    }
    let router = Router::new()
        .wrap(async |next| mark("router", next).await)
        .route(Route::get("/sync/{id}", |Path(id): Path<u8>| {
            (201, format!("{id}"))
        }))
        .route(
            Route::get("/async/{id}", async |Path(id): Path<u8>| {
                sleep(Duration::from_secs(1)).await;
                if id == 0 {
                    return Err(HttpError::bad_request("zero"));
                }
                Ok(format!("{id} {:?}", order()))
            })
            .wrap(async |next| {
                if next.pattern() != "/async/{id}" {
                    return Reply::text("another route");
                }
                match timeout(Duration::from_millis(1500), next.run()).await {
                    Ok(reply) => reply,
                    Err(_) => HttpError::new(504, "late").into_reply(),
                }
            }),
        );
    let app = App::new("app")
        .wrap(async |next| mark("app", next).await)
        .wrap(async |next: Next| {
            if Request::current().header("x-stop").is_some() {
                return "stopped".into_reply();
            }
            next.run().await
        })
        .merge(router);
    let client = TestClient::new(app);
    let headers = |path: &str| {
        let reply = client.get(path).send();
        let wrapped = reply
            .headers()
            .iter()
            .filter(|(name, _)| name == "x-wrapped");
        let wrapped = wrapped.map(|(_, value)| value.as_str());
        let wrapped = Vec::from_iter(wrapped).join(", ");
        format!("{} {} [{wrapped}]", reply.status(), reply.text())
    };
    assert_eq!(headers("/sync/7"), "201 7 [router 201, app 201]");
    assert_eq!(
        headers("/async/7"),
        r#"200 7 ["in", "in"] [router 200, app 200]"#
    );
    assert!(headers("/async/0").starts_with("400 "));
    let stopped = client.get("/sync/7").header("x-stop", "1").send();
    assert_eq!((stopped.status(), stopped.text()), (200, "stopped"));
    assert_eq!(client.get("/sync/300").send().status(), 422);
}
