//! The secrets of `serve --secret` and of `[serve.secrets]`: read once, at the start, and never shown.

use std::collections::BTreeSet;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Result, bail};
use spikard_wasm_app::policy::Secrets;

use crate::config::values::{SecretArg, SecretSource};

/// The longest secret, in bytes; a key in PEM takes four thousand at most.
const MAX_LENGTH: u64 = 64 << 10;

/// Reads the secrets.
pub(crate) fn read(declared: &[SecretArg]) -> Result<Secrets> {
    let mut names = BTreeSet::new();
    let mut secrets = Vec::new();
    for SecretArg { name, source } in declared {
        if !names.insert(name) {
            bail!("`--secret` gives the secret `{name}` twice: remove one of them");
        }
        let value = match source {
            SecretSource::Env(variable) => env::var_os(variable).map_or_else(
                || {
                    bail!(
                        "the secret `{name}` is to be in the environment variable `{variable}`, which is not set"
                    )
                },
                |value| Ok(value.into_encoded_bytes()),
            )?,
            SecretSource::File(path) => match of_file(path) {
                Ok(value) => value,
                Err(error) => bail!(
                    "the secret `{name}` cannot be read from `{}`: {error}",
                    path.display()
                ),
            },
        };
        if value.is_empty() {
            bail!("the secret `{name}` is empty");
        }
        secrets.push((name.clone(), value));
    }
    Ok(secrets.into_iter().collect())
}

/// The bytes of a file, without the line break that editors put at its end.
fn of_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut value = Vec::new();
    File::open(path)?
        .take(MAX_LENGTH + 1)
        .read_to_end(&mut value)?;
    if value.len() as u64 > MAX_LENGTH {
        return Err(io::Error::other(format!(
            "it is longer than {MAX_LENGTH} bytes"
        )));
    }
    if value.ends_with(b"\n") {
        value.pop();
    }
    if value.ends_with(b"\r") {
        value.pop();
    }
    Ok(value)
}
