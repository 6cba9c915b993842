//! Functions at start, at stop and at the start of an instance.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use spikard_wasm_sdk::testing::{TestClient, send_all};
use spikard_wasm_sdk::{
    App, Database, GlobalContext, HttpError, OperationError, Path, Request, Route, State, sleep,
};

const SECOND: Duration = Duration::from_secs(1);

type Log = Rc<RefCell<Vec<&'static str>>>;

fn home() -> App {
    App::new("app").route(Route::get("/", || "home"))
}

#[test]
fn functions_run_at_start_and_at_stop() {
    let log = Log::default();
    let app = App::new("app")
        .state(log.clone())
        .state(Database::new("main"))
        .on_start(async |State(database): State<Database>| {
            database
                .execute("create table users (name text)", ())
                .await?;
            Ok::<_, OperationError>(())
        })
        .on_start(|global: GlobalContext, State(log): State<Log>| {
            log.borrow_mut().push("start");
            global.set("answer", &42)
        })
        .on_stop(async |State(log): State<Log>| {
            sleep(SECOND).await;
            log.borrow_mut().push("stop");
        })
        .on_stop(|State(log): State<Log>| log.borrow_mut().push("last"))
        .route(Route::get("/", async |State(database): State<Database>| {
            let count: Option<u32> = database.first_as("select count(*) from users", ()).await?;
            let answer: Option<u32> = GlobalContext::current().get("answer")?;
            Ok::<_, HttpError>(format!("{count:?} {answer:?}"))
        }));
    let client = TestClient::new(app).with_database("main", "");
    let settings: Value = serde_json::from_str(&client.description().settings).expect("json");
    assert_eq!(settings, json!({"lifespan": {"start": 1, "stop": 2}}));
    assert!(log.borrow().is_empty());

    for _ in 0..2 {
        assert_eq!(client.get("/").send().text(), "Some(0) Some(42)");
    }
    assert_eq!(*log.borrow(), ["start"]);
    assert_eq!(client.elapsed(), Duration::ZERO);
    client.close().expect("no failure");
    assert_eq!(*log.borrow(), ["start", "stop", "last"]);
}

#[test]
fn a_dropped_client_runs_the_functions_at_stop_if_it_has_started() {
    let log = Log::default();
    let app = || {
        let log = log.clone();
        home().on_stop(move || log.borrow_mut().push("stop"))
    };
    drop(TestClient::new(app()));
    assert!(log.borrow().is_empty());
    let _ = TestClient::new(app()).get("/").send();
    assert_eq!(*log.borrow(), ["stop"]);
}

#[test]
fn a_failure_at_start_ends_the_start() {
    let log = Log::default();
    let noted = log.clone();
    let app = home()
        .on_start(async || {
            sleep(SECOND).await;
            Err::<(), _>("no power")
        })
        .on_start(move || noted.borrow_mut().push("not called"));
    let client = TestClient::new(app);
    let error = client.start().expect_err("a failure");
    assert_eq!(error, "the app failed at start: no power");
    assert!(log.borrow().is_empty());

    let app = home().on_start(|| Err::<(), _>(HttpError::conflict("taken")));
    let error = TestClient::new(app).start().expect_err("a failure");
    let expected = "the app failed at start: the `on_start` function of the app returned an error with status 409";
    assert_eq!(error, expected);
}

#[test]
fn a_failure_at_stop_is_reported_after_the_others_have_run() {
    let log = Log::default();
    let noted = log.clone();
    let app = home()
        .on_stop(|| Err::<(), _>("first"))
        .on_stop(move || noted.borrow_mut().push("second"))
        .on_stop(|| Err::<(), _>("third"));
    let client = TestClient::new(app);
    client.start().expect("no failure");
    let error = client.close().expect_err("a failure");
    assert_eq!(error, "the app failed at stop: first");
    assert_eq!(*log.borrow(), ["second"]);
}

#[test]
fn a_function_cannot_take_what_only_a_request_has() {
    let fault = |app: App| app.describe().map(drop).expect_err("a fault");
    assert_eq!(
        fault(App::new("app").on_start(|Path(_): Path<u8>| ())),
        "the `on_start` function of the app takes one value from a path that binds 0; use a tuple or a struct"
    );
    assert_eq!(
        fault(App::new("app").on_instance(|_: String| ())),
        "the `on_instance` function of the app takes a body, but there is no request; leave it out"
    );
    assert_eq!(
        fault(App::new("app").on_stop(|State(_): State<u8>| ())),
        "the `on_stop` function of the app takes a `State<u8>` that the app does not have; add it with `App::state`"
    );
}

/// An app that counts the runs of its function at the start of an instance.
fn instance(fails: u32) -> (App, Rc<Cell<u32>>) {
    let runs = Rc::new(Cell::new(0));
    let count = runs.clone();
    let app = App::new("app")
        .on_instance(move || {
            count.set(count.get() + 1);
            let run = count.get();
            async move {
                sleep(SECOND).await;
                if run <= fails { Err("not yet") } else { Ok(()) }
            }
        })
        .on_request(|request: Request| {
            (request.path() == "/denied").then(|| HttpError::forbidden("no"))
        })
        .on_response(|reply| reply.set_header("x-app", "1"))
        .route(Route::get("/", |request: Request| request.path()))
        .route(Route::get("/denied", || "not called"));
    (app, runs)
}

#[test]
fn requests_wait_for_one_run_at_the_start_of_an_instance() {
    let (app, runs) = instance(0);
    let client = TestClient::new(app);
    let paths = ["/", "/denied", "/"];
    let replies = send_all(paths.map(|path| client.get(path)));
    let statuses = replies.iter().map(|reply| reply.status());
    assert_eq!(Vec::from_iter(statuses), [200, 403, 200]);
    assert_eq!(replies[2].text(), "/");
    assert_eq!((runs.get(), client.elapsed()), (1, SECOND));
    assert_eq!(client.get("/").send().header("x-app"), Some("1"));
    assert_eq!((runs.get(), client.elapsed()), (1, SECOND));
}

#[test]
fn a_failure_at_the_start_of_an_instance_fails_the_requests_and_is_repeated() {
    let (app, runs) = instance(1);
    let client = TestClient::new(app);
    for reply in send_all([client.get("/"), client.get("/")]) {
        assert_eq!(reply.status(), 500);
        assert_eq!(reply.failure(), Some(("not yet", "")));
    }
    assert_eq!(runs.get(), 1);
    assert_eq!(client.get("/").send().status(), 200);
    assert_eq!(runs.get(), 2);
}

#[test]
fn another_request_repeats_the_run_of_one_that_is_cancelled() {
    let (app, runs) = instance(0);
    let client = TestClient::new(app);
    let first = client.get("/").disconnect_after(SECOND / 2);
    let replies = send_all([first, client.get("/"), client.get("/")]);
    let statuses = replies.iter().map(|reply| reply.status());
    assert_eq!(Vec::from_iter(statuses), [499, 200, 200]);
    assert_eq!((runs.get(), client.elapsed()), (2, SECOND * 3 / 2));
}
