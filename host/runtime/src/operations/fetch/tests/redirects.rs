//! Redirects.

use serde_json::{Value, json};

use super::support::{Fixture, Seen, error, response};
use crate::outbound::{OutboundError, Sent};

const A: &str = "https://a.example.com/start";

/// Redirects requests to `/start`, and answers others with 200.
fn redirecting(status: u16, location: &'static str) -> Fixture {
    Fixture::new(move |request| match request.url.ends_with("/start") {
        true => response(status, &[("location", location)]),
        false => response(200, &[]),
    })
}

#[tokio::test]
async fn methods_and_bodies_follow_the_standard() {
    for (status, method, next, keeps_body) in [
        (301, "POST", "GET", false),
        (302, "POST", "GET", false),
        (303, "POST", "GET", false),
        (307, "POST", "POST", true),
        (308, "POST", "POST", true),
        (301, "PUT", "PUT", true),
        (302, "DELETE", "DELETE", true),
        (303, "PUT", "GET", false),
        (303, "HEAD", "HEAD", true),
        (303, "GET", "GET", true),
        (302, "HEAD", "HEAD", true),
    ] {
        let mut fixture = redirecting(status, "next?x#y");
        let headers = json!([
            ["content-type", "text/plain"],
            ["content-language", "en"],
            ["x", "1"]
        ]);
        let head = json!({ "method": method, "url": A, "headers": headers });
        let outcome = fixture.run("fetch", &head, "body").await.unwrap();
        let head: Value = serde_json::from_str(&outcome.head).unwrap();
        assert_eq!(head["url"], "https://a.example.com/next?x");
        assert_eq!(head["redirected"], true);
        let seen = &fixture.seen()[1];
        assert_eq!(seen.url, "https://a.example.com/next?x");
        assert_eq!(seen.method, next, "{status} {method}");
        let is_kept = [
            seen.body == "body",
            seen.headers.contains_key("content-type"),
            seen.headers.contains_key("content-language"),
        ];
        assert_eq!(is_kept, [keeps_body; 3], "{status} {method}");
        assert_eq!(seen.header("x"), "1");
    }
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    for (location, is_kept) in [
        ("/next", true),
        ("https://a.example.com:443/next", true),
        ("https://b.example.com/next", false),
        ("//b.example.com/next", false),
        ("http://a.example.com/next", false),
        ("https://a.example.com:8443/next", false),
    ] {
        let mut fixture = redirecting(302, location);
        let headers = json!([["authorization", "Bearer x"], ["cookie", "a=b"], ["x", "1"]]);
        fixture
            .fetch(json!({ "url": A, "headers": headers }))
            .await
            .unwrap();
        let seen = &fixture.seen()[1];
        for name in ["authorization", "cookie"] {
            assert_eq!(
                seen.headers.contains_key(name),
                is_kept,
                "{location} {name}"
            );
        }
        assert_eq!(seen.header("x"), "1");
    }
}

/// Credentials that another origin did not get are not sent when it redirects back.
#[tokio::test]
async fn credentials_do_not_come_back() {
    let mut fixture = Fixture::new(|request| match request.url.as_str() {
        A => response(307, &[("location", "https://b.example.com/")]),
        "https://b.example.com/" => response(307, &[("location", "https://a.example.com/end")]),
        _ => response(200, &[]),
    });
    let headers = json!([["authorization", "Bearer x"]]);
    fixture
        .fetch(json!({ "url": A, "headers": headers }))
        .await
        .unwrap();
    let seen = fixture.seen();
    let has = |seen: &Seen| seen.headers.contains_key("authorization");
    assert_eq!(
        seen.iter().map(has).collect::<Vec<_>>(),
        [true, false, false]
    );
}

/// The sender checks every hop, so a redirect cannot reach what the app may not.
#[tokio::test]
async fn a_hop_that_is_not_allowed_is_denied() {
    let mut fixture = Fixture::new(|request| match request.url.as_str() {
        A => response(
            302,
            &[("location", "http://169.254.169.254/latest/meta-data")],
        ),
        _ => error(OutboundError::Denied("the address is private".into())),
    });
    let failed = fixture.fetch(json!({ "url": A })).await.unwrap_err();
    assert_eq!(
        (&*failed.code, &*failed.message),
        ("denied", "the address is private")
    );
    assert_eq!(
        fixture.seen()[1].url,
        "http://169.254.169.254/latest/meta-data"
    );
}

#[tokio::test]
async fn redirects_that_lead_nowhere_fail() {
    for location in [
        "ftp://a.example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/plain,x",
        "https://user:hunter2@b.example.com/",
        "http://[",
        "https://",
    ] {
        let mut fixture = redirecting(302, location);
        let failed = fixture.fetch(json!({ "url": A })).await.unwrap_err();
        assert_eq!(failed.code, "failed", "{location}");
        assert!(
            failed.message.contains("`https://a.example.com`"),
            "{failed}"
        );
        assert_eq!(fixture.seen().len(), 1);
    }
}

#[tokio::test]
async fn redirects_are_limited() {
    let count = |most: usize| {
        Fixture::new(move |request: &Seen| -> Option<Sent> {
            let number: usize = request.url.rsplit('/').next().unwrap().parse().unwrap();
            match number < most {
                true => response(302, &[("location", &format!("/{}", number + 1))]),
                false => response(200, &[]),
            }
        })
    };
    let url = json!({ "url": "https://a.example.com/0" });
    let mut fixture = count(20);
    let (status, head, _) = fixture.fetch(url.clone()).await.unwrap();
    assert_eq!(
        (status, &head["url"]),
        (200, &json!("https://a.example.com/20"))
    );
    let mut fixture = count(usize::MAX);
    let failed = fixture.fetch(url).await.unwrap_err();
    assert_eq!(failed.code, "failed");
    assert!(failed.message.contains("at most 20"), "{failed}");
    assert_eq!(fixture.seen().len(), 21);
}

#[tokio::test]
async fn other_modes_do_not_follow() {
    let mut fixture = redirecting(302, "/next");
    let (status, head, _) = fixture
        .fetch(json!({ "url": A, "redirect": "manual" }))
        .await
        .unwrap();
    assert_eq!((status, &head["redirected"]), (302, &json!(false)));
    assert_eq!(head["headers"], json!([["location", "/next"]]));
    let failed = fixture
        .fetch(json!({ "url": A, "redirect": "error" }))
        .await;
    let failed = failed.unwrap_err();
    assert_eq!(failed.code, "failed");
    assert!(failed.message.contains("`redirect` is `error`"), "{failed}");
    assert_eq!(fixture.seen().len(), 2);
}

#[tokio::test]
async fn statuses_without_a_location_are_results() {
    for status in [300, 304, 305, 306] {
        let mut fixture = redirecting(status, "/next");
        let head = json!({ "url": A, "redirect": "error" });
        assert_eq!(fixture.fetch(head).await.unwrap().0, status);
    }
    let mut fixture = Fixture::new(|_| response(302, &[]));
    assert_eq!(fixture.fetch(json!({ "url": A })).await.unwrap().0, 302);
}

#[tokio::test]
async fn the_time_limit_covers_all_hops() {
    let mut fixture = Fixture::new(|request| match request.url.as_str() {
        A => response(302, &[("location", "https://b.example.com/")]),
        _ => None,
    });
    let failed = fixture
        .fetch(json!({ "url": A, "timeout_ms": 100 }))
        .await
        .unwrap_err();
    assert_eq!(failed.code, "timeout");
    assert!(
        failed.message.contains("`https://b.example.com`"),
        "{failed}"
    );
}
