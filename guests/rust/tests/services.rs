//! Stores, settings, outgoing requests, passwords, tokens and digests through the test client.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spikard_wasm_sdk::blocking::http::Request as _;
use spikard_wasm_sdk::crypto::{Hash, MacKey};
use spikard_wasm_sdk::testing::{OutgoingReply, OutgoingRequest, TestClient};
use spikard_wasm_sdk::{
    App, HttpError, Json, JwtAlgorithm, Route, Store, blocking, config, crypto, http, jwt,
    password, secret, sleep, timeout, try_join,
};

const SECOND: Duration = Duration::from_secs(1);

macro_rules! app {
    ($handler:expr) => {
        App::new("app").route(Route::get("/", $handler))
    };
}

/// Returns the JSON reply of `/`, whose handler must not fail.
#[track_caller]
fn json_of(client: &TestClient) -> Value {
    let reply = client.get("/").send();
    assert_eq!(reply.failure(), None);
    reply.json()
}

#[test]
fn a_store_keeps_values() {
    let client = TestClient::new(app!(async || {
        let store = Store::new("default");
        let absent = store.get("a").await?;
        store.set("a", "one").await?;
        store.set_with_ttl("short", [1_u8], SECOND).await?;
        store.set_json("list", &[1, 2]).await?;
        let values = (
            store.get_text("a").await?,
            store.get_json::<Vec<u8>>("list").await?,
            store.exists("short").await?,
        );
        sleep(SECOND).await;
        let ended = store.exists("short").await?;
        let sums = (
            store.increment("n", 2).await?,
            store.increment("n", -3).await?,
        );
        let swaps = (
            store.swap("s", None, "x").await?,
            store.swap("s", None, "y").await?,
            store.swap("s", Some(b"x"), "y").await?,
        );
        store.delete("list").await?;
        let keys = store.list().await?;
        let error = store.increment("a", 1).await.expect_err("no number");
        Ok::<_, HttpError>(Json(json!([
            absent,
            values,
            ended,
            sums,
            swaps,
            keys.keys,
            keys.cursor,
            error.code()
        ])))
    }));
    assert_eq!(
        json_of(&client),
        json!([
            null,
            ["one", [1, 2], true],
            false,
            [2, -1],
            [true, false, true],
            ["a", "n", "s"],
            null,
            "failed"
        ])
    );
}

#[test]
fn a_store_lists_its_keys_in_pages() {
    let client = TestClient::new(app!(|| {
        let store = blocking::Store::new("default");
        for number in 0..150 {
            store.set(&format!("{number:03}"), "")?;
        }
        let first = store.list()?;
        let second = store.list_from(first.cursor.as_deref().unwrap_or_default())?;
        Ok::<_, HttpError>(Json(json!([
            first.keys.len(),
            second.keys.first(),
            second.keys.len(),
            second.cursor
        ])))
    }));
    assert_eq!(json_of(&client), json!([100, "100", 50, null]));
}

#[test]
fn settings_and_secrets_are_there_at_once() {
    let app = app!(async || {
        let values = (config("greeting")?, config("absent")?, secret("key")?);
        Ok::<_, HttpError>(Json(json!(values)))
    });
    let client = TestClient::with_secrets(app, &[("key", "s3cret")]).with_config("greeting", "hi");
    assert_eq!(json_of(&client), json!(["hi", null, "s3cret"]));
    assert_eq!(
        config("greeting").expect_err("no request").code(),
        "invalid"
    );
}

/// Makes a client whose outgoing requests `answer` answers, and the list of those.
fn fetching(
    app: App,
    answer: impl Fn(&OutgoingRequest) -> OutgoingReply + 'static,
) -> (TestClient, Rc<RefCell<Vec<OutgoingRequest>>>) {
    let requests: Rc<RefCell<Vec<OutgoingRequest>>> = Rc::default();
    let list = requests.clone();
    let client = TestClient::new(app).with_fetch(move |request| {
        let reply = answer(&request);
        list.borrow_mut().push(request);
        reply
    });
    (client, requests)
}

#[test]
fn requests_are_built_as_with_reqwest() {
    let app = app!(async || {
        let client = http::Client::new().default_header("x-app", "test");
        let reply = client
            .post("https://api.example/items?page=1#top")
            .query(&[("q", "a b"), ("r", "ü")])
            .header("accept", "text/plain")
            .bearer_auth("token")
            .json(&json!({"a": 1}))
            .send()
            .await?;
        let form = client.put("https://api.example").form(&[("a", "b c")]);
        form.basic_auth("ann", "pw").send().await?;
        client
            .request("PURGE", "https://api.example")
            .body("raw")
            .send()
            .await?;
        let header = reply.header("X-Reply").map(str::to_owned);
        Ok::<_, HttpError>(Json(json!([
            reply.status(),
            header,
            reply.url(),
            reply.text().await?
        ])))
    });
    let (client, requests) = fetching(app, |_| {
        OutgoingReply::text("created")
            .status(201)
            .header("x-reply", "1")
    });
    assert_eq!(
        json_of(&client),
        json!([
            201,
            "1",
            "https://api.example/items?page=1&q=a+b&r=%C3%BC#top",
            "created"
        ])
    );
    let requests = requests.borrow();
    let first = &requests[0];
    assert_eq!(
        (first.method.as_str(), first.body.as_slice()),
        ("POST", &br#"{"a":1}"#[..])
    );
    for (name, value) in [
        ("x-app", "test"),
        ("accept", "text/plain"),
        ("authorization", "Bearer token"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(first.header(name), Some(value));
    }
    assert_eq!(requests[1].body, b"a=b+c");
    assert_eq!(requests[1].header("authorization"), Some("Basic YW5uOnB3"));
    assert_eq!(
        requests[1].header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        (requests[2].method.as_str(), requests[2].body.as_slice()),
        ("PURGE", &b"raw"[..])
    );
    assert_eq!(requests[2].header("content-type"), None);
}

#[test]
fn bodies_arrive_in_chunks() {
    let app = app!(async || {
        let mut reply = http::get("https://api.example").await?;
        let mut chunks = Vec::new();
        while let Some(chunk) = reply.chunk().await? {
            chunks.push(String::from_utf8(chunk).map_err(HttpError::internal)?);
        }
        let whole = http::get("https://api.example").await?.text().await?;
        let mut unread = http::get("https://api.example").await?;
        unread.chunk().await?;
        drop(unread);
        Ok::<_, HttpError>(Json(json!([chunks, whole])))
    });
    let (client, _) = fetching(app, |_| {
        OutgoingReply::new(200)
            .chunk("a")
            .chunk("")
            .chunk("bc")
            .chunk("d")
    });
    assert_eq!(json_of(&client), json!([["a", "bc", "d"], "abcd"]));
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Item {
    id: u32,
}

#[test]
fn requests_at_the_same_time_take_the_time_of_the_slowest() {
    let app = app!(async || {
        let item = async |id: u32| {
            let reply = http::get(format!("https://api.example/{id}")).await?;
            reply.error_for_status()?.json::<Item>().await
        };
        let items = try_join!(item(1), item(2), item(3))?;
        Ok::<_, HttpError>(Json(items))
    });
    let (client, _) = fetching(app, |request| {
        let id = request
            .url
            .rsplit('/')
            .next()
            .and_then(|id| id.parse().ok());
        OutgoingReply::json(&Item {
            id: id.unwrap_or_default(),
        })
        .delay(SECOND)
    });
    assert_eq!(json_of(&client), json!([{"id": 1}, {"id": 2}, {"id": 3}]));
    assert_eq!(client.elapsed(), SECOND);
}

#[test]
fn failures_of_requests_have_codes() {
    let app = app!(async || {
        let get = |path: &str| http::Client::new().get(format!("https://api.example/{path}"));
        let status = get("missing?key=s3cret").send().await?.error_for_status();
        let status = status.expect_err("404");
        let slow = get("slow").timeout(SECOND).send().await.expect_err("slow");
        let slow_in_all = timeout(SECOND, get("slow").send()).await.is_err();
        let refused = get("refused").send().await.expect_err("refused");
        let type_ = get("text")
            .send()
            .await?
            .json::<Item>()
            .await
            .expect_err("text");
        let query = get("")
            .query(&json!([[1, [2]]]))
            .send()
            .await
            .expect_err("query");
        Ok::<_, HttpError>(Json(json!([
            status.code(),
            status.status(),
            status.message(),
            slow.code(),
            slow.is_timeout(),
            slow_in_all,
            refused.code(),
            type_.code(),
            query.code()
        ])))
    });
    let (client, _) = fetching(app, |request| match request.url.as_str() {
        "https://api.example/slow" => OutgoingReply::new(200).delay(SECOND * 60),
        "https://api.example/refused" => OutgoingReply::error("unavailable", "refused"),
        "https://api.example/text" => OutgoingReply::text("text"),
        _ => OutgoingReply::new(404),
    });
    assert_eq!(
        json_of(&client),
        json!([
            "status",
            404,
            "`GET https://api.example/missing` answered with status 404",
            "timeout",
            true,
            true,
            "unavailable",
            "conversion",
            "invalid"
        ])
    );
    assert_eq!(client.elapsed(), SECOND * 2);
    let client = TestClient::new(app!(async || http::get("https://a.example")
        .await
        .map(drop)));
    let reply = client.get("/").send();
    let (message, _) = reply.failure().expect("a failure");
    assert!(message.contains("TestClient::with_fetch"), "{message}");
}

#[test]
fn blocking_code_sends_requests() {
    let app = app!(|| {
        let reply = http::Client::new()
            .get("https://api.example")
            .send_blocking()?;
        let mut chunked = http::Client::new()
            .get("https://api.example")
            .send_blocking()?;
        let chunk = chunked.chunk()?;
        Ok::<_, HttpError>(Json(json!([
            reply.status(),
            reply.is_success(),
            reply.error_for_status()?.text()?,
            chunk
        ])))
    });
    let (client, _) = fetching(app, |_| OutgoingReply::text("a"));
    assert_eq!(json_of(&client), json!([200, true, "a", [97]]));
}

#[test]
fn passwords_are_hashed_and_verified() {
    const BCRYPT: &str = "$2y$04$Ie1jxHHRB9m5Ug/dgCrJl.QCzv8BOTrqPImTbOvW4CxcKj7iLBVVO";
    let client = TestClient::new(app!(async || {
        let hash = password::hash("correct horse").await?;
        let other = blocking::block_on(password::hash("correct horse"))?;
        let checks = (
            password::verify("correct horse", &hash).await?,
            password::verify("wrong", &hash).await?,
            password::check("wrong", BCRYPT)
                .await
                .map(|check| check.valid)
                .ok(),
        );
        let error = password::verify("a", "md5").await.expect_err("no hash");
        Ok::<_, HttpError>(Json(json!([
            hash.starts_with("$argon2id$"),
            hash != other,
            checks,
            error.code()
        ])))
    }));
    assert_eq!(
        json_of(&client),
        json!([true, true, [true, false, false], "invalid"])
    );
}

#[test]
fn tokens_are_signed_and_verified() {
    #[derive(Serialize, Deserialize)]
    struct Claims {
        sub: String,
    }

    let app = app!(async || {
        let key = jwt::Key::secret("jwt").expires_in(SECOND * 60);
        let token = jwt::sign(
            &key,
            &Claims {
                sub: "ann".to_owned(),
            },
        )
        .await?;
        let claims: Claims = jwt::verify(&key, &token).await?;
        let reason = async |key: jwt::Key, token: &str| {
            let error = jwt::verify::<Value>(&key, token).await.err();
            let error = error.filter(|error| error.code() == "invalid-token");
            error.and_then(|error| error.reason().map(str::to_owned))
        };
        let of = |text: &'static str| jwt::Key::text(text);
        let mut reasons = vec![
            reason(of("other"), &token).await,
            reason(of("s3cret").algorithm(JwtAlgorithm::Hs512), &token).await,
            reason(of("s3cret").issuer("a"), &token).await,
            reason(of("s3cret").audience("a"), &token).await,
            reason(of("s3cret"), "a.b").await,
        ];
        sleep(SECOND * 61).await;
        reasons.push(reason(key.clone(), &token).await);
        reasons.push(reason(key.leeway(SECOND * 60), &token).await);
        let absent = jwt::sign(&jwt::Key::secret("absent"), &json!({})).await;
        let absent = absent.expect_err("no secret");
        Ok::<_, HttpError>(Json(json!([claims.sub, reasons, absent.code()])))
    });
    let client = TestClient::with_secrets(app, &[("jwt", "s3cret")]);
    assert_eq!(
        json_of(&client),
        json!([
            "ann",
            [
                "signature",
                "algorithm",
                "issuer",
                "audience",
                "malformed",
                "expired",
                null
            ],
            "denied"
        ])
    );
}

#[test]
fn digests_codes_and_random_bytes() {
    let app = app!(async || {
        let digest = crypto::digest(Hash::Sha256, b"abc").await?;
        let by_key = crypto::hmac(Hash::Sha256, &MacKey::key("s3cret"), b"abc").await?;
        let by_name = crypto::hmac(Hash::Sha256, &MacKey::secret("key"), b"abc").await?;
        let random = (crypto::random(16).await?, crypto::random(16).await?);
        let equal = crypto::equal(&by_key, &by_name).await?;
        let unequal = crypto::equal(&by_key, b"").await?;
        Ok::<_, HttpError>(Json(json!([
            digest[..4],
            by_key.len(),
            equal,
            unequal,
            random.0.len(),
            random.0 != random.1
        ])))
    });
    let client = TestClient::with_secrets(app, &[("key", "s3cret")]);
    assert_eq!(
        json_of(&client),
        json!([[0xba, 0x78, 0x16, 0xbf], 32, true, false, 16, true])
    );
}
