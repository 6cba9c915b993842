//! Tests of what is said where, and which word holds.

use clap::Parser;

use super::limits::TABLE;
use super::*;
use crate::args::{Args, Command};

fn serve(args: &[&str]) -> ServeArgs {
    let words = ["spikard-wasm", "serve"].iter().chain(args);
    match Args::try_parse_from(words).unwrap().command {
        Command::Serve(args) => args,
        _ => unreachable!(),
    }
}

fn bounds(args: &[&str], file: &str) -> Bounds {
    let file = File::parse("spikard.toml".as_ref(), file).unwrap();
    Bounds::merge(&serve(args).config, &file)
}

#[test]
fn the_table_has_the_defaults_of_those_who_keep_them() {
    let bounds = bounds(&["--max-instances", "64", "--workers", "2"], "");
    let instances = bounds.runtime().instances;
    assert_eq!((bounds.instances_per_worker(), instances), (32, 67));
    assert_eq!(
        bounds.runtime(),
        Limits {
            instances,
            ..Limits::default()
        }
    );
    assert_eq!(
        bounds.number(Key::Instances, 0),
        Limits::default().instances
    );
    assert_eq!(bounds.recycling(), Recycling::default());
    let (ours, theirs) = (bounds.settings(), Settings::default());
    assert_eq!(
        (
            ours.connections,
            ours.requests,
            ours.head_timeout,
            ours.idle_timeout
        ),
        (
            theirs.connections,
            theirs.requests,
            theirs.head_timeout,
            theirs.idle_timeout
        )
    );
    assert_eq!(
        (ours.workers, ours.drain_timeout),
        (2, theirs.drain_timeout)
    );
    let (ours, theirs) = (bounds.app_settings(), AppSettings::default());
    assert_eq!(
        (ours.body_timeout, ours.recycling),
        (theirs.body_timeout, theirs.recycling)
    );
    let (ours, theirs) = (bounds.defaults(Secrets::default()), Defaults::default());
    assert_eq!(
        (ours.timeout, ours.body_limit, ours.isolation),
        (theirs.timeout, theirs.body_limit, theirs.isolation)
    );
}

#[test]
fn a_flag_goes_before_the_file() {
    let bounds = bounds(
        &["--queue", "7", "--instances", "reuse"],
        "[limits]\nqueue = 9\nqueue_time = \"1s\"\n[instances]\npolicy = \"fresh\"",
    );
    assert_eq!(bounds.limits.get(Key::Queue), (7, Source::Flag));
    assert_eq!(bounds.limits.get(Key::QueueTime), (1000, Source::File));
    assert_eq!(bounds.limits.get(Key::Memory), (512 << 20, Source::Default));
    assert_eq!(bounds.isolation, (Isolation::Reuse, Source::Flag));
}

#[test]
fn every_flag_reaches_its_limit() {
    for limit in &TABLE {
        let flag = format!("--{}", limit.flag);
        let value = limit.show(limit.default());
        let bounds = bounds(&[&flag, &value], "");
        assert_eq!(
            bounds.limits.get(limit.key),
            (limit.default(), Source::Flag)
        );
    }
}

#[test]
fn what_is_no_limit_is_merged_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conf.toml");
    let text = "[serve]\napp = \"a.wasm\"\nport = 9\nhost = \"h\"\nmetrics = \"localhost:1\"\nopenapi = false\n\
        log_level = \"warn\"\n[serve.secrets]\none = \"env:A\"\ntwo = \"file:b\"";
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let config = Config::of(&serve(&[
        "--config",
        path,
        "--port",
        "0",
        "--secret",
        "one=env:C",
    ]))
    .unwrap();
    assert_eq!(config.apps[0].component, Some(folder.path().join("a.wasm")));
    assert_eq!((config.port, config.host.as_str()), (0, "h"));
    assert_eq!(config.metrics, MetricsAt::Address("localhost".into(), 1));
    assert_eq!(
        (config.apps[0].openapi, config.log_level),
        (false, LogLevel::Warn)
    );
    let secrets: Vec<_> = config.apps[0]
        .secrets
        .iter()
        .map(|secret| format!("{secret:?}"))
        .collect();
    assert!(
        secrets[0].contains("Env(\"C\")") && secrets[1].contains("two"),
        "{secrets:?}"
    );
    assert_eq!(secrets.len(), 2);
    let config = Config::of(&serve(&[
        "b.wasm",
        "--config",
        path,
        "--no-metrics",
        "--host",
        "",
    ]))
    .unwrap();
    assert_eq!(config.apps[0].component, Some("b.wasm".into()));
    assert_eq!(
        (config.metrics, config.host.as_str()),
        (MetricsAt::Nowhere, "h")
    );
}
