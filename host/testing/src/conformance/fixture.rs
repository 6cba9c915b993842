//! File format of fixtures.
//!
//! The types name every member that the runner supports. The runner skips a fixture with
//! an unknown member and names the member, instead of silently ignoring it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

/// A fixture, or the reason that it cannot be run.
#[derive(Debug)]
pub(crate) struct Read {
    /// The name of its file without the extension, and its id if the file could be read.
    pub(crate) name: String,
    /// Its id.
    pub(crate) id: String,
    /// The fixture, or the reason that it cannot be run.
    pub(crate) fixture: Result<Fixture, String>,
    /// True if the whole file could not be read, so its fixtures are unknown.
    pub(crate) broken: bool,
}

/// One HTTP exchange and the declarations of its route.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    /// The declarations of the route.
    pub(crate) handler: Handler,
    /// The request.
    pub(crate) request: Request,
    /// The expected response.
    pub(crate) expected_response: Expected,
}

/// The declarations of a fixture.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Handler {
    /// The path pattern.
    pub(crate) route: String,
    /// The method.
    pub(crate) method: String,
    /// The declared parameters.
    #[serde(default)]
    pub(crate) parameters: Parameters,
    /// The schema of the body.
    pub(crate) body_schema: Option<Value>,
    /// Policies by name.
    #[serde(default)]
    pub(crate) middleware: Map<String, Value>,
    /// All other members: also policies, by name.
    #[serde(flatten)]
    pub(crate) others: Map<String, Value>,
}

/// Parameters: maps from names to JSON Schemas.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Parameters {
    /// Path parameters.
    pub(crate) path: Map<String, Value>,
    /// Query parameters.
    pub(crate) query: Map<String, Value>,
    /// Headers.
    pub(crate) headers: Map<String, Value>,
    /// Cookies.
    pub(crate) cookies: Map<String, Value>,
    /// Files of a multipart form.
    pub(crate) files: Map<String, Value>,
    /// The body: a schema whose `type` is a media type.
    pub(crate) body: Option<Value>,
}

/// The request of a fixture.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: String,
    /// The path, with or without a query.
    pub(crate) path: String,
    /// Headers.
    pub(crate) headers: Map<String, Value>,
    /// Cookies.
    pub(crate) cookies: Map<String, Value>,
    /// The query, used if the path has none.
    pub(crate) query_params: Option<Map<String, Value>>,
    /// The body.
    pub(crate) body: Option<Value>,
    /// Fields of a form.
    pub(crate) form_data: Option<Map<String, Value>>,
    /// Alias of `form_data`.
    pub(crate) data: Option<Map<String, Value>>,
    /// Files of a form.
    pub(crate) files: Option<Value>,
    /// The content type, used if `headers` has none.
    pub(crate) content_type: Option<String>,
}

/// The expected response of a fixture.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expected {
    /// The status.
    pub(crate) status_code: u16,
    /// The body.
    pub(crate) body: Option<Value>,
    /// The headers to compare. The runner ignores all others.
    pub(crate) headers: Map<String, Value>,
    /// The expected `errors` of the body.
    pub(crate) validation_errors: Option<Vec<Value>>,
}

/// Members beside `http` that only document the fixture.
const WORDS: [&str; 7] = [
    "id",
    "name",
    "description",
    "category",
    "tags",
    "notes",
    "source",
];

/// Reads every fixture of a directory and its subdirectories, in the order of their paths.
///
/// # Errors
/// Fails if the directory cannot be read, or has no JSON file.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Read>, String> {
    let mut files = Vec::new();
    find(folder, &mut files)?;
    if files.is_empty() {
        return Err(format!("`{}` has no `.json` file", folder.display()));
    }
    files.sort();
    Ok(files.iter().flat_map(|file| read_file(file)).collect())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error| format!("`{}` cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Vec<Read> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let unreadable = |reason: String| Read {
        name: stem.to_string(),
        id: String::new(),
        fixture: Err(reason),
        broken: true,
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return vec![unreadable(format!("the file cannot be read: {error}"))],
    };
    match serde_json::from_str(&text) {
        Ok(Value::Array(items)) => items.into_iter().map(|item| read(&stem, item)).collect(),
        Ok(item) => vec![read(&stem, item)],
        Err(error) => vec![unreadable(format!("the file is not JSON: {error}"))],
    }
}

/// Reads one fixture of a file.
pub(crate) fn read(file: &str, mut item: Value) -> Read {
    let id = item["id"].as_str().unwrap_or_default().to_owned();
    let fixture = match item.as_object_mut() {
        _ if id.is_empty() => Err("it is not a fixture: it has no `id`".to_owned()),
        Some(object) => match object.remove("http") {
            Some(http) => match object.keys().find(|key| !WORDS.contains(&key.as_str())) {
                Some(key) => Err(format!("unknown member `{key}`")),
                None => serde_json::from_value(http).map_err(|error| error.to_string()),
            },
            None => Err("it is not one of plain HTTP: it has no `http`".to_owned()),
        },
        None => Err("it is not a fixture: it is no object".to_owned()),
    };
    Read {
        name: format!("{file}/{id}"),
        id,
        fixture,
        broken: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_known_is_named() {
        for (item, wanted) in [
            (json!(5), "no `id`"),
            (json!({"id": "a"}), "no `http`"),
            (json!({"id": "a", "http": {}, "grpc": {}}), "`grpc`"),
            (
                json!({"id": "a", "http": {"handler": {"route": "/"}}}),
                "`method`",
            ),
            (
                json!({"id": "a", "http": {
                    "handler": {"route": "/", "method": "GET", "parameters": {"trailers": {}}},
                    "request": {}, "expected_response": {}
                }}),
                "`trailers`",
            ),
            (
                json!({"id": "a", "http": {
                    "handler": {"route": "/", "method": "GET"},
                    "request": {"tls": true}, "expected_response": {}
                }}),
                "`tls`",
            ),
        ] {
            let error = read("f", item).fixture.expect_err(wanted);
            assert!(error.contains(wanted), "{error}");
        }
    }

    #[test]
    fn every_file_of_every_folder_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let fixture = json!({"id": "a", "description": "d", "http": {
            "handler": {"route": "/", "method": "GET", "cors": {}},
            "request": {"path": "/"}, "expected_response": {"status_code": 200}
        }});
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("a file");
        };
        fs::create_dir(folder.path().join("b")).expect("a folder");
        write("a.json", &json!([fixture]).to_string());
        write("b/one.json", &fixture.to_string());
        write("b/cut.json", "[");
        write("c.txt", "no fixture");
        let read = read_folder(folder.path()).expect("fixtures");
        let names: Vec<_> = read
            .iter()
            .map(|read| (read.name.as_str(), read.broken))
            .collect();
        assert_eq!(names, [("a/a", false), ("cut", true), ("one/a", false)]);
        let first = read[0].fixture.as_ref().expect("a fixture");
        assert!(first.handler.others.contains_key("cors"));
        assert!(read_folder(&folder.path().join("none")).is_err());
    }
}
