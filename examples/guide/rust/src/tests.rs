//! Tests of the routes through the SDK's test client.

use std::time::Duration;

use serde_json::{Value, json};
use spikard_wasm_sdk::testing::{OutgoingReply, TestClient, send_all};

use crate::app;

const MIGRATIONS: &str = concat!(
    include_str!("../../migrations/sqlite/0001_notes.sql"),
    include_str!("../../migrations/sqlite/0002_accounts.sql"),
);

fn client() -> TestClient {
    let secrets = [
        ("jwt", "a key of at least thirty-two bytes"),
        ("rates", "a key"),
    ];
    TestClient::with_secrets(app(), &secrets)
        .with_config("rates_url", "https://rates.example")
        .with_database("main", MIGRATIONS)
}

#[test]
fn a_note() {
    let client = client();
    let milk = json!({ "title": "Milk", "text": "2 liters" });
    assert_eq!(client.post("/notes").json(&milk).send().status(), 201);
    let reply = client.get("/notes/1").send();
    assert_eq!(
        reply.json::<Value>(),
        json!({ "id": 1, "title": "Milk", "text": "2 liters" })
    );
    assert_eq!(client.get("/notes/2").send().status(), 404);
}

#[test]
fn a_title_that_is_taken() {
    let client = client();
    let milk = json!({ "title": "Milk", "text": "" });
    let replies = [(); 2].map(|()| client.post("/notes").json(&milk).send());
    assert_eq!(replies[1].status(), 409);
    assert_eq!(
        replies[1].json::<Value>()["detail"],
        "the title `Milk` is taken"
    );
}

#[test]
fn a_merge_changes_both_notes_or_none() {
    let client = client();
    let milk = json!({ "title": "Milk", "text": "2 liters" });
    assert_eq!(client.post("/notes").json(&milk).send().status(), 201);
    assert_eq!(client.post("/notes/7/merge/1").send().status(), 404);
    assert_eq!(client.get("/notes/1").send().status(), 200);
}

#[test]
fn a_rate() {
    let client = client().with_fetch(|request| {
        assert_eq!(request.url, "https://rates.example/rates?currency=EUR");
        OutgoingReply::json(&json!({ "currency": "EUR", "dollars": 1.09 }))
    });
    let reply = client.get("/rates/EUR").send();
    assert_eq!(
        reply.json::<Value>(),
        json!({ "currency": "EUR", "dollars": 1.09 })
    );
}

#[test]
fn a_service_that_is_not_available() {
    let client = client().with_fetch(|_| OutgoingReply::error("unavailable", "no connection"));
    let order = json!({ "currency": "EUR", "amount": 5 });
    let reply = client.post("/rates/orders").json(&order).send();
    assert_eq!(
        (reply.status(), reply.header("retry-after")),
        (503, Some("10"))
    );
}

#[test]
fn orders_have_numbers() {
    let client = client();
    let cart = json!({ "items": ["tea"] });
    assert_eq!(client.put("/carts/ann").json(&cart).send().status(), 204);
    assert_eq!(client.get("/carts/ann").send().json::<Value>(), cart);
    let reply = client.post("/carts/ann/order").send();
    assert_eq!(reply.json::<Value>(), json!({ "number": 1 }));
    assert_eq!(
        client.get("/carts/ann").send().json::<Value>(),
        json!({ "items": [] })
    );
}

#[test]
fn a_token_of_the_login() {
    let client = client();
    let credentials = json!({ "name": "ann", "password": "correct horse" });
    assert_eq!(
        client.post("/accounts").json(&credentials).send().status(),
        201
    );
    let reply: Value = client
        .post("/accounts/login")
        .json(&credentials)
        .send()
        .json();
    let token = reply["token"].as_str().expect("a token");
    let request = client
        .get("/accounts/me")
        .header("authorization", &format!("Bearer {token}"));
    assert_eq!(
        request.send().json::<Value>(),
        json!({ "id": 1, "name": "ann" })
    );
    assert_eq!(client.get("/accounts/me").send().status(), 401);
}

#[test]
fn an_account_without_a_token() {
    let client = client();
    let request = client.get("/accounts/me");
    let request = request.local("spikard.jwt", &json!({ "sub": "7", "name": "bob" }));
    assert_eq!(
        request.send().json::<Value>(),
        json!({ "id": 7, "name": "bob" })
    );
}

#[test]
fn a_report_that_takes_too_long() {
    let client = client();
    assert_eq!(client.get("/waiting/report?ms=1500").send().status(), 504);
    assert_eq!(client.elapsed(), Duration::from_secs(1));
}

#[test]
fn a_client_that_disconnects() {
    let client = client();
    let request = client.post("/waiting/export");
    let reply = request.disconnect_after(Duration::from_millis(20)).send();
    assert_eq!(reply.status(), 499);
}

#[test]
fn requests_share_one_call() {
    let mut calls = 0;
    let client = client().with_fetch(move |_| {
        calls += 1;
        OutgoingReply::json(&json!({ "currency": "EUR", "dollars": calls }))
            .delay(Duration::from_millis(20))
    });
    for reply in send_all([client.get("/waiting/euro"), client.get("/waiting/euro")]) {
        assert_eq!(reply.json::<Value>(), json!({ "dollars": 1.0 }));
    }
}

#[test]
fn an_invitation_continues_after_the_reply() {
    let client = client();
    let invitation = json!({ "email": "bob@example.com" });
    let reply = client.post("/invitations").json(&invitation).send();
    assert_eq!(
        reply.json::<Value>(),
        json!({ "accepted": "bob@example.com" })
    );
    let count = client.get("/invitations/count").send();
    assert_eq!(count.json::<Value>(), json!({ "count": 1 }));
}

#[test]
fn a_greeting_with_the_settings_of_the_operator() {
    let client = client()
        .with_config("greeting", "Hi")
        .with_config("page_size", "5");
    let reply = client.get("/greeting/Ann").send();
    assert_eq!(
        reply.json::<Value>(),
        json!({ "message": "Hi, Ann!", "page_size": 5 })
    );
}

#[test]
fn a_team_has_two_members() {
    let client = client();
    let join = |user| client.post("/teams/red/join").header("x-user", user).send();
    assert_eq!(
        join("ann").json::<Value>(),
        json!({ "team": "red", "user": "ann" })
    );
    assert_eq!(join("bob").status(), 200);
    let reply = join("eve");
    assert_eq!(
        (reply.status(), reply.json()),
        (409, json!({ "full": "red" }))
    );
}

#[test]
fn a_fake_user() {
    let client = client().with_argument(|| crate::routers::CurrentUser("ann".to_owned()));
    let reply = client.post("/teams/red/join").send();
    assert_eq!(
        reply.json::<Value>(),
        json!({ "team": "red", "user": "ann" })
    );
}

#[test]
fn errors_of_the_host_in_the_form_of_the_service() {
    let reply = client().get("/teams/red/members?page=0").send();
    assert_eq!(reply.status(), 422);
    assert!(reply.json::<Value>()["errors"][0].is_string());
}

#[test]
fn a_blocked_address() {
    let client = client().with_config("blocked", "eve@example.com");
    let invitation = json!({ "email": "eve@example.com" });
    assert_eq!(
        client
            .post("/invitations")
            .json(&invitation)
            .send()
            .status(),
        403
    );
}
