//! Tests of the grants: keys, precedence, and their table in docs/configuration.md.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use clap::Parser;
use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::{OutgoingPattern, OutgoingRules, Store};

use super::settings::GrantSettings;
use super::table::TABLE;
use super::values::{DatabaseLocation, DatabaseSource, StoreLocation, Variable};
use crate::args::{Args, Command};
use crate::config::docs_table::assert_table;
use crate::config::file::File;
use crate::config::values::SecretSource;

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
    let database = &settings.sql["main"];
    let location = DatabaseLocation::Text("sqlite:app.db".into());
    assert_eq!(database.location, location);
    assert_eq!(database.folder, Path::new("conf"));
    assert_eq!(
        database.migrations.as_deref(),
        Some(Path::new("conf/migrations"))
    );
    let secret = &settings.secrets[0];
    assert_eq!(secret.name, "jwt");
    assert_eq!(secret.source, SecretSource::Env("JWT_KEY".into()));
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
        (
            "[grants.sql]\nmain = { url = \"sqlite:a.db\", migration = \"m\" }",
            "`grants.sql.main.migrations`",
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
        "[grants.sql]\nmain = 1",
        "[grants.sql]\nmain = \"\"",
        "[grants.sql]\nmain = \"app.db\"",
        "[grants.sql]\nmain = \"mysql://host/app\"",
        "[grants.sql]\nmain = \"env:\"",
        "[grants.sql.main]\nmigrations = \"m\"",
        "[grants.sql.main]\nurl = \"sqlite:a.db\"\nmigrations = true",
        "[grants]\nsecrets = [\"env:A\"]",
        "[grants.secrets]\njwt = 1",
        "[grants.secrets]\njwt = \"hunter2\"",
        "[grants.secrets]\njwt = \"env:\"",
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
    for text in [
        "[grants.sql]\nmain = \"mysql://me:hunter2@host/app\"",
        "[grants.sql.main]\nurl = \"postgres://me:hunter2@host:port/app\"",
        "[grants.secrets]\njwt = \"hunter2\"",
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(
            error.contains("`grants.s") && !error.contains("hunter2"),
            "{error}"
        );
    }
    for text in [
        "[grants.keyvalue]\ndefault = \"redis://:hunter2@host\"",
        "[grants.sql]\nmain = \"postgres://me:hunter2@host/app\"",
    ] {
        let settings = read(text).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        let grants = settings.resolve().unwrap();
        assert!(!format!("{grants:?}").contains("hunter2"));
    }
}

#[test]
fn databases_of_flags_keep_the_migrations_of_the_file() {
    let file = read(
        "[grants.sql]\nmain = { url = \"sqlite:file.db\", migrations = \"m\" }\nother = \"sqlite::memory:\"",
    )
    .unwrap();
    let settings = flags(&["--sql=main=sqlite:flag.db", "--sql=third=env:A"]);
    let settings = settings.or(file);
    let names: Vec<_> = settings.sql.keys().collect();
    assert_eq!(names, ["main", "other", "third"]);
    let third = DatabaseSource::parse("env:A").unwrap();
    assert_eq!(settings.sql["third"], third);
    let databases = super::databases(BTreeMap::from([(
        "main".to_owned(),
        settings.sql["main"].clone(),
    )]));
    let main = &databases.unwrap()["main"];
    assert_eq!(
        (main.location(), main.folder()),
        ("sqlite:flag.db", Path::new(""))
    );
    assert_eq!(main.migrations(), Some(Path::new("conf/m")));
}

#[test]
fn secrets_are_read_when_grants_are_resolved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "hunter2\n").unwrap();
    let source = |name: &str| format!("--grant-secret={name}=file:{}", file.display());
    let grants = flags(&[&source("a"), "--grant-secret=path=env:PATH"]);
    let grants = grants.resolve().unwrap();
    assert_eq!(grants.secrets["a"].value(), "hunter2");
    assert!(!grants.secrets["path"].value().is_empty());
    assert!(!format!("{grants:?}").contains("hunter2"));
    let fails = |args: &[&str], why: &str| {
        let error = flags(args).resolve().unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
    };
    fails(
        &["--grant-secret=a=env:SPIKARD_WASM_NO_SUCH"],
        "secret `a` comes from the environment variable `SPIKARD_WASM_NO_SUCH`, which is not set; set it",
    );
    fails(
        &["--grant-secret=a=file:no/such"],
        "secret `a` from `no/such`",
    );
    fails(
        &[&source("a"), &source("a")],
        "`--grant-secret` sets the secret `a` twice",
    );
    std::fs::write(&file, b"hunter2\xff").unwrap();
    fails(&[&source("a")], "secret `a` is not valid UTF-8");
    std::fs::write(&file, "\n").unwrap();
    fails(&[&source("a")], "secret `a` is empty");
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
    assert!(grants.sql.is_empty() && grants.secrets.is_empty());
}

#[test]
fn inherited_variables_must_be_set() {
    let settings = flags(&["--env", "PATH"]);
    assert!(!settings.resolve().unwrap().environment["PATH"].is_empty());
    let error = flags(&["--env", "SPIKARD_WASM_NO_SUCH"]).resolve();
    assert!(error.unwrap_err().to_string().contains("not set"));
    let error = flags(&["--keyvalue", "a=env:SPIKARD_WASM_NO_SUCH"]).resolve();
    assert!(error.unwrap_err().to_string().contains("not set"));
    let error = flags(&["--sql", "a=env:SPIKARD_WASM_NO_SUCH"]).resolve();
    assert!(error.unwrap_err().to_string().contains("not set"));
    let error = flags(&["--sql", "a=env:PATH"]).resolve();
    assert!(error.unwrap_err().to_string().contains("no valid location"));
    // Any text but a URL is a path.
    let error = flags(&["--keyvalue", "a=env:PATH"]).resolve();
    assert!(error.is_ok(), "a path may be anything but a URL");
}
