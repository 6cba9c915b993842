//! Checks that docs/errors.md lists every problem type and validation error of the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use spikard_wasm_app::ErrorKind;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the first cells of the tables in the page.
fn listed() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("docs/errors.md")).expect("the page is there");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned()))
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(fs::read_to_string(path).expect("the file is text"));
        }
    }
}

#[test]
fn every_kind_of_field_error_is_listed() {
    let listed = listed();
    for kind in ErrorKind::ALL {
        let name = serde_json::to_value(kind).expect("a kind is a text");
        let name = name.as_str().expect("a kind is a text");
        assert!(
            listed.contains(name),
            "docs/errors.md does not list `{name}`"
        );
    }
}

/// Finds problem types as string literals in calls of the constructors.
#[test]
fn every_type_of_problem_is_listed() {
    let mut texts = Vec::new();
    for crate_name in ["app", "runtime", "server", "cli"] {
        sources(
            &root().join("host").join(crate_name).join("src"),
            &mut texts,
        );
    }
    let listed = listed();
    let mut types = BTreeSet::new();
    for text in &texts {
        for call in ["problem(", "Problem::new(", "Self::new("] {
            for (at, _) in text.match_indices(call) {
                let rest = &text[at + call.len()..];
                let rest = rest
                    .trim_start()
                    .trim_start_matches(|c: char| c.is_ascii_digit());
                let rest = rest.trim_start_matches(',').trim_start();
                let quoted = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
                types.extend(quoted.map(|(name, _)| name.to_owned()));
            }
        }
    }
    assert!(
        types.contains("not-found") && types.contains("validation-error"),
        "{types:?}"
    );
    for name in types {
        assert!(
            listed.contains(&name),
            "docs/errors.md does not list `{name}`"
        );
    }
}
