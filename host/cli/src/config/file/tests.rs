//! Tests of what may stand in `spikard.toml`.

use std::time::Duration;

use super::*;
use crate::config::limits::Key;

fn parse(text: &str) -> Result<File> {
    File::parse(Path::new("spikard.toml"), text)
}

#[test]
fn a_file_may_say_nothing_or_only_how_to_build() {
    for text in [
        "",
        "# nothing\n",
        "[build]\nlanguage = \"rust\"\nanything = 1\n",
    ] {
        assert!(parse(text).unwrap().limits.is_empty(), "{text}");
    }
}

#[test]
fn routes_are_named_as_the_log_names_them() {
    let file = parse(
        "[routes.\"GET /a\"]\ntimeout = \"2m\"\ninstances = \"fresh\"\n[routes.b]\nbody_limit = 1",
    )
    .unwrap();
    let a = file.routes["GET /a"];
    assert_eq!(a.timeout, Some(Duration::from_secs(120)));
    assert_eq!((a.instances, a.body_limit), (Some(Isolation::Fresh), None));
    assert_eq!(file.routes["b"].body_limit, Some(1));
}

/// Every file that the page shows can be read, and the one that shows all keys has
/// all keys.
#[test]
fn the_files_of_the_page_can_be_read() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```toml\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 2, "the page shows files");
    let read: Vec<File> = blocks.iter().map(|text| parse(text).unwrap()).collect();
    let whole = read
        .iter()
        .find(|file| !file.limits.is_empty())
        .expect("one with limits");
    for limit in &TABLE {
        assert_ne!(
            whole.limits.get(limit.key).1,
            Source::Default,
            "{}.{}",
            limit.table,
            limit.name
        );
    }
    assert_eq!(whole.limits.get(Key::Memory), (512 << 20, Source::File));
    let grants = &whole.grants;
    for granted in [grants.stdio, grants.clocks, grants.random, grants.logging] {
        assert!(granted.is_some());
    }
    assert!(!grants.environment.is_empty() && !grants.directories.is_empty());
    assert!(grants.config.is_some() && !grants.keyvalue.is_empty());
    assert!(!grants.outgoing.allow.is_empty() && !grants.outgoing.networks.is_empty());
    assert!(!whole.routes.is_empty() && !whole.secrets.is_empty() && whole.policy.is_some());
}

/// The table of keys of `[[app]]` has all of them and no others, and the file below it
/// shows all of them.
#[test]
fn the_page_has_the_keys_of_an_app() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("### `[[app]]`").expect("the section");
    let section = section.split("\n## ").next().unwrap();
    let lines = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `app."));
    let mut listed: Vec<&str> = lines.filter_map(|line| line.split('`').next()).collect();
    listed.sort_unstable();
    let limits = TABLE
        .iter()
        .filter(|limit| limit.table == "serve" && !limit.is_of_host());
    let mut known: Vec<&str> = limits.map(|limit| limit.name).collect();
    known.extend(crate::config::app::APP);
    known.sort_unstable();
    assert_eq!(listed, known);
    let text = section.split("```toml\n").nth(1).expect("a file");
    let table: Table = text.split("```").next().unwrap().parse().unwrap();
    let shown: Vec<&str> = table["app"][0]
        .as_table()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut shown = shown;
    shown.sort_unstable();
    assert_eq!(shown, known);
    let of_host = TABLE
        .iter()
        .filter(|limit| limit.is_of_host() && limit.table == "limits");
    for limit in of_host {
        assert!(
            section.contains(&format!("`{}`", limit.name)),
            "{}",
            limit.name
        );
    }
}

#[test]
fn the_file_of_the_page_on_apps_can_be_read() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/apps.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, text) = page.split_once("```toml\n").expect("a file");
    let file = parse(text.split("```").next().unwrap()).unwrap();
    assert_eq!(file.apps.len(), 2);
}

#[test]
fn a_secret_is_never_repeated() {
    let error = parse("[serve.secrets]\nkey = \"hunter2\"")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`serve.secrets.key`") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn words_of_other_types_are_refused() {
    for text in [
        "serve = 1",
        "[serve]\nport = \"80\"",
        "[serve]\nport = 65536",
        "[serve]\ndev = \"yes\"",
        "[serve]\nhost = \"\"",
        "[serve]\nlog_format = \"xml\"",
        "[serve]\nmetrics = 9090",
        "[serve]\nmetrics = \"9090\"",
        "[serve.secrets]\na = 1",
        "[instances]\npolicy = \"never\"",
        "[instances]\nmax = 0",
        "[limits]\nmemory = \"1TiB\"",
        "[limits.memory]\na = 1",
        "[routes]\na = 1",
        "[routes.a]\nqueue = 1",
        "[routes.a]\ntimeout = \"never\"",
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with("`spikard.toml`: "), "{text}: {error}");
        assert!(!error.contains('\n') && error.contains(": "), "{error}");
    }
}
