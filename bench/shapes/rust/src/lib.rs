//! The parts that the handlers of all shapes share.

/// The reply of route 0.
pub const HELLO: &str = r#"{"message":"Hello, World!"}"#;

/// The headers of route 3.
pub const HEADERS: [(&str, &str); 3] = [
    ("location", "/items/7"),
    ("cache-control", "no-store"),
    ("set-cookie", "sid=1; Path=/"),
];

/// Parses a JSON text and serializes it again, compactly.
pub fn round_trip(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text)
        .map(|value| value.to_string())
        .unwrap_or_default()
}
