//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use spikard_wasm_app::Isolation;

use crate::config::flags::LimitFlags;
use crate::config::grants::GrantArgs;
use crate::config::values::{self, Port, SecretArg};

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
    /// Compile a component ahead of time, for machines that should not
    Compile(CompileArgs),
    /// Write a component's OpenAPI document
    Openapi(OpenapiArgs),
    /// Build an app in Rust, JavaScript, TypeScript or Python into a component
    Build(BuildArgs),
    /// Write the WIT package that components are built against
    Wit(WitArgs),
    /// List the toolchains that `build` needs, and how to install what is missing
    Doctor,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ServeArgs {
    /// The component to serve; or a folder of components, each an app below `/NAME`; or a
    /// `spikard.toml`. Without it a small demo app is served
    pub(crate) app: Option<PathBuf>,
    /// The address to listen on; `0.0.0.0` or `::` for all [default: 127.0.0.1]
    #[arg(long, env = "HOST")]
    pub(crate) host: Option<String>,
    /// The port to listen on; 0 picks one that is free and prints it [default: 8000]
    #[arg(long, env = "PORT", value_parser = values::port)]
    pub(crate) port: Option<Port>,
    /// For development: check replies against what routes declare; one that breaks it
    /// is status 500, and the log says why
    #[arg(long)]
    pub(crate) dev: bool,
    /// A secret that the app names, and where it is: `NAME=env:VARIABLE` or
    /// `NAME=file:PATH`; may be repeated
    #[arg(long, value_name = "NAME=SOURCE", value_parser = values::secret)]
    pub(crate) secret: Vec<SecretArg>,
    /// The folder below which the folders are that the app serves
    #[arg(long, value_name = "FOLDER")]
    pub(crate) static_root: Option<PathBuf>,
    /// Reload an app when its component or `spikard.toml` changes, as SIGHUP does
    #[arg(long)]
    pub(crate) watch: bool,
    /// Serve neither the app's OpenAPI document nor its viewer, whatever the app says
    #[arg(long)]
    pub(crate) no_openapi: bool,
    /// Serve metrics at `/metrics` of an address of their own, instead of beside the
    /// app's routes
    #[arg(long, value_name = "HOST:PORT", value_parser = values::address)]
    pub(crate) metrics_address: Option<(String, u16)>,
    /// Serve no metrics
    #[arg(long, conflicts_with = "metrics_address")]
    pub(crate) no_metrics: bool,
    /// Serve what `spikard-wasm compile` wrote. It is machine code, which nothing
    /// confines: only of somebody you trust
    #[arg(long)]
    pub(crate) allow_precompiled: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// How log lines are written, on standard error [default: text]
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// What is logged: requests at `info`, failures at `error` [default: info]
    #[arg(long, value_enum)]
    pub(crate) log_level: Option<LogLevel>,
    #[command(flatten)]
    pub(crate) grants: Box<GrantArgs>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// What says how much there may be of what.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ConfigArgs {
    /// The file to read settings from [default: `spikard.toml` in the current folder, if
    /// it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Whether requests share instances, where neither route nor app says: `reuse`, or
    /// `fresh` for one that no other request has met [default: reuse]
    #[arg(long, value_name = "POLICY", value_parser = values::isolation)]
    pub(crate) instances: Option<Isolation>,
    #[command(flatten)]
    pub(crate) limits: LimitFlags,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompileArgs {
    /// The component to compile
    pub(crate) app: PathBuf,
    /// Where to write the machine code
    #[arg(short, long, default_value = "app.cwasm")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Clone, ClapArgs)]
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
    #[arg(required_unless_present = "limits")]
    pub(crate) app: Option<PathBuf>,
    /// Print the limits that hold with these flags, this environment and this
    /// `spikard.toml`, and where each is set; of a component, those of its routes too
    #[arg(id = "limits", long = "limits")]
    pub(crate) show_limits: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_help_tells_the_defaults() {
        use crate::config::{DEFAULT_HOST, DEFAULT_PORT};
        let mut command = Args::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let help = serve.render_long_help().to_string();
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains(&format!("[default: {DEFAULT_HOST}]")),
            "{help}"
        );
        assert!(
            words.contains(&format!("[default: {DEFAULT_PORT}]")),
            "{help}"
        );
    }
}
