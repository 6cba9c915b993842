//! Secrets of a test client.

use std::collections::BTreeMap;

use crate::testing::services::outcome::Fault;

/// The values of secrets, by name.
pub(super) type Secrets = BTreeMap<String, String>;

/// Returns the value of a secret.
pub(super) fn secret<'a>(secrets: &'a Secrets, name: &str) -> Result<&'a str, Fault> {
    let found = secrets.get(name).map(String::as_str);
    found.ok_or_else(|| {
        Fault::new(
            "denied",
            format!("the secret `{name}` is not granted; pass it to `TestClient::with_secrets`"),
        )
    })
}
