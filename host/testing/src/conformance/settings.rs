//! Translates single policies to settings of the host.

use std::path::{Component, Path};

use serde_json::{Map, Value, json};

use super::members::Members;

/// Reads a static file: its path, relative to its directory, and its content.
pub(crate) fn file(value: &Value) -> Result<(String, String), String> {
    let wrong = || "unknown file in `static_files`".to_owned();
    let mut members = Members::of("files", value)?.ok_or_else(wrong)?;
    let path = members.text(&["path"])?.ok_or_else(wrong)?;
    let content = members.text(&["content"])?.ok_or_else(wrong)?;
    members.finish()?;
    // The runner writes this file to disk: reject paths that leave the directory.
    let mut steps = Path::new(&path).components();
    match steps.all(|step| matches!(step, Component::Normal(_))) {
        true => Ok((path, content)),
        false => Err(format!("the file `{path}` is outside its directory")),
    }
}

/// Returns the setting `jwt`.
pub(crate) fn jwt(members: &mut Members<'_>) -> Result<Value, String> {
    let mut setting = Map::new();
    let algorithms = members.list(&["algorithms", "algorithm"]);
    setting.insert(
        "algorithms".to_owned(),
        json!(algorithms.unwrap_or_else(|| vec![json!("HS256")])),
    );
    let mut keyed = false;
    for name in ["secret", "public_key"] {
        if let Some(key) = members.text(&[name])? {
            keyed = true;
            setting.insert(name.to_owned(), json!(key));
        }
    }
    if !keyed {
        return Err("`jwt_auth` has no key to verify tokens".to_owned());
    }
    for (name, names) in [
        ("audience", ["audience", "audiences"]),
        ("issuer", ["issuer", "issuers"]),
        ("required_claims", ["required_claims", "require"]),
    ] {
        if let Some(values) = members.list(&names) {
            setting.insert(name.to_owned(), json!(values));
        }
    }
    if let Some(seconds) = members.number(&["leeway", "leeway_seconds"])? {
        setting.insert("leeway".to_owned(), json!(seconds));
    }
    Ok(Value::Object(setting))
}

/// Returns the setting `api_key`.
pub(crate) fn api_key(members: &mut Members<'_>) -> Result<Value, String> {
    let keys = members.take(&["keys", "api_keys"]);
    let keys = keys.ok_or("`api_key_auth` has no keys")?;
    let header = members.text(&["header_name", "header"])?;
    let query = members.text(&["query_param", "query_name", "query"])?;
    Ok(json!({
        "keys": keys,
        "header": header.unwrap_or_else(|| "X-API-Key".to_owned()),
        "query": query.unwrap_or_else(|| "api_key".to_owned()),
    }))
}

/// Returns the setting `compression`.
pub(crate) fn compression(members: &mut Members<'_>) -> Result<Value, String> {
    let mut algorithms = Vec::new();
    for (name, names, default) in [
        ("zstd", ["zstd", "zstandard"], false),
        ("br", ["brotli", "br"], true),
        ("gzip", ["gzip", "gz"], true),
    ] {
        if members.flag(&names)?.unwrap_or(default) {
            algorithms.push(name);
        }
    }
    let mut setting = Map::new();
    setting.insert("algorithms".to_owned(), json!(algorithms));
    for (name, names) in [
        ("min_size", ["min_size", "minimum_size"]),
        ("level", ["quality", "level"]),
    ] {
        if let Some(number) = members.number(&names)? {
            setting.insert(name.to_owned(), json!(number));
        }
    }
    match algorithms.is_empty() {
        true => Ok(json!(false)),
        false => Ok(Value::Object(setting)),
    }
}

/// Returns the setting `request_id`.
pub(crate) fn request_id(members: &mut Members<'_>) -> Result<Value, String> {
    match members.text(&["header_name", "header"])? {
        Some(header) => Ok(json!({"header": header})),
        None => Ok(json!(true)),
    }
}

/// Returns the setting `cors`.
pub(crate) fn cors(members: &mut Members<'_>) -> Result<Value, String> {
    let mut setting = Map::new();
    for (name, names) in [
        (
            "origins",
            [
                "allow_origins",
                "allowed_origins",
                "origins",
                "allow_origin",
            ],
        ),
        (
            "methods",
            [
                "allow_methods",
                "allowed_methods",
                "methods",
                "allow_method",
            ],
        ),
        (
            "headers",
            [
                "allow_headers",
                "allowed_headers",
                "headers",
                "allow_header",
            ],
        ),
        (
            "expose",
            [
                "expose_headers",
                "exposed_headers",
                "expose",
                "expose_header",
            ],
        ),
    ] {
        let Some(values) = members.list(&names) else {
            continue;
        };
        let any = values.contains(&json!("*")) && matches!(name, "origins" | "headers");
        setting.insert(
            name.to_owned(),
            if any { json!("*") } else { json!(values) },
        );
    }
    if let Some(flag) = members.flag(&["allow_credentials", "credentials"])? {
        setting.insert("credentials".to_owned(), json!(flag));
    }
    if let Some(seconds) = members.number(&["max_age", "max_age_seconds"])? {
        setting.insert("max_age".to_owned(), json!(seconds));
    }
    if !setting.contains_key("origins") {
        return Err("`cors` names no origin".to_owned());
    }
    Ok(Value::Object(setting))
}
