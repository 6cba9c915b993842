//! Command-line arguments: one struct per subcommand, from which clap makes the help.

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
    /// Serve one or several components, or the built-in demo app
    Serve(ServeArgs),
    /// Print a component's world, routes, grants, imports, exports and sizes
    Inspect(InspectArgs),
    /// Compile a component to native code ahead of time
    Compile(CompileArgs),
    /// Write a component's OpenAPI document
    Openapi(OpenapiArgs),
    /// Build a Rust, JavaScript, TypeScript or Python app into a component
    Build(BuildArgs),
    /// List or apply the migrations of SQL databases
    Migrate(MigrateArgs),
    /// Write the WIT package to build components against
    Wit(WitArgs),
    /// Check the toolchains that `build` needs and print how to install missing ones
    Doctor,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ServeArgs {
    /// Component to serve, a folder of components (each mounted at `/NAME`), or a
    /// `spikard.toml` [default: a built-in demo app]
    pub(crate) app: Option<PathBuf>,
    /// Address or host name to listen on; `0.0.0.0` or `::` for all interfaces [default:
    /// 127.0.0.1]
    #[arg(long, env = "HOST")]
    pub(crate) host: Option<String>,
    /// Port to listen on; 0 picks a free port and prints it [default: 8000]
    #[arg(long, env = "PORT", value_parser = values::port)]
    pub(crate) port: Option<Port>,
    /// Enable development mode: reject replies that violate their route's declared schemas
    /// with 500, log why, and send `Server-Timing`
    #[arg(long)]
    pub(crate) dev: bool,
    /// Source of a secret that the app refers to by name: `NAME=env:VARIABLE` or
    /// `NAME=file:PATH`; repeatable
    #[arg(long, value_name = "NAME=SOURCE", value_parser = values::secret)]
    pub(crate) secret: Vec<SecretArg>,
    /// Root directory for the app's static files
    #[arg(long, value_name = "FOLDER")]
    pub(crate) static_root: Option<PathBuf>,
    /// Reload an app when its component or `spikard.toml` changes; SIGHUP also reloads
    #[arg(long)]
    pub(crate) watch: bool,
    /// Apply the pending migrations of all databases before serving
    #[arg(long)]
    pub(crate) migrate: bool,
    /// Disable the OpenAPI document and its viewer, even if the app enables them
    #[arg(long)]
    pub(crate) no_openapi: bool,
    /// Serve `/metrics` on a separate address [default: on the app's port]
    #[arg(long, value_name = "HOST:PORT", value_parser = values::address)]
    pub(crate) metrics_address: Option<(String, u16)>,
    /// Disable metrics
    #[arg(long, conflicts_with = "metrics_address")]
    pub(crate) no_metrics: bool,
    /// Accept files that `spikard-wasm compile` wrote. Precompiled files run unsandboxed
    /// native code; pass this only for files you trust
    #[arg(long)]
    pub(crate) allow_precompiled: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Format of the log on standard error [default: text]
    #[arg(long, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// Least severe level to log; each request is logged at `info` [default: info]
    #[arg(long, value_enum)]
    pub(crate) log_level: Option<LogLevel>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    // Last, because its help heading applies to all arguments after it.
    #[command(flatten)]
    pub(crate) grants: Box<GrantArgs>,
}

/// Limit flags, and the file that sets limits.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ConfigArgs {
    /// Configuration file [default: `spikard.toml` in the current folder, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Instance policy for routes that declare none: `reuse` instances across requests, use a
    /// `fresh` one for each request, or handle several requests at once in a `shared` one
    /// [default: reuse]
    #[arg(long, value_name = "POLICY", value_parser = values::isolation)]
    pub(crate) instances: Option<Isolation>,
    #[command(flatten)]
    pub(crate) limits: LimitFlags,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompileArgs {
    /// Component to compile
    pub(crate) app: PathBuf,
    /// File to write the native code to
    #[arg(short, long, default_value = "app.cwasm")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct CacheArgs {
    /// Cache directory for compiled components [default: `spikard-wasm` in the user's cache
    /// directory]
    #[arg(long, env = "SPIKARD_WASM_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Disable the cache: neither read nor write compiled components
    #[arg(long)]
    pub(crate) no_cache: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct InspectArgs {
    /// Component to inspect; with `--limits`, also a `spikard.toml`
    #[arg(required_unless_present = "limits")]
    pub(crate) app: Option<PathBuf>,
    /// Print the effective limits and the source of each: flag, environment, file or
    /// default; with a component, also the limits of its routes
    #[arg(id = "limits", long = "limits")]
    pub(crate) show_limits: bool,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OpenapiArgs {
    /// Component to describe
    pub(crate) app: PathBuf,
    /// File to write the document to [default: standard output]
    #[arg(short, long)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BuildArgs {
    /// App folder, with a Cargo.toml, package.json, pyproject.toml or app.py; or the app's main
    /// module in JavaScript, TypeScript or Python
    #[arg(default_value = ".")]
    pub(crate) app: PathBuf,
    /// File to write the component to
    #[arg(short, long, default_value = "app.wasm")]
    pub(crate) output: PathBuf,
    /// JavaScript engine to embed in the component [default: starlingmonkey for a folder,
    /// quickjs for a file]
    #[arg(long, value_enum)]
    pub(crate) engine: Option<Engine>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MigrateArgs {
    #[command(subcommand)]
    pub(crate) action: MigrateAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateAction {
    /// List the migrations, applied and pending
    Status(MigrationArgs),
    /// Apply the pending migrations
    Up(MigrationArgs),
}

/// The databases of a `spikard.toml` whose migrations to list or apply.
#[derive(Debug, ClapArgs)]
pub(crate) struct MigrationArgs {
    /// Configuration file [default: `spikard.toml` in the current folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// App whose databases to use, of a file with several [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// Database to use [default: all with migrations]
    #[arg(long, value_name = "NAME")]
    pub(crate) database: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WitArgs {
    /// Folder to write the package to
    #[arg(short, long, default_value = "wit")]
    pub(crate) output: PathBuf,
}

/// A JavaScript engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    /// SpiderMonkey: faster long computations, slower calls and starts, about 12 MB
    Starlingmonkey,
    /// QuickJS: faster calls and starts, slower long computations, about 2.3 MB
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
    /// Human-readable lines
    Text,
    /// One JSON object per line
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Failures
    Error,
    /// Failures and warnings
    Warn,
    /// One line per request, and lifecycle events
    Info,
    /// Connection errors and timeouts
    Debug,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_states_defaults() {
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

    #[test]
    fn help_headings_cover_only_their_own_flags() {
        let mut command = Args::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let help = serve.render_long_help().to_string();
        let (before, grants) = help.split_once("\nGrants ").unwrap();
        assert!(before.contains("--config <FILE>") && before.contains("--instances <POLICY>"));
        assert!(grants.contains("--env <NAME[=VALUE]>"));
    }

    #[test]
    fn engine_help_has_current_facts() {
        let mut command = Args::command();
        let build = command.find_subcommand_mut("build").unwrap();
        let help = build.render_long_help().to_string();
        assert!(
            !help.contains("TextEncoder") && help.contains("about 2.3 MB"),
            "{help}"
        );
    }
}
