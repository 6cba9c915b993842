//! Tests of the precedence of flags, environment, file and defaults.

use clap::Parser;
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{Defaults, Isolation};
use spikard_wasm_runtime::{Limits, Recycling};
use spikard_wasm_server::{AppSettings, Settings};

use super::limits::{Key, TABLE};
use super::*;
use crate::args::{Args, Command};

fn serve(args: &[&str]) -> ServeArgs {
    let words = ["spikard-wasm", "serve"].iter().chain(args);
    match Args::try_parse_from(words).unwrap().command {
        Command::Serve(args) => args,
        _ => unreachable!(),
    }
}

fn limits(args: &[&str], file: &str) -> EffectiveLimits {
    let file = File::parse("spikard.toml".as_ref(), file).unwrap();
    EffectiveLimits::merge(&serve(args).config, &file)
}

#[test]
fn table_defaults_match_the_crates_that_enforce_them() {
    let limits = limits(&["--max-instances", "64", "--workers", "2"], "");
    let instances = limits.runtime().instances;
    assert_eq!((limits.instances_per_worker(), instances), (32, 67));
    assert_eq!(
        limits.runtime(),
        Limits {
            instances,
            ..Limits::default()
        }
    );
    assert_eq!(
        limits.number(Key::Instances, 0),
        Limits::default().instances
    );
    assert_eq!(limits.recycling(), Recycling::default());
    let (ours, theirs) = (limits.settings(), Settings::default());
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
    let (ours, theirs) = (limits.app_settings(), AppSettings::default());
    assert_eq!(
        (ours.body_timeout, ours.recycling),
        (theirs.body_timeout, theirs.recycling)
    );
    let (ours, theirs) = (limits.defaults(Secrets::default()), Defaults::default());
    assert_eq!(
        (ours.timeout, ours.body_limit, ours.isolation),
        (theirs.timeout, theirs.body_limit, theirs.isolation)
    );
}

#[test]
fn flags_override_the_file() {
    let limits = limits(
        &["--queue", "7", "--instances", "reuse"],
        "[limits]\nqueue = 9\nqueue_time = \"1s\"\n[instances]\npolicy = \"fresh\"",
    );
    assert_eq!(limits.values.get(Key::Queue), (7, LimitSource::Flag));
    assert_eq!(limits.values.get(Key::QueueTime), (1000, LimitSource::File));
    assert_eq!(
        limits.values.get(Key::Memory),
        (512 << 20, LimitSource::Default)
    );
    assert_eq!(limits.isolation, (Isolation::Reuse, LimitSource::Flag));
}

#[test]
fn every_flag_reaches_its_limit() {
    for limit in &TABLE {
        let flag = format!("--{}", limit.flag);
        let value = limit.show(limit.default());
        let limits = limits(&[&flag, &value], "");
        assert_eq!(
            limits.values.get(limit.key),
            (limit.default(), LimitSource::Flag)
        );
    }
}

#[test]
fn settings_other_than_limits_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conf.toml");
    let text = "[serve]\napp = \"a.wasm\"\nport = 9\nhost = \"h\"\nmetrics = \"localhost:1\"\nopenapi = false\n\
        log_level = \"warn\"\n[serve.secrets]\none = \"env:A\"\ntwo = \"file:b\"";
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let config = Config::load(&serve(&[
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
    assert_eq!(
        config.metrics,
        MetricsEndpoint::Address("localhost".into(), 1)
    );
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
    let config = Config::load(&serve(&[
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
        (MetricsEndpoint::Off, "h")
    );
}
