//! A workload: a request and the expected JSON.

use serde_json::{Map, Value, json};
use spikard_wasm_testing::multipart;

use crate::support::{encode, encode_pairs};

/// A request and the expected JSON.
#[derive(Debug)]
pub(super) struct Workload {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    pub(super) expected: Value,
}

/// Query parameters in the order of the harness.
pub(super) const QUERIES: [(&str, &[(&str, Kind)]); 3] = [
    (
        "few",
        &[
            ("q", Kind::Text),
            ("page", Kind::Integer),
            ("limit", Kind::Integer),
        ],
    ),
    (
        "medium",
        &[
            ("search", Kind::Text),
            ("category", Kind::Text),
            ("sort", Kind::Text),
            ("order", Kind::Text),
            ("page", Kind::Integer),
            ("limit", Kind::Integer),
            ("filter", Kind::Text),
        ],
    ),
    (
        "many",
        &[
            ("q", Kind::Text),
            ("page", Kind::Integer),
            ("limit", Kind::Integer),
            ("sort", Kind::Text),
            ("order", Kind::Text),
            ("category", Kind::Text),
            ("subcategory", Kind::Text),
            ("brand", Kind::Text),
            ("min_price", Kind::Number),
            ("max_price", Kind::Number),
            ("rating", Kind::Integer),
            ("in_stock", Kind::Flag),
            ("on_sale", Kind::Flag),
            ("color", Kind::Text),
            ("size", Kind::Text),
            ("material", Kind::Text),
        ],
    ),
];

/// Form fields; only the validated workloads have types.
pub(super) const FORMS: [(&str, &[(&str, Kind)]); 2] = [
    (
        "simple",
        &[
            ("name", Kind::Text),
            ("email", Kind::Email),
            ("age", Kind::Integer),
            ("subscribe", Kind::Flag),
        ],
    ),
    (
        "complex",
        &[
            ("username", Kind::Text),
            ("password", Kind::Text),
            ("email", Kind::Email),
            ("first_name", Kind::Text),
            ("last_name", Kind::Text),
            ("age", Kind::Integer),
            ("country", Kind::Text),
            ("state", Kind::Text),
            ("city", Kind::Text),
            ("zip", Kind::Text),
            ("phone", Kind::Text),
            ("company", Kind::Text),
            ("job_title", Kind::Text),
            ("subscribe", Kind::Flag),
            ("newsletter", Kind::Flag),
            ("terms_accepted", Kind::Flag),
            ("privacy_accepted", Kind::Flag),
            ("marketing_consent", Kind::Flag),
            ("two_factor_enabled", Kind::Flag),
        ],
    ),
];

/// The type of a parameter or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Email,
    Integer,
    Number,
    Flag,
}

impl Kind {
    /// Parses a value from text.
    pub(super) fn read(self, text: &str) -> Value {
        match self {
            Self::Text | Self::Email => json!(text),
            Self::Integer | Self::Number | Self::Flag => {
                serde_json::from_str(text).expect("a number or a boolean")
            }
        }
    }
}

impl Workload {
    pub(super) fn get(target: String, expected: Value) -> Self {
        Self {
            method: "GET",
            target,
            content_type: String::new(),
            body: Vec::new(),
            expected,
        }
    }

    fn post(target: String, content_type: &str, body: Vec<u8>, expected: Value) -> Self {
        Self {
            method: "POST",
            target,
            content_type: content_type.to_owned(),
            body,
            expected,
        }
    }

    pub(super) fn json(prefix: &str, size: &str, text: &str) -> Self {
        let expected = serde_json::from_str(text).expect("JSON");
        let target = format!("{prefix}/json/{size}");
        Self::post(
            target,
            "application/json",
            text.as_bytes().to_vec(),
            expected,
        )
    }

    pub(super) fn path(prefix: &str, kind: &str, values: &[(&str, Value)]) -> Self {
        let mut target = format!("{prefix}/path/{kind}");
        for (_, value) in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            target.push_str(&format!("/{}", encode(&text)));
        }
        let own = |(name, value): &(&str, Value)| ((*name).to_owned(), value.clone());
        Self::get(target, Value::Object(values.iter().map(own).collect()))
    }

    pub(super) fn query(prefix: &str, name: &str, pairs: &[(String, String)]) -> Self {
        let kinds = QUERIES.iter().find(|(known, _)| *known == name);
        let kinds = kinds.map_or(&[] as &[_], |(_, kinds)| kinds);
        let target = format!("{prefix}/query/{name}?{}", encode_pairs(pairs));
        Self::get(target, typed(kinds, pairs))
    }

    pub(super) fn form(prefix: &str, name: &str, pairs: &[(String, String)]) -> Self {
        let kinds = FORMS
            .iter()
            .find(|(known, _)| *known == name && !prefix.is_empty());
        let kinds = kinds.map_or(&[] as &[_], |(_, kinds)| kinds);
        Self::post(
            format!("{prefix}/urlencoded/{name}"),
            "application/x-www-form-urlencoded",
            encode_pairs(pairs).into_bytes(),
            typed(kinds, pairs),
        )
    }

    pub(super) fn multipart(prefix: &str, size: &str, files: &[Vec<u8>]) -> Self {
        let total: usize = files.iter().map(Vec::len).sum();
        let expected = json!({"files_received": files.len(), "total_bytes": total});
        let parts: Vec<_> = files
            .iter()
            .map(|file| ("file", "a.bin", file.as_slice()))
            .collect();
        let (content_type, body) = multipart(&parts);
        Self::post(
            format!("{prefix}/multipart/{size}"),
            &content_type,
            body,
            expected,
        )
    }
}

/// Converts pairs to an object; a name without a kind is text.
fn typed(kinds: &[(&str, Kind)], pairs: &[(String, String)]) -> Value {
    let members = pairs.iter().map(|(name, text)| {
        let kind = kinds.iter().find(|(known, _)| known == name);
        (
            name.clone(),
            kind.map_or(Kind::Text, |(_, kind)| *kind).read(text),
        )
    });
    Value::Object(members.collect::<Map<_, _>>())
}
