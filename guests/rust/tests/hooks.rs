//! Tests of hooks as users write them, through the test client.

use std::error::Error;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{
    App, ContextError, Headers, HookReply, Html, HttpError, IntoRoute, Json, LocalContext,
    MatchedPath, Path, Query, Reply, Request, Route, get, routes,
};

type AnyResult<T> = Result<T, Box<dyn Error>>;

/// A hook that notes its name in the local context.
fn note(name: &'static str) -> impl Fn(LocalContext) -> Result<(), ContextError> {
    move |local| {
        let mut notes: Vec<String> = local.get("notes")?.unwrap_or_default();
        notes.push(name.to_owned());
        local.set("notes", &notes)
    }
}

/// A hook that does the same, after the handler.
fn noting(name: &'static str) -> impl Fn(&mut HookReply) -> Result<(), ContextError> {
    move |reply| {
        note(name)(LocalContext::current())?;
        let notes: Vec<String> = LocalContext::current().get("notes")?.unwrap_or_default();
        reply.set_header("x-notes", notes.join(" "));
        Ok(())
    }
}

fn kinds(settings: &str) -> Value {
    serde_json::from_str::<Value>(settings).expect("json")["hooks"].clone()
}

#[test]
fn hooks_run_in_declared_order_the_apps_first() {
    let route = Route::get("/", || note("handler")(LocalContext::current()))
        .on_request(note("route-request"))
        .pre_validation(note("route-validation"))
        .pre_handler(note("route-handler"))
        .on_response(noting("route-response"));
    let app = App::new("app")
        .on_response(noting("app-response"))
        .pre_handler(note("app-handler"))
        .pre_validation(note("app-validation"))
        .on_request(note("app-request-1"))
        .on_request(note("app-request-2"))
        .route(route)
        .route(Route::get("/plain", || ""));
    let client = TestClient::new(app);
    let reply = client.get("/").send();
    assert_eq!(
        reply.header("x-notes"),
        Some(
            "app-request-1 app-request-2 route-request app-validation route-validation \
             app-handler route-handler handler app-response route-response"
        )
    );
    let plain = client.get("/plain").send();
    assert_eq!(
        plain.header("x-notes"),
        Some("app-request-1 app-request-2 app-validation app-handler app-response")
    );

    let description = client.description();
    let all = json!(["on-request", "pre-validation", "pre-handler", "on-response"]);
    assert_eq!(kinds(&description.settings), all);
    assert_eq!(kinds(&description.routes[0].settings), all);
    assert_eq!(description.routes[1].settings, "");
}

#[test]
fn a_reply_of_a_hook_ends_the_request() {
    let teapot = || Some((418, Json(json!({"teapot": true}))));
    let never = || -> () { panic!("a later hook or the handler ran") };
    for stage in ["on-request", "pre-validation", "pre-handler"] {
        let route = Route::get("/", never).status(201);
        let route = match stage {
            "on-request" => route
                .on_request(|| {})
                .on_request(teapot)
                .on_request(never)
                .pre_validation(never)
                .pre_handler(never),
            "pre-validation" => route
                .pre_validation(teapot)
                .pre_validation(never)
                .pre_handler(never),
            _ => route.pre_handler(teapot).pre_handler(never),
        };
        let client = TestClient::new(
            App::new("app")
                .on_response(|reply| reply.set_header("x-after", "yes"))
                .route(route),
        );
        let reply = client.get("/").send();
        assert_eq!(
            (reply.status(), reply.text(), reply.header("x-after")),
            (418, r#"{"teapot":true}"#, Some("yes")),
            "{stage}"
        );
    }
}

#[test]
fn each_outcome_of_a_hook() {
    fn ask(route: Route) -> (u16, String) {
        let reply = TestClient::new(App::new("app").route(route))
            .get("/")
            .send();
        (reply.status(), reply.text().to_owned())
    }
    let route = || Route::get("/", || "handler");
    let handled = (200, "handler".to_owned());
    assert_eq!(ask(route().on_request(|| {})), handled);
    assert_eq!(ask(route().on_request(|| None::<Reply>)), handled);
    assert_eq!(ask(route().on_request(|| Ok::<_, HttpError>(()))), handled);
    assert_eq!(
        ask(route().on_request(|| Ok::<_, String>(None::<&str>))),
        handled
    );
    assert_eq!(
        ask(route().status(201).on_request(|| Some("hook"))),
        (200, "hook".to_owned())
    );
    assert_eq!(
        ask(route().on_request(|| Reply::text("hook").status(202))),
        (202, "hook".to_owned())
    );
    assert_eq!(ask(route().on_request(|| HttpError::new(403, "no"))).0, 403);
    assert_eq!(
        ask(route().on_request(|| Err::<(), _>(HttpError::new(401, "who?")))).0,
        401
    );

    let client =
        TestClient::new(App::new("app").route(route().pre_handler(|| "x".parse::<u8>().map(drop))));
    let failed = client.get("/").send();
    assert_eq!(failed.status(), 500);
    assert_eq!(
        failed.failure(),
        Some(("invalid digit found in string", ""))
    );
}

#[test]
fn a_response_hook_changes_what_it_wants() {
    let app = App::new("app")
        .on_response(|reply| match reply.status() {
            404 => {
                reply.set_status(200);
                reply.set_body(Html("<p>nothing"));
            }
            201 => {
                assert_eq!(reply.header("Set-Cookie"), Some("a=1"));
                assert_eq!(reply.body().as_str(), Some("made"));
                reply.append_header("set-cookie", "c=3");
                reply.set_header("X-One", "2");
                reply.remove_header("x-gone");
            }
            _ => {}
        })
        .on_response(|reply| {
            let replaced = reply.status() == 202;
            replaced
                .then(|| Reply::json(&json!({"was": reply.body().as_str()})).header("x-new", "1"))
        })
        .route(Route::get("/404", || HttpError::new(404, "none")))
        .route(Route::get("/201", || {
            Reply::text("made")
                .status(201)
                .header("set-cookie", "a=1")
                .header("set-cookie", "b=2")
                .header("x-one", "1")
                .header("x-gone", "1")
        }))
        .route(Route::get("/202", || {
            Reply::text("old").status(202).header("x-old", "1")
        }));
    let client = TestClient::new(app);

    let page = client.get("/404").send();
    assert_eq!((page.status(), page.text()), (200, "<p>nothing"));
    let content_type = (
        "content-type".to_owned(),
        "text/html; charset=utf-8".to_owned(),
    );
    assert_eq!(page.headers(), [content_type]);

    let made = client.get("/201").send();
    assert_eq!((made.status(), made.text()), (201, "made"));
    let headers: Vec<_> = made
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    assert_eq!(
        headers,
        [
            "set-cookie: a=1",
            "set-cookie: b=2",
            "set-cookie: c=3",
            "X-One: 2"
        ]
    );

    let replaced = client.get("/202").send();
    assert_eq!(
        (replaced.status(), replaced.text()),
        (200, r#"{"was":"old"}"#)
    );
    assert_eq!(replaced.header("x-old"), None);
    assert_eq!(replaced.header("x-new"), Some("1"));
}

#[test]
fn a_response_hook_that_fails_costs_the_reply() {
    let fails = || Route::get("/", || "fine");
    let routes = [
        (fails().on_response(|_| Err::<(), _>("broken")), "broken"),
        (
            fails().on_response(|reply| reply.set_status(99)),
            "a reply's status is 200 to 599, not `99`",
        ),
        (
            fails().on_response(|reply| reply.set_header("a", "b\r\nc: d")),
            r"the value `b\r\nc: d` of header `a` holds CR, LF or NUL",
        ),
        (
            fails()
                .on_response(|_| Reply::failure("first", "detail"))
                .on_response(|_| -> () { panic!("a hook ran after one that failed") }),
            "first",
        ),
    ];
    for (route, message) in routes {
        let reply = TestClient::new(App::new("app").route(route))
            .get("/")
            .send();
        assert_eq!(reply.status(), 500);
        assert_eq!(reply.failure().map(|(message, _)| message), Some(message));
    }
}

#[derive(Deserialize, JsonSchema)]
struct Page {
    #[expect(dead_code)]
    page: u8,
}

#[test]
fn an_error_hook_sees_refusals_and_failures_and_no_reply_of_the_app() {
    let app = App::new("app")
        .on_error(|reply, message| {
            let id = Request::current().id();
            let document = reply.body().as_str().unwrap_or_default().to_owned();
            reply.set_body(Json(
                json!({"request": id, "document": document.len() > 10}),
            ));
            reply.set_header("x-message", message.to_owned());
        })
        .on_response(|reply| reply.set_header("x-response", "1"))
        .route(Route::get("/fails", || Err::<(), _>("the disk is full")))
        .route(Route::get("/page", |_: Query<Page>| "page"))
        .route(Route::get("/gone", || HttpError::new(410, "gone")));
    let client = TestClient::new(app);

    let failed = client.get("/fails").send();
    assert_eq!(
        (failed.status(), failed.json::<Value>()),
        (500, json!({"document": true, "request": "test"}))
    );
    assert_eq!(failed.header("x-message"), Some("the disk is full"));
    assert_eq!(failed.header("content-type"), Some("application/json"));
    assert_eq!(failed.header("x-response"), None);
    assert_eq!(failed.failure(), Some(("the disk is full", "")));

    let refused = client.get("/page?page=x").send();
    assert_eq!(
        (refused.status(), refused.header("x-message")),
        (422, Some("1 validation error in request"))
    );

    let gone = client.get("/gone").send();
    assert_eq!(
        (
            gone.status(),
            gone.header("x-message"),
            gone.header("x-response")
        ),
        (410, None, Some("1"))
    );
    let nowhere = client.get("/nowhere").send();
    assert_eq!(nowhere.status(), 404);
    assert!(nowhere.header("x-message").is_some());
    let wrong_method = client.post("/gone").send();
    assert_eq!(wrong_method.status(), 405);
    assert!(wrong_method.header("x-message").is_some());
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Key {
    x_key: String,
}

#[test]
fn a_pre_handler_hook_takes_checked_parameters() {
    let app = App::new("app")
        .pre_handler(
            |Headers(key): Headers<Key>, MatchedPath(path): MatchedPath| {
                (key.x_key != "k").then(|| HttpError::new(403, format!("not to {path}")))
            },
        )
        .route(
            Route::get("/{id}", |Path(id): Path<u8>, Headers(key): Headers<Key>| {
                format!("{id} {}", key.x_key)
            })
            .pre_handler(|Path(id): Path<u8>| (id == 7).then_some("seven")),
        )
        .route(Route::get("/a/{b}", || "b"));
    let client = TestClient::new(app);
    let ask = |path: &str, key: &str| {
        let reply = client.get(path).header("x-key", key).send();
        (reply.status(), reply.text().to_owned())
    };
    assert_eq!(ask("/1", "k"), (200, "1 k".to_owned()));
    assert_eq!(ask("/7", "k"), (200, "seven".to_owned()));
    assert_eq!(client.get("/a/b").send().status(), 422);
    let refused = ask("/a/b", "j");
    assert_eq!(refused.0, 403);
    assert!(refused.1.contains("not to /a/{b}"), "{}", refused.1);

    // The hooks' parameters are the route's, once.
    let declared: Value =
        serde_json::from_str(&client.description().routes[0].parameters).expect("json");
    assert_eq!(declared.as_array().map(Vec::len), Some(2));
}

#[test]
fn mistakes_of_hooks_are_sentences() {
    let fault = |route: Route| {
        App::new("app")
            .route(route)
            .describe()
            .map(drop)
            .expect_err("a fault")
    };
    let route = || Route::get("/{id}", |_: Path<u8>| "");
    assert_eq!(
        fault(route().on_request(|_: Path<u8>| {})),
        "route `GET /{id}` has an on-request hook that takes a parameter, which nothing has checked \
         yet; take a `Request`, or make it a pre-handler hook"
    );
    assert_eq!(
        fault(route().pre_handler(|_: Path<u16>| {})),
        "route `GET /{id}` has a pre-handler hook that takes another `id` than the route; give both \
         one type"
    );
    assert_eq!(
        fault(route().pre_validation(|_: String| {})),
        "route `GET /{id}` has a pre-validation hook that takes the body, which crosses to the handler \
         alone; a pre-handler hook can ask for `Request::raw_body`"
    );
}

fn sign_in(request: Request, local: LocalContext) -> AnyResult<()> {
    let user = request
        .header("x-user")
        .ok_or(HttpError::new(401, "say who you are"))?;
    Ok(local.set("user", &user)?)
}

fn polite(reply: &mut HookReply) {
    reply.set_header("x-polite", "thanks");
}

/// Who signed in.
#[get("/me", pre_handler = [sign_in, || {}], on_response = polite, deprecated)]
fn me(local: LocalContext) -> AnyResult<String> {
    Ok(local.get("user")?.unwrap_or_default())
}

#[get("/other")]
fn other(request: Request) -> AnyResult<String> {
    Ok(request.local().get("user")?.unwrap_or_default())
}

#[test]
fn attributes_and_lists_of_routes_take_hooks() {
    let app = App::new("app")
        .route(me::into_route())
        .routes(routes![other].map(|route| route.pre_handler(sign_in)));
    let client = TestClient::new(app);
    let settings: Value =
        serde_json::from_str(&client.description().routes[0].settings).expect("json");
    assert_eq!(
        settings,
        json!({
            "summary": "Who signed in.", "deprecated": true, "hooks": ["pre-handler", "on-response"],
        })
    );
    let reply = client.get("/me").header("x-user", "Ann").send();
    assert_eq!(
        (reply.text(), reply.header("x-polite")),
        ("Ann", Some("thanks"))
    );
    assert_eq!(client.get("/me").send().status(), 401);
    assert_eq!(
        client.get("/other").header("x-user", "Bo").send().text(),
        "Bo"
    );
    assert_eq!(client.get("/other").send().status(), 401);
}
