//! Builds an app from fixtures and serves it with the host.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::{Host, Server};

use super::case::Case;

/// Marker before the buffer for a script; `guests/conformance/fixtures` has the same value.
const MARK: &[u8] = b"FIXTURES GO HERE";

/// A component with a buffer for a script.
#[derive(Debug, Clone)]
pub struct Template {
    bytes: Vec<u8>,
    start: usize,
    room: usize,
}

impl Template {
    /// Reads a component from a file.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or has no buffer for a script.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = fs::read(path)
            .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        let no_place = || format!("`{}` has no buffer for fixtures", path.display());
        Self::of(bytes).ok_or_else(no_place)
    }

    fn of(bytes: Vec<u8>) -> Option<Self> {
        let at = bytes
            .windows(MARK.len())
            .position(|window| window == MARK)?;
        let start = at + MARK.len();
        let room = bytes[start..]
            .iter()
            .take_while(|byte| **byte == b' ')
            .count();
        Some(Self { bytes, start, room })
    }

    /// Returns the maximum size of a script, in bytes.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    fn with(&self, script: &str) -> Result<Vec<u8>, String> {
        if script.len() > self.room {
            return Err("the fixture is too long for the guest".to_owned());
        }
        let mut bytes = self.bytes.clone();
        bytes[self.start..self.start + script.len()].copy_from_slice(script.as_bytes());
        Ok(bytes)
    }
}

/// Returns the script that the guest reads. Adds a route if the fixtures have none, since an
/// app must have at least one.
fn script(cases: &[&Case]) -> String {
    let mut settings = Map::new();
    let mut folders = Vec::new();
    for case in cases {
        settings.extend(case.app.clone());
        for folder in &case.folders {
            let mut setting = folder.settings.clone();
            setting.insert("prefix".to_owned(), json!(folder.prefix));
            setting.insert("folder".to_owned(), json!(format!("f{}", folders.len())));
            folders.push(Value::Object(setting));
        }
    }
    if !folders.is_empty() {
        settings.insert("static".to_owned(), Value::Array(folders));
    }
    let mut routes: Vec<_> = cases.iter().flat_map(|case| case.routes.clone()).collect();
    if routes.is_empty() {
        routes.push(json!({
            "method": "GET", "path": "/a/route/that/no/fixture/has", "name": "", "parameters": "",
            "body": "", "settings": "", "answer": {"handler": {"status": 204}}
        }));
    }
    let settings = match settings.is_empty() {
        true => String::new(),
        false => Value::Object(settings).to_string(),
    };
    let version = cases.iter().find_map(|case| case.version.as_deref());
    json!({"version": version.unwrap_or("0.1.0"), "settings": settings, "routes": routes})
        .to_string()
}

/// A host that serves fixtures, and the directory of its component and files.
#[derive(Debug)]
pub(crate) struct FixtureHost {
    /// The host.
    pub(crate) server: Server,
    _folder: TempDir,
}

/// Builds an app from fixtures and starts a host that serves it.
///
/// # Errors
/// Fails with the reason if the host does not serve the app.
pub(crate) fn serve(
    host: &Host,
    template: &Template,
    cases: &[&Case],
) -> Result<FixtureHost, String> {
    let failed = |error: std::io::Error| format!("a temporary file cannot be written: {error}");
    let folder = TempDir::with_prefix("conformance-").map_err(failed)?;
    let component = folder.path().join("fixtures.wasm");
    fs::write(&component, template.with(&script(cases))?).map_err(failed)?;
    let mut args: Vec<PathBuf> = ["--workers", "1", "--max-instances", "4"]
        .map(PathBuf::from)
        .to_vec();
    let folders = cases.iter().flat_map(|case| &case.folders);
    let root = folder.path().join("static");
    for (at, files) in folders.enumerate() {
        let own = root.join(format!("f{at}"));
        fs::create_dir_all(&own).map_err(failed)?;
        for (path, content) in &files.files {
            let path = own.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&own)).map_err(failed)?;
            fs::write(path, content).map_err(failed)?;
        }
    }
    if root.exists() {
        args.extend([PathBuf::from("--static-root"), root]);
    }
    let server = host.serve(Some(&component)).args(args).try_start()?;
    Ok(FixtureHost {
        server,
        _folder: folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_goes_where_the_spaces_are() {
        let bytes = [b"\0asm", MARK, b"          ", b"\0rest"].concat();
        let template = Template::of(bytes).expect("a template");
        assert_eq!(template.room(), 10);
        let written = template.with("{\"a\":1}").expect("a component");
        assert_eq!(&written[4 + MARK.len()..], b"{\"a\":1}   \0rest");
        assert!(template.with("{\"a\": 12345}").is_err());
        assert!(Template::of(b"\0asm".to_vec()).is_none());
    }

    #[test]
    fn an_app_has_a_route() {
        let fixture = json!({
            "handler": {"route": "/p/a.txt", "method": "GET", "middleware": {"static_files": {
                "prefix": "/p", "cache_control": "no-store", "files": [{"path": "a.txt", "content": "x"}]}}},
            "request": {"method": "GET", "path": "/p/a.txt"},
            "expected_response": {"status_code": 200, "body": "x"}
        });
        let fixture = serde_json::from_value(fixture).expect("a fixture");
        let case = Case::new("f/a", "a", &fixture).expect("a case");
        let script: Value = serde_json::from_str(&script(&[&case])).expect("JSON");
        assert_eq!(script["version"], "0.1.0");
        assert_eq!(script["routes"].as_array().map(Vec::len), Some(1));
        let settings = script["settings"].as_str().expect("a text");
        let settings: Value = serde_json::from_str(settings).expect("JSON");
        assert_eq!(
            settings,
            json!({"static": [{"prefix": "/p", "folder": "f0", "cache_control": "no-store"}]})
        );
    }
}
