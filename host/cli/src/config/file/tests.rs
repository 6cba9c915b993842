//! Tests of the parser of `spikard.toml`.

use std::time::Duration;

use super::*;
use crate::config::limits::Key;

fn parse(text: &str) -> Result<File> {
    File::parse(Path::new("spikard.toml"), text)
}

#[test]
fn every_table_is_optional() {
    for text in [
        "",
        "# nothing\n",
        "[build]\nlanguage = \"rust\"\nanything = 1\n",
    ] {
        assert!(parse(text).unwrap().limits.is_empty(), "{text}");
    }
}

#[test]
fn routes_have_the_names_of_the_log() {
    let file = parse(
        "[routes.\"GET /a\"]\ntimeout = \"2m\"\ninstances = \"fresh\"\n[routes.b]\nbody_limit = 1",
    )
    .unwrap();
    let a = file.routes["GET /a"];
    assert_eq!(a.timeout, Some(Duration::from_secs(120)));
    assert_eq!((a.instances, a.body_limit), (Some(Isolation::Fresh), None));
    assert_eq!(file.routes["b"].body_limit, Some(1));
}

/// The files that docs/configuration.md shows parse, and the complete one sets every key.
#[test]
fn files_in_the_docs_parse() {
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
            LimitSource::Default,
            "{}.{}",
            limit.table,
            limit.name
        );
    }
    assert_eq!(
        whole.limits.get(Key::Memory),
        (512 << 20, LimitSource::File)
    );
    let grants = &whole.grants;
    for granted in [grants.stdio, grants.clocks, grants.random, grants.logging] {
        assert!(granted.is_some());
    }
    assert!(!grants.environment.is_empty() && !grants.directories.is_empty());
    assert!(grants.config.is_some() && !grants.keyvalue.is_empty());
    assert!(!grants.outgoing.allow.is_empty() && !grants.outgoing.networks.is_empty());
    assert!(!whole.routes.is_empty() && !whole.secrets.is_empty() && whole.policy.is_some());
}

/// The docs list exactly the keys of `[[app]]`, and the example below sets each of them.
#[test]
fn docs_list_the_keys_of_an_app() {
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
        .filter(|limit| limit.table == "serve" && !limit.is_host_wide());
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
    let host_wide = TABLE
        .iter()
        .filter(|limit| limit.is_host_wide() && limit.table == "limits");
    for limit in host_wide {
        assert!(
            section.contains(&format!("`{}`", limit.name)),
            "{}",
            limit.name
        );
    }
}

#[test]
fn the_file_in_the_docs_of_apps_parses() {
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
fn values_of_other_types_are_rejected() {
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
