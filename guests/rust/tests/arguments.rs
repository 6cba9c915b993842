//! Arguments of handlers and hooks that have to wait.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use spikard_wasm_sdk::testing::TestClient;
use spikard_wasm_sdk::{
    App, Cached, Call, Database, Declaration, FromRequest, FromRequestAsync, HttpError, Json, Path,
    Reply, Request, RequestParts, Route, State, get, params, post, routes, sleep,
};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Default)]
struct Lookups(Rc<Cell<u32>>);

/// The user whose id is the token of the request.
#[derive(Clone, Serialize, Deserialize)]
struct User {
    id: i64,
    name: String,
}

impl FromRequestAsync for User {
    type Error = Reply;

    async fn from_request(parts: &RequestParts) -> Result<Self, Reply> {
        let State(Lookups(lookups)) = parts.extract().await?;
        lookups.set(lookups.get() + 1);
        let State(database): State<Database> = parts.extract().await?;
        let token = parts.request().header("x-user");
        let token = token.ok_or(HttpError::unauthorized("say who you are"))?;
        let user = database.first_as("select id, name from users where id = $1", params![token]);
        let user = user
            .await?
            .ok_or(HttpError::forbidden("there is no such user"))?;
        // Another wait, after which the request is still the same.
        sleep(SECOND).await;
        assert_eq!(Request::current().header("x-user"), Some(token));
        Ok(user)
    }
}

#[get("/me")]
async fn me(user: User) -> String {
    sleep(SECOND).await;
    user.name
}

#[post("/posts/{id}")]
fn publish(
    Path(id): Path<u32>,
    User { name, .. }: User,
    Json(title): Json<String>,
    request: Request,
) -> Result<String, HttpError> {
    match title.as_str() {
        "" => Err(HttpError::bad_request("no title")),
        title => Ok(format!("{} {id} {title} {name}", request.path())),
    }
}

fn app(lookups: &Lookups) -> App {
    App::new("app")
        .state(lookups.clone())
        .state(Database::new("main"))
        .routes(routes![me, publish])
}

fn client(app: App) -> TestClient {
    TestClient::new(app).with_database(
        "main",
        "create table users (id integer primary key, name text); insert into users values (1, 'Ann')",
    )
}

#[test]
fn an_argument_waits() {
    let client = client(app(&Lookups::default()));
    assert_eq!(client.get("/me").header("x-user", "1").send().text(), "Ann");
    assert_eq!(client.elapsed(), 2 * SECOND);
    assert_eq!(client.get("/me").send().status(), 401);
    assert_eq!(client.get("/me").header("x-user", "2").send().status(), 403);

    let publish = |title: &str| {
        let request = client.post("/posts/7").header("x-user", "1");
        let reply = request.json(title).send();
        (reply.status(), reply.text().to_owned())
    };
    assert_eq!(publish("Hello"), (200, "/posts/7 7 Hello Ann".to_owned()));
    assert_eq!(publish("").0, 400);
}

#[test]
fn arguments_that_do_not_wait_come_first() {
    struct Never;

    impl FromRequest for Never {
        fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
            Err(HttpError::new(418, "never").into())
        }
    }

    let lookups = Lookups::default();
    let client =
        client(app(&lookups).route(Route::get("/never", |_: User, _: Never| "not called")));
    assert_eq!(client.get("/never").send().status(), 418);
    assert_eq!(lookups.0.get(), 0);
}

#[test]
fn a_cached_argument_is_resolved_once_in_a_request() {
    let lookups = Lookups::default();
    let app = app(&lookups)
        .on_request(|Cached(user): Cached<User>| {
            (user.name != "Ann").then(|| HttpError::forbidden("not you"))
        })
        .pre_handler(async |Cached(user): Cached<User>, request: Request| {
            sleep(SECOND).await;
            assert_eq!(request.header("x-user"), Some(user.id.to_string()));
        })
        .route(Route::get(
            "/cached",
            |Cached(user): Cached<User>, _: Request| user.name,
        ));
    let client = client(app);
    for lookup in 1..=2 {
        let reply = client.get("/cached").header("x-user", "1").send();
        assert_eq!((reply.status(), reply.text()), (200, "Ann"));
        assert_eq!(lookups.0.get(), lookup);
    }
    assert_eq!(client.get("/cached").send().status(), 401);
}

#[test]
fn a_test_replaces_an_argument() {
    let lookups = Lookups::default();
    let app = app(&lookups).route(Route::get("/cached", |Cached(user): Cached<User>| {
        user.name
    }));
    let client = client(app).with_argument(|| User {
        id: 2,
        name: "Bo".to_owned(),
    });
    assert_eq!(client.get("/me").send().text(), "Bo");
    assert_eq!(client.get("/cached").send().text(), "Bo");
    assert_eq!(lookups.0.get(), 0);
}

#[test]
fn an_argument_that_waits_declares_its_parameters() {
    struct Post(u32);

    impl FromRequestAsync for Post {
        type Error = Reply;

        fn declare(declaration: &mut Declaration<'_>) {
            <Path<u32> as FromRequest>::declare(declaration);
        }

        async fn from_request(parts: &RequestParts) -> Result<Self, Reply> {
            let Path(id) = parts.extract().await?;
            sleep(SECOND).await;
            Ok(Self(id))
        }
    }

    let app = App::new("app").route(Route::get("/{id}", |Post(id): Post| format!("post {id}")));
    let client = TestClient::new(app);
    assert_eq!(client.get("/7").send().text(), "post 7");
    assert_eq!(client.get("/x").send().status(), 422);
}

#[test]
fn a_failure_of_an_argument_is_logged() {
    struct Broken;

    impl FromRequestAsync for Broken {
        type Error = std::num::ParseIntError;

        async fn from_request(_: &RequestParts) -> Result<Self, Self::Error> {
            "x".parse::<u8>().map(|_| Self)
        }
    }

    let app = App::new("app").route(Route::get("/", async |_: Broken| "not called"));
    let reply = TestClient::new(app).get("/").send();
    assert_eq!(reply.status(), 500);
    let failure = reply.failure().map(|(message, _)| message);
    assert_eq!(failure, Some("invalid digit found in string"));
}
