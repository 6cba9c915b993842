//! Tests of the grants: keys, precedence, and their table in docs/configuration.md.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use clap::Parser;
use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::{OutgoingPattern, OutgoingRules, Store};

use super::settings::GrantSettings;
use super::table::TABLE;
use super::values::{StoreLocation, Variable};
use crate::args::{Args, Command};
use crate::config::docs_table::assert_table;
use crate::config::file::File;

const BEGIN: &str = "<!-- grants: from host/cli/src/config/grants/table.rs -->\n";
const END: &str = "<!-- end of grants -->";

fn read(text: &str) -> Result<GrantSettings> {
    File::parse(Path::new("conf/spikard.toml"), text).map(|file| file.grants)
}

fn flags(args: &[&str]) -> GrantSettings {
    let words = ["spikard-wasm", "serve"].iter().chain(args);
    match Args::try_parse_from(words).unwrap().command {
        Command::Serve(args) => args.grants.settings(),
        _ => unreachable!(),
    }
}

#[test]
fn every_key_is_parsed() {
    let all: String = TABLE
        .iter()
        .map(|key| format!("{} = {}\n", key.name, key.example))
        .collect();
    let settings = read(&format!("[grants]\n{all}")).unwrap();
    let is = |value: &str| Variable::Value(value.to_owned());
    assert_eq!(settings.environment["LOG"], is("debug"));
    assert_eq!(settings.environment["HOME"], Variable::Inherited);
    let directory = &settings.directories[0];
    assert_eq!(directory.host, Path::new("conf/data"));
    assert_eq!((directory.guest.as_str(), directory.write), ("/data", true));
    for granted in [
        settings.stdio,
        settings.clocks,
        settings.random,
        settings.logging,
    ] {
        assert_eq!(granted, Some(true));
    }
    assert_eq!(settings.config.as_ref().unwrap()["greeting"], "hello");
    let file = Store::File("conf/kv.redb".into());
    assert_eq!(settings.keyvalue["default"], StoreLocation::Store(file));
    assert_eq!(settings.outgoing.allow.len(), 1);
    assert_eq!(settings.outgoing.networks.len(), 1);
    let defaults = OutgoingRules::default();
    assert_eq!(
        (
            settings.outgoing.timeout,
            settings.outgoing.max_response,
            settings.outgoing.max_requests
        ),
        (
            defaults.timeout,
            defaults.max_response,
            defaults.max_requests
        )
    );
}

#[test]
fn every_flag_is_in_the_help() {
    use clap::CommandFactory;
    let mut command = Args::command();
    let help = command.find_subcommand_mut("serve").unwrap();
    let help = help.render_long_help().to_string();
    for key in TABLE.iter().filter(|key| !key.flag.is_empty()) {
        let flag = key.flag.split(' ').next().unwrap();
        assert!(help.contains(&format!("{flag} ")), "{flag}");
    }
}

#[test]
fn docs_match_the_table() {
    let mut table =
        "| key | flag | default | example | meaning |\n|---|---|---|---|---|\n".to_owned();
    for key in &TABLE {
        let flag = match key.flag {
            "" => String::new(),
            flag => format!("`{flag}`"),
        };
        table += &format!(
            "| `grants.{}` | {flag} | {} | `{}` | {} |\n",
            key.name, key.default, key.example, key.about
        );
    }
    assert_table(BEGIN, END, &table);
}

#[test]
fn unknown_keys_suggest_the_nearest() {
    for (text, near) in [
        ("[grants]\nenviroment = {}", "`grants.environment`"),
        ("[grants.outgoing]\nallowed = []", "`grants.outgoing.allow`"),
        ("[grants]\noutgoin = {}", "`grants.outgoing`"),
        (
            "[grants]\ndirectories = [{ host = \"a\", gues = \"b\" }]",
            "`grants.directories.guest`",
        ),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(
            error.contains(near) && error.contains("did you mean"),
            "{error}"
        );
    }
}

#[test]
fn invalid_grants_are_rejected() {
    for text in [
        "grants = 1",
        "[grants]\nstdio = \"yes\"",
        "[grants]\nenvironment = [\"A\"]",
        "[grants.environment]\nA = 1",
        "[grants.environment]\n\"A=B\" = \"1\"",
        "[grants]\ninherit = \"A\"",
        "[grants]\ninherit = [1]",
        "[grants]\ninherit = [\"A\"]\nenvironment = { A = \"1\" }",
        "[grants]\ndirectories = \"data\"",
        "[grants]\ndirectories = [\"data\"]",
        "[grants]\ndirectories = [{ guest = \"/data\" }]",
        "[grants]\ndirectories = [{ host = \"a\", guest = \"/d\" }, { host = \"b\", guest = \"/d\" }]",
        "[grants.config]\na = 1",
        "[grants.keyvalue]\ndefault = 1",
        "[grants.keyvalue]\ndefault = \"\"",
        "[grants.outgoing]\nallow = \"https://a\"",
        "[grants.outgoing]\nallow = [\"a.example\"]",
        "[grants.outgoing]\nnetworks = [\"10.0.0.0/99\"]",
        "[grants.outgoing]\ntimeout = \"never\"",
        "[grants.outgoing]\nmax_response = -1",
        "[grants.outgoing]\nmax_requests = 0",
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(
            error.starts_with("`conf/spikard.toml`: "),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_password_is_never_repeated() {
    let error = read("[grants.keyvalue]\ndefault = \"rediss://:hunter2@host\"").unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("`grants.keyvalue.default`") && !error.contains("hunter2"),
        "{error}"
    );
    let settings = read("[grants.keyvalue]\ndefault = \"redis://:hunter2@host\"").unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn flags_override_the_file() {
    let file = read(
        "[grants]\nenvironment = { A = \"file\", B = \"file\" }\nstdio = false\n\
         directories = [{ host = \"f\", guest = \"/d\" }, { host = \"f\", guest = \"/e\" }]\n\
         config = { a = \"file\", b = \"file\" }\n\
         [grants.keyvalue]\na = \"file.redb\"\nb = \"file.redb\"\n\
         [grants.outgoing]\nallow = [\"https://file.example\"]\nmax_requests = 3\n",
    )
    .unwrap();
    let settings = flags(&[
        "--env=A=flag",
        "--dir=flag:/d:ro",
        "--config-value=a=flag",
        "--keyvalue=a=flag.redb",
        "--allow-outgoing=https://flag.example",
    ]);
    let grants = settings.or(file).resolve().unwrap();
    let both = |map: &BTreeMap<String, String>| map.values().cloned().collect::<Vec<_>>();
    assert_eq!(both(&grants.environment), ["flag", "file"]);
    assert_eq!(both(grants.config.as_ref().unwrap()), ["flag", "file"]);
    let hosts: Vec<_> = grants.directories.iter().map(|it| &it.host).collect();
    assert_eq!(hosts, [Path::new("flag"), Path::new("conf/f")]);
    let stores: Vec<_> = grants.keyvalue.values().collect();
    assert_eq!(stores[0], &Store::File("flag.redb".into()));
    assert_eq!(stores[1], &Store::File("conf/file.redb".into()));
    assert!(!grants.stdio && grants.clocks);
    let allowed: Vec<String> = grants
        .outgoing
        .allow
        .iter()
        .map(OutgoingPattern::to_string)
        .collect();
    assert_eq!(allowed, ["https://file.example", "https://flag.example"]);
    assert_eq!(grants.outgoing.max_requests, 3);
}

#[test]
fn defaults_grant_nothing_extra() {
    let grants = GrantSettings::default().resolve().unwrap();
    assert_eq!(grants, Grants::default());
    assert!(grants.environment.is_empty() && grants.config.is_none());
    assert!(grants.outgoing.is_empty() && grants.keyvalue.is_empty());
}

#[test]
fn inherited_variables_must_be_set() {
    let settings = flags(&["--env", "PATH"]);
    assert!(!settings.resolve().unwrap().environment["PATH"].is_empty());
    let error = flags(&["--env", "SPIKARD_WASM_NO_SUCH"]).resolve();
    assert!(error.unwrap_err().to_string().contains("not set"));
    let error = flags(&["--keyvalue", "a=env:SPIKARD_WASM_NO_SUCH"]).resolve();
    assert!(error.unwrap_err().to_string().contains("not set"));
    // Any text but a URL is a path.
    let error = flags(&["--keyvalue", "a=env:PATH"]).resolve();
    assert!(error.is_ok(), "a path may be anything but a URL");
}
