//! The flags and variables of the limits, made of their table.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::limits::{Limit, TABLE, Unit};
use super::said::{Said, Source};

/// The limits that the command line and the environment set.
#[derive(Debug, Clone, Default)]
pub(crate) struct LimitFlags(pub(crate) Said);

/// A value; a variable that is set to nothing, as containers do, is none.
#[derive(Debug, Clone, Copy)]
struct Amount(Option<u64>);

fn arg(limit: &'static Limit) -> Arg {
    let parse = move |text: &str| match text {
        "" => Ok(Amount(None)),
        text => limit.parse(text).map(|value| Amount(Some(value))),
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
            "Limits (sizes: bytes, or with KiB, MiB, GiB; durations: seconds, or with ms, s, m)",
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
            if let Some(Amount(Some(value))) = matches.get_one(limit.flag) {
                let source = match matches.value_source(limit.flag) {
                    Some(ValueSource::EnvVariable) => Source::Environment,
                    _ => Source::Flag,
                };
                self.0.set(limit.key, *value, source);
            }
        }
        Ok(())
    }
}
