//! Tests of the routes through the SDK's test client. The collection in `../tests` sends the same
//! kinds of requests to a host, and more of them.

use serde_json::{Value, json};
use spikard_wasm_sdk::testing::{TestClient, TestReply, TestRequest};

use crate::app;

const MIGRATION: &str = include_str!("../../migrations/sqlite/0001_initial.sql");

struct Conduit(TestClient);

impl Conduit {
    fn new() -> Self {
        let client =
            TestClient::with_secrets(app(), &[("jwt", "a secret of thirty-two bytes or more")]);
        Self(client.with_database("main", MIGRATION))
    }

    fn send(&self, method: &str, path: &str, token: &str, body: Value) -> TestReply {
        let path = format!("/api{path}");
        let request = match method {
            "GET" => self.0.get(&path),
            "POST" => self.0.post(&path),
            "PUT" => self.0.put(&path),
            _ => self.0.delete(&path),
        };
        let signed = |request: TestRequest<'_>| match token {
            "" => request.send(),
            token => request
                .header("authorization", &format!("Token {token}"))
                .send(),
        };
        let reply = signed(if body.is_null() {
            request
        } else {
            request.json(&body)
        });
        assert_eq!(reply.failure(), None, "{method} {path}");
        reply
    }

    fn get(&self, path: &str, token: &str) -> Value {
        let reply = self.send("GET", path, token, Value::Null);
        assert_eq!(reply.status(), 200, "{path}: {}", reply.text());
        reply.json()
    }

    fn register(&self, username: &str) -> String {
        let user = json!({
            "username": username,
            "email": format!("{username}@example.com"),
            "password": "horse",
        });
        let reply = self.send("POST", "/users", "", json!({ "user": user }));
        assert_eq!(reply.status(), 201, "{}", reply.text());
        let token = &reply.json::<Value>()["user"]["token"];
        token.as_str().expect("a token").to_owned()
    }

    fn publish(&self, token: &str, title: &str, tags: &[&str]) -> Value {
        let article = json!({ "title": title, "description": "d", "body": "b", "tagList": tags });
        let reply = self.send("POST", "/articles", token, json!({ "article": article }));
        assert_eq!(reply.status(), 201, "{}", reply.text());
        reply.json::<Value>()["article"].take()
    }

    fn titles(&self, path: &str, token: &str) -> Vec<String> {
        let list = self.get(path, token);
        let articles = list["articles"].as_array().expect("a list");
        let title = |article: &Value| article["title"].as_str().expect("a title").to_owned();
        articles.iter().map(title).collect()
    }
}

#[test]
fn registration_and_login() {
    let conduit = Conduit::new();
    conduit.register("ann");
    let log_in = |password: &str| {
        let user = json!({ "email": "ann@example.com", "password": password });
        conduit.send("POST", "/users/login", "", json!({ "user": user }))
    };
    let user = log_in("horse").json::<Value>()["user"].take();
    assert_eq!((&user["bio"], &user["image"]), (&Value::Null, &Value::Null));
    let token = user["token"].as_str().expect("a token");
    assert_eq!(conduit.get("/user", token)["user"]["username"], "ann");
    let wrong = log_in("donkey");
    assert_eq!(wrong.status(), 401);
    assert_eq!(
        wrong.json::<Value>(),
        json!({ "errors": { "credentials": ["invalid"] } })
    );
}

#[test]
fn a_name_or_address_that_is_taken() {
    let conduit = Conduit::new();
    conduit.register("ann");
    for (field, taken) in [("username", "ann"), ("email", "ann@example.com")] {
        let mut user =
            json!({ "username": "bob", "email": "bob@example.com", "password": "horse" });
        user[field] = taken.into();
        let reply = conduit.send("POST", "/users", "", json!({ "user": user }));
        assert_eq!(reply.status(), 422);
        let expected = json!({ "errors": { field: ["has already been taken"] } });
        assert_eq!(reply.json::<Value>(), expected);
    }
}

#[test]
fn errors_name_all_fields() {
    let conduit = Conduit::new();
    let user = json!({ "username": " ", "email": "no address" });
    let reply = conduit.send("POST", "/users", "", json!({ "user": user }));
    assert_eq!(reply.status(), 422);
    let expected = json!({
        "username": ["can't be blank"],
        "email": ["is invalid"],
        "password": ["can't be blank"],
    });
    assert_eq!(reply.json::<Value>(), json!({ "errors": expected }));
}

#[test]
fn a_missing_token_is_401_whatever_the_body() {
    let conduit = Conduit::new();
    for body in [
        json!({ "user": { "bio": "x" } }),
        json!({ "user": 1 }),
        Value::Null,
    ] {
        let reply = conduit.send("PUT", "/user", "", body);
        assert_eq!(reply.status(), 401);
        assert_eq!(
            reply.json::<Value>(),
            json!({ "errors": { "token": ["is missing"] } })
        );
    }
    assert_eq!(
        conduit
            .send("GET", "/articles", "a.b.c", Value::Null)
            .status(),
        401
    );
}

#[test]
fn an_update_of_a_user() {
    let conduit = Conduit::new();
    let ann = conduit.register("ann");
    let update = |changes: Value| conduit.send("PUT", "/user", &ann, json!({ "user": changes }));
    let user = update(json!({ "bio": "b", "image": "i" })).json::<Value>()["user"].take();
    assert_eq!((&user["bio"], &user["image"]), (&json!("b"), &json!("i")));
    let user = update(json!({ "bio": null, "image": "" })).json::<Value>()["user"].take();
    assert_eq!((&user["bio"], &user["image"]), (&Value::Null, &Value::Null));
    assert_eq!(update(json!({ "username": null })).status(), 422);
    assert_eq!(update(json!({})).status(), 200);
}

#[test]
fn following() {
    let conduit = Conduit::new();
    let ann = conduit.register("ann");
    conduit.register("bob");
    let following =
        |token: &str| conduit.get("/profiles/bob", token)["profile"]["following"].take();
    assert_eq!(
        conduit
            .send("POST", "/profiles/bob/follow", &ann, Value::Null)
            .status(),
        200
    );
    assert_eq!(
        (following(&ann), following("")),
        (json!(true), json!(false))
    );
    assert_eq!(
        conduit
            .send("DELETE", "/profiles/bob/follow", &ann, Value::Null)
            .status(),
        200
    );
    assert_eq!(following(&ann), json!(false));
    assert_eq!(
        conduit
            .send("POST", "/profiles/eve/follow", &ann, Value::Null)
            .status(),
        404
    );
}

#[test]
fn an_article() {
    let conduit = Conduit::new();
    let ann = conduit.register("ann");
    let article = conduit.publish(&ann, "A crème title!", &["z", "a", "z"]);
    assert_eq!(article["slug"], "a-creme-title");
    assert_eq!(article["tagList"], json!(["z", "a"]));
    let created = article["createdAt"].as_str().expect("a time");
    assert_eq!(created.len(), "2026-01-02T03:04:05.678Z".len());
    assert_eq!(
        conduit.get("/articles/a-creme-title", "")["article"],
        article
    );
    let again = conduit.publish(&ann, "A crème title!", &[]);
    let slug = again["slug"].as_str().expect("a slug");
    assert!(slug.starts_with("a-creme-title-"), "{slug}");
    assert_eq!(again["tagList"], json!([]));
    assert_ne!(conduit.publish(&ann, "Feed", &[])["slug"], "feed");
}

#[test]
fn an_update_of_an_article() {
    let conduit = Conduit::new();
    let (ann, bob) = (conduit.register("ann"), conduit.register("bob"));
    let mut expected = conduit.publish(&ann, "Title", &["t"]);
    let changes = json!({ "article": { "title": "Another", "body": "new" } });
    assert_eq!(
        conduit
            .send("PUT", "/articles/title", &bob, changes.clone())
            .status(),
        403
    );
    let reply = conduit.send("PUT", "/articles/title", &ann, changes);
    let article = reply.json::<Value>()["article"].take();
    expected["title"] = "Another".into();
    expected["slug"] = "another".into();
    expected["body"] = "new".into();
    expected["updatedAt"] = article["updatedAt"].clone();
    assert_eq!(article, expected);
    assert_eq!(
        conduit
            .send("DELETE", "/articles/another", &bob, Value::Null)
            .status(),
        403
    );
    assert_eq!(
        conduit
            .send("DELETE", "/articles/another", &ann, Value::Null)
            .status(),
        204
    );
    assert_eq!(
        conduit
            .send("DELETE", "/articles/another", &ann, Value::Null)
            .status(),
        404
    );
}

#[test]
fn lists() {
    let conduit = Conduit::new();
    let (ann, bob) = (conduit.register("ann"), conduit.register("bob"));
    conduit.publish(&ann, "One", &["t"]);
    conduit.publish(&bob, "Two", &["t"]);
    conduit.publish(&ann, "Three", &[]);
    conduit.send("POST", "/articles/one/favorite", &bob, Value::Null);
    for (query, titles) in [
        ("", vec!["Three", "Two", "One"]),
        ("?tag=t", vec!["Two", "One"]),
        ("?author=ann&tag=t", vec!["One"]),
        ("?favorited=bob", vec!["One"]),
        ("?limit=1&offset=1", vec!["Two"]),
        ("?author=eve", vec![]),
    ] {
        assert_eq!(
            conduit.titles(&format!("/articles{query}"), ""),
            titles,
            "{query}"
        );
    }
    let page = conduit.get("/articles?limit=1", "");
    assert_eq!(page["articlesCount"], 3);
    assert_eq!(page["articles"][0].get("body"), None);
    assert!(conduit.titles("/articles/feed", &bob).is_empty());
    conduit.send("POST", "/profiles/ann/follow", &bob, Value::Null);
    assert_eq!(conduit.titles("/articles/feed", &bob), ["Three", "One"]);
    assert_eq!(conduit.get("/tags", ""), json!({ "tags": ["t"] }));
}

#[test]
fn favorites() {
    let conduit = Conduit::new();
    let (ann, bob) = (conduit.register("ann"), conduit.register("bob"));
    conduit.publish(&ann, "One", &[]);
    let state = |method: &str, path: &str, token: &str| {
        let reply = conduit
            .send(method, path, token, Value::Null)
            .json::<Value>();
        let article = &reply["article"];
        (
            article["favorited"].as_bool(),
            article["favoritesCount"].as_u64(),
        )
    };
    let favorite = "/articles/one/favorite";
    assert_eq!(state("POST", favorite, &bob), (Some(true), Some(1)));
    assert_eq!(state("POST", favorite, &bob), (Some(true), Some(1)));
    assert_eq!(state("GET", "/articles/one", &ann), (Some(false), Some(1)));
    assert_eq!(state("DELETE", favorite, &bob), (Some(false), Some(0)));
}

#[test]
fn comments() {
    let conduit = Conduit::new();
    let (ann, bob) = (conduit.register("ann"), conduit.register("bob"));
    conduit.publish(&ann, "One", &[]);
    let add = |body: &str| {
        let body = json!({ "comment": { "body": body } });
        conduit.send("POST", "/articles/one/comments", &bob, body)
    };
    assert_eq!(add("").status(), 422);
    let comment = add("Well said!").json::<Value>()["comment"].take();
    assert_eq!(comment["author"]["username"], "bob");
    assert_eq!(
        conduit.get("/articles/one/comments", ""),
        json!({ "comments": [comment] })
    );
    let path = format!("/articles/one/comments/{}", comment["id"]);
    for (token, status) in [("", 401), (&*ann, 403), (&*bob, 204), (&*bob, 404)] {
        assert_eq!(
            conduit.send("DELETE", &path, token, Value::Null).status(),
            status
        );
    }
}
