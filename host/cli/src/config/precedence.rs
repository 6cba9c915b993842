//! Precedence of configuration sources.
//!
//! A flag or environment variable overrides the app's `[[app]]` table, which overrides the
//! host-wide tables of `spikard.toml`, which override the default. clap itself prefers flags to
//! environment variables. No other module decides the order.

use super::grants::GrantSettings;
use super::limit_values::{LimitSource, LimitValues};
use super::values::{SecretArg, first_of_each_name};

/// Returns the value with the highest precedence; `None` if no source sets it.
pub(super) fn value<T>(flag: Option<T>, app: Option<T>, file: Option<T>) -> Option<T> {
    flag.or(app).or(file)
}

/// Returns the value with the highest precedence and its source.
pub(super) fn value_and_source<T: Default>(
    flag: Option<T>,
    app: Option<T>,
    file: Option<T>,
) -> (T, LimitSource) {
    let flag = flag.map(|value| (value, LimitSource::Flag));
    let from_file = |value| (value, LimitSource::File);
    value(flag, app.map(from_file), file.map(from_file))
        .unwrap_or_else(|| (T::default(), LimitSource::Default))
}

/// Merges limits, each by precedence.
pub(super) fn limits(flags: &LimitValues, app: &LimitValues, file: &LimitValues) -> LimitValues {
    flags.clone().or(app).or(file)
}

/// Merges the grants of flags and of one app, each by precedence.
pub(super) fn grants(flags: GrantSettings, app: GrantSettings) -> GrantSettings {
    flags.or(app)
}

/// Merges secrets; of several with the same name, the one with the highest precedence wins.
pub(super) fn secrets(
    flags: &[SecretArg],
    app: &[SecretArg],
    file: &[SecretArg],
) -> Vec<SecretArg> {
    first_of_each_name(&[flags, app, file])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_override_the_app_which_overrides_the_file() {
        for (flag, app, file, expected) in [
            (Some(1), Some(2), Some(3), (1, LimitSource::Flag)),
            (None, Some(2), Some(3), (2, LimitSource::File)),
            (None, None, Some(3), (3, LimitSource::File)),
            (None, None, None, (0, LimitSource::Default)),
        ] {
            assert_eq!(value_and_source(flag, app, file), expected);
        }
    }
}
