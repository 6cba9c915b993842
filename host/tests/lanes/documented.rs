//! The workloads with the documented values of the harness.

use serde_json::json;

use super::workload::Workload;

const JSON: [(&str, &str); 4] = [
    (
        "small",
        r#"{"name":"Foo","description":"A very nice Item","price":35.4,"tax":3.2}"#,
    ),
    (
        "medium",
        r#"{"name":"Foo","price":42.0,"image":{"url":"https://example.com/image.jpg","name":"Product Image"}}"#,
    ),
    (
        "large",
        r#"{"name":"Product","price":100.0,"seller":{"name":"John Doe","address":{"street":"123 Main St","city":"Springfield","country":{"name":"USA","code":"US"}}}}"#,
    ),
    (
        "very-large",
        r#"{"name":"Product Bundle","tags":["electronics","gadget"],"images":[{"url":"https://example.com/img1.jpg","name":"Front"},{"url":"https://example.com/img2.jpg","name":"Back"}]}"#,
    ),
];

const QUERIES: [(&str, &str); 3] = [
    ("few", "q=search&page=1&limit=20"),
    (
        "medium",
        "search=electronics&category=phones&sort=price&order=asc&page=1&limit=20&filter=active",
    ),
    (
        "many",
        "q=search&page=1&limit=20&sort=date&order=desc&category=tech&subcategory=mobile&brand=test&min_price=0&max_price=999&rating=4&in_stock=true&on_sale=false&color=blue&size=medium&material=metal",
    ),
];

const FORMS: [(&str, &str); 2] = [
    (
        "simple",
        "name=John Doe&email=john@example.com&age=30&subscribe=true",
    ),
    (
        "complex",
        "username=testuser&password=secret123&email=test@example.com&first_name=John&last_name=Doe&age=30&country=US&state=CA&city=San Francisco&zip=94102-0001&phone=+1-555-1234&company=Acme Corp&job_title=Engineer&subscribe=true&newsletter=true&terms_accepted=true&privacy_accepted=true&marketing_consent=false&two_factor_enabled=true",
    ),
];

/// File sizes of each form in bytes.
const FILES: [(&str, &[usize]); 3] = [
    ("small", &[1024]),
    ("medium", &[5120, 5120]),
    ("large", &[20_480; 5]),
];

/// Returns the raw or the validated workloads.
pub(super) fn workloads(validated: bool) -> Vec<Workload> {
    let prefix = if validated { "/validated" } else { "" };
    let uuid = "550e8400-e29b-41d4-a716-446655440000";
    let mut all = vec![
        Workload::path(prefix, "simple", &[("id", json!("test123"))]),
        Workload::path(
            prefix,
            "multiple",
            &[("user_id", json!("user456")), ("post_id", json!("post789"))],
        ),
        Workload::path(
            prefix,
            "deep",
            &[
                ("org", json!("acme")),
                ("team", json!("engineering")),
                ("project", json!("backend")),
                ("resource", json!("api")),
                ("id", json!("item123")),
            ],
        ),
        Workload::path(prefix, "int", &[("id", json!(42))]),
        Workload::path(prefix, "uuid", &[("uuid", json!(uuid))]),
        Workload::path(prefix, "date", &[("date", json!("2024-01-15"))]),
    ];
    all.extend(JSON.map(|(size, body)| Workload::json(prefix, size, body)));
    all.extend(QUERIES.map(|(name, text)| Workload::query(prefix, name, &pairs(text))));
    all.extend(FORMS.map(|(name, text)| Workload::form(prefix, name, &pairs(text))));
    all.extend(FILES.map(|(size, lengths)| {
        let files: Vec<_> = lengths.iter().map(|length| vec![b'x'; *length]).collect();
        Workload::multipart(prefix, size, &files)
    }));
    all
}

/// Parses unencoded pairs.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |piece: &str| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        (name.to_owned(), value.to_owned())
    };
    text.split('&').map(pair).collect()
}
