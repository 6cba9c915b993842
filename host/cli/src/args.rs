//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Serves HTTP handlers compiled to WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "spikard-wasm", version, about, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a component, or the demo app when none is given
    Serve(ServeArgs),
    /// Print a component's world, imports, routes and sizes
    Inspect(InspectArgs),
    /// Write a component's OpenAPI document
    Openapi(OpenapiArgs),
    /// Build an app in Rust, JavaScript, TypeScript or Python into a component
    Build(BuildArgs),
    /// Write the WIT package that components are built against
    Wit(WitArgs),
    /// List the toolchains that `build` needs, and how to install what is missing
    Doctor,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ServeArgs {
    /// The component to serve; without it a small demo app is served
    pub(crate) app: Option<PathBuf>,
    /// The address to listen on; `0.0.0.0` or `::` for all
    #[arg(long, env = "HOST", default_value = DEFAULT_HOST, value_parser = parse_host)]
    pub(crate) host: String,
    /// The port to listen on; 0 picks one that is free and prints it
    #[arg(long, env = "PORT", default_value_t = DEFAULT_PORT, value_parser = parse_port)]
    pub(crate) port: u16,
    /// How many worker threads serve requests [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// How many instances of the component there may be at once, over all workers
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) max_instances: u32,
    /// The longest request body, where a route declares no limit of its own: bytes,
    /// or with a suffix KiB, MiB or GiB
    #[arg(long, default_value = "10MiB", value_parser = parse_size)]
    pub(crate) body_limit: u64,
    /// The longest a call may take, where a route declares no deadline of its own:
    /// seconds, or with a suffix ms, s or m
    #[arg(long, default_value = "30s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,
    /// For development: check replies against what routes declare; one that breaks it
    /// is status 500, and the log says why
    #[arg(long)]
    pub(crate) dev: bool,
    /// A secret that the app names, and where it is: `NAME=env:VARIABLE` or
    /// `NAME=file:PATH`; may be repeated
    #[arg(long, value_name = "NAME=SOURCE", value_parser = parse_secret)]
    pub(crate) secret: Vec<SecretArg>,
    /// The folder below which the folders are that the app serves
    #[arg(long, value_name = "FOLDER")]
    pub(crate) static_root: Option<PathBuf>,
    /// Serve neither the app's OpenAPI document nor its viewer, whatever the app says
    #[arg(long)]
    pub(crate) no_openapi: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// How log lines are written, on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// What is logged: requests at `info`, failures at `error`
    #[arg(long, value_enum, default_value_t = LogLevel::Info)]
    pub(crate) log_level: LogLevel,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CacheArgs {
    /// Where compiled components are kept [default: `spikard-wasm` in the user's
    /// cache folder]
    #[arg(long, env = "SPIKARD_WASM_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Compile anew, and keep nothing, whatever the cache folder is
    #[arg(long)]
    pub(crate) no_cache: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InspectArgs {
    /// The component to look at
    pub(crate) app: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OpenapiArgs {
    /// The component whose document is wanted
    pub(crate) app: PathBuf,
    /// The file to write it to [default: standard output]
    #[arg(short, long)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    /// The app's folder, with its Cargo.toml, package.json or pyproject.toml
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Where to write the component
    #[arg(short, long, default_value = "app.wasm")]
    pub(crate) output: PathBuf,
    /// The JavaScript engine that goes into the component [default: starlingmonkey]
    #[arg(long, value_enum)]
    pub(crate) engine: Option<Engine>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WitArgs {
    /// The folder to write to
    #[arg(short, long, default_value = "wit")]
    pub(crate) output: PathBuf,
}

/// A secret's name and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretArg {
    pub(crate) name: String,
    pub(crate) source: SecretSource,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// A variable of the environment.
    Env(String),
    /// A file.
    File(PathBuf),
}

/// A JavaScript engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    /// SpiderMonkey: the whole of today's JavaScript, 12 MB
    Starlingmonkey,
    /// QuickJS: small and quick to call, without fetch, URL or TextEncoder, 1.6 MB
    Quickjs,
}

impl Engine {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starlingmonkey => "starlingmonkey",
            Self::Quickjs => "quickjs",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object on each line
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// What failed
    Error,
    /// What may need attention
    Warn,
    /// A line for each request
    Info,
    /// Connections too
    Debug,
}

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 8000;

/// Reads a host. A variable that is set to nothing, as containers do, is not set.
fn parse_host(text: &str) -> Result<String, String> {
    Ok(if text.is_empty() { DEFAULT_HOST } else { text }.to_owned())
}

/// Reads a port, in the same way.
fn parse_port(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    text.parse()
        .map_err(|_| "a port is a number from 0 to 65535".to_owned())
}

/// Reads a size: a number of bytes, or of KiB, MiB or GiB.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "kib" | "k" => 10,
        "mib" | "m" => 20,
        "gib" | "g" => 30,
        other => return Err(format!("`{other}` is no unit; use KiB, MiB or GiB")),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| "write a whole number, such as `512KiB`".to_owned())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "that is more bytes than there are".to_owned())
}

/// Reads where a secret is. The secret itself never stands on a command line, where
/// every user of the machine can read it.
fn parse_secret(text: &str) -> Result<SecretArg, String> {
    let usage = || "write `NAME=env:VARIABLE` or `NAME=file:PATH`".to_owned();
    let (name, source) = text.split_once('=').ok_or_else(usage)?;
    let source = match source.split_once(':') {
        Some(("env", variable)) if !variable.is_empty() && !variable.contains('=') => {
            SecretSource::Env(variable.to_owned())
        }
        Some(("file", path)) if !path.is_empty() => SecretSource::File(path.into()),
        _ => return Err(usage()),
    };
    if name.is_empty() {
        return Err(usage());
    }
    Ok(SecretArg {
        name: name.to_owned(),
        source,
    })
}

/// Reads a duration: seconds, or with a suffix ms, s or m. At least a millisecond.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits
        .trim()
        .parse()
        .map_err(|_| "write a number, such as `30s` or `500ms`".to_owned())?;
    let seconds = match &text[digits.len()..] {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        other => return Err(format!("`{other}` is no unit; use ms, s or m")),
    };
    if !(0.001..=86_400.0).contains(&seconds) {
        return Err("it must lie between 1 ms and a day".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn ports() {
        assert_eq!(parse_port("0"), Ok(0));
        assert_eq!(parse_port(""), Ok(DEFAULT_PORT));
        assert!(parse_port("65536").is_err() && parse_port("http").is_err());
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("10MiB"), Ok(10 << 20));
        assert_eq!(parse_size("512"), Ok(512));
        assert_eq!(parse_size("1 k"), Ok(1024));
        assert!(parse_size("x").is_err() && parse_size("-1").is_err());
        assert!(parse_size("1 light-year").is_err());
        assert!(parse_size("99999999999999GiB").is_err());
    }

    #[test]
    fn secrets() {
        let read = |text| parse_secret(text).map(|secret| (secret.name, secret.source));
        let env = SecretSource::Env("JWT_KEY".into());
        assert_eq!(read("jwt=env:JWT_KEY"), Ok(("jwt".to_owned(), env)));
        let file = SecretSource::File("/run/a=b:c".into());
        assert_eq!(read("a b=file:/run/a=b:c"), Ok(("a b".to_owned(), file)));
        for bad in [
            "",
            "jwt",
            "jwt=",
            "jwt=hunter2",
            "=env:X",
            "jwt=env:",
            "jwt=file:",
            "jwt=env:A=B",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["0", "-1s", "x", "1h", "NaN", "inf", ""] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
