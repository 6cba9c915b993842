//! Flags and environment variables of the limits, generated from [`TABLE`].

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::limit_values::{LimitSource, LimitValues};
use super::limits::{Limit, TABLE, Unit};

/// Limits that the command line and the environment set.
#[derive(Debug, Clone, Default)]
pub(crate) struct LimitFlags(pub(crate) LimitValues);

/// A parsed value; `None` for an empty environment variable, which counts as unset.
#[derive(Debug, Clone, Copy)]
struct ParsedLimit(Option<u64>);

fn arg(limit: &'static Limit) -> Arg {
    let parse = move |text: &str| match text {
        "" => Ok(ParsedLimit(None)),
        text => limit.parse(text).map(|value| ParsedLimit(Some(value))),
    };
    Arg::new(limit.flag)
        .long(limit.flag)
        .env(limit.variable)
        .hide_env_values(true)
        .value_name(match limit.unit {
            Unit::Bytes => "SIZE",
            Unit::Time => "DURATION",
            Unit::Number | Unit::Cores => "NUMBER",
        })
        .help(format!(
            "{} [default: {}]",
            limit.about,
            limit.show_default()
        ))
        .help_heading(
            "Limits (SIZE: bytes, or a unit KiB, MiB, GiB; DURATION: seconds, or a unit ms, s, m)",
        )
        .value_parser(parse)
}

impl Args for LimitFlags {
    fn augment_args(command: Command) -> Command {
        command.args(TABLE.iter().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LimitFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for limit in &TABLE {
            if let Some(ParsedLimit(Some(value))) = matches.get_one(limit.flag) {
                let source = match matches.value_source(limit.flag) {
                    Some(ValueSource::EnvVariable) => LimitSource::Environment,
                    _ => LimitSource::Flag,
                };
                self.0.set(limit.key, *value, source);
            }
        }
        Ok(())
    }
}
