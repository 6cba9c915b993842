//! Errors of `[[app]]`, `serve FOLDER` and `inspect --limits`.

use serde_json::Value;
use spikard_wasm_testing::Run;

use super::{Folder, app};
use crate::command::failed;
use crate::command::golden::golden;
use crate::support::host;

const A: &str = "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\n";

/// Returns the error for a `spikard.toml`, without the path of the directory.
fn config_error(folder: &Folder, text: &str) -> String {
    folder.config(text);
    start_error(folder, &["serve", "spikard.toml", "--port", "0"])
}

fn start_error(folder: &Folder, args: &[&str]) -> String {
    let mut command = host().command(args);
    let said = failed(&Run::of(command.current_dir(folder.0.path())));
    said.replace(&folder.0.path().display().to_string(), "FOLDER")
}

#[test]
fn invalid_configurations_are_rejected() {
    let folder = Folder::new();
    folder.app("a.wasm", "a");
    let all: Vec<String> = [
        "[app]\nname = \"a\"\n".to_owned(),
        "[[app]]\nname = \"a\"\n".to_owned(),
        "[[app]]\ncomponent = \"a.wasm\"\n".to_owned(),
        "[[app]]\nname = \"A b\"\n".to_owned(),
        format!("{A}host = \"http://a\"\n"),
        format!("{A}path = \"a\"\n"),
        format!("{A}pth = \"/a\"\n"),
        format!("{A}port = 80\n"),
        format!("{A}[app.limit]\n"),
        format!("{A}[app.limits]\nmemry = 1\n"),
        format!("{A}[app.limits]\nconnections = 1\n"),
        format!("{A}[app.secrets]\nkey = \"hunter2\"\n"),
        format!("{A}[app.routes.none]\ntimeout = \"1s\"\n"),
        format!("{A}{A}"),
        format!("{A}[[app]]\nname = \"b\"\ncomponent = \"a.wasm\"\n"),
        format!("{A}[[app]]\nname = \"b\"\ncomponent = \"b.wasm\"\npath = \"/b\"\n"),
        format!("[serve]\napp = \"a.wasm\"\n{A}"),
        format!("[routes.x]\ntimeout = \"1s\"\n{A}"),
    ]
    .iter()
    .map(|text| config_error(&folder, text))
    .collect();
    folder.config(A);
    let more = [
        &["serve", "none.toml"][..],
        &["serve", "spikard.toml", "--config", "spikard.toml"],
        &["serve", "a.wasm"],
        &["serve", "--static-root", "."],
    ];
    let more = more.map(|args| start_error(&folder, args));
    golden("apps", &format!("{}{}", all.concat(), more.concat()));
}

#[test]
fn apps_of_a_directory_must_have_distinct_names() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("apps")).expect("a folder");
    let args = ["serve", "apps", "--port", "0"];
    let empty = start_error(&folder, &args);
    folder.app("apps/a b.wasm", "a");
    let no_name = start_error(&folder, &args);
    std::fs::rename(folder.path("apps/a b.wasm"), folder.path("apps/a_b.wasm")).expect("a name");
    folder.app("apps/A-b.wasm", "a");
    let twice = start_error(&folder, &args);
    golden("apps-folder", &format!("{empty}{no_name}{twice}"));
}

#[test]
fn inspect_shows_the_limits_of_each_app() {
    let folder = Folder::new();
    folder.define("a.wasm", app("a", &["/"], serde_json::json!({})));
    folder.config(&format!(
        "[limits]\nqueue = 7\nmemory = \"2MiB\"\n{A}[app.limits]\nqueue = 9\n[app.instances]\npolicy = \"fresh\"\n\
         [[app]]\nname = \"b\"\ncomponent = \"a.wasm\"\nhost = \"B.example\"\npath = \"/b\"\ntimeout = 1\n"
    ));
    let ask = |args: &[&str]| {
        let mut command = host().command([&["inspect", "--limits"], args].concat());
        let run = Run::of(command.current_dir(folder.0.path()));
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
        run.stdout
    };
    let report: Value =
        serde_json::from_str(&ask(&["--json", "--max-memory", "3MiB"])).expect("JSON");
    assert_eq!(report["file"], "spikard.toml");
    let of = |of: &Value, key: &str| {
        let limits = of["limits"].as_array().expect("limits").iter();
        let found = limits.clone().find(|limit| limit["key"] == key);
        found.map(|limit| (limit["value"].clone(), limit["from"].clone()))
    };
    let said = |value: u64, from: &str| Some((Value::from(value), Value::from(from)));
    let (a, b) = (&report["apps"][0], &report["apps"][1]);
    assert_eq!(
        (&a["name"], &b["at"]),
        (&"a".into(), &"b.example/b/".into())
    );
    assert_eq!(of(&report, "limits.queue"), said(7, "file"));
    assert_eq!(of(a, "limits.queue"), said(9, "file"));
    assert_eq!(of(b, "limits.queue"), said(7, "file"));
    assert_eq!(of(b, "limits.memory"), said(3 << 20, "flag"));
    assert_eq!(of(a, "serve.timeout"), said(30_000, "default"));
    assert_eq!(of(b, "serve.timeout"), said(1000, "file"));
    assert_eq!(of(a, "limits.connections"), None);
    let text = ask(&["spikard.toml"]);
    assert!(text.contains("\napp b at b.example/b/: a.wasm\n"), "{text}");
}
