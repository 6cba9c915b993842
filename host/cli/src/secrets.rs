//! Reader of secrets: `serve --secret`, `[serve.secrets]` and `[app.secrets]`.
//!
//! Secrets are read when an app is loaded. No error or log event contains their values.

use std::collections::BTreeSet;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Result, bail};
use spikard_wasm_app::policy::Secrets;

use crate::config::values::{SecretArg, SecretSource};

/// Maximum size of a secret in bytes; a PEM key has at most about 4,000.
const MAX_SIZE: u64 = 64 << 10;

/// Reads the secrets.
pub(crate) fn read(declared: &[SecretArg]) -> Result<Secrets> {
    let mut names = BTreeSet::new();
    let mut secrets = Vec::new();
    for SecretArg { name, source } in declared {
        if !names.insert(name) {
            bail!("`--secret` sets the secret `{name}` twice; remove one of the flags");
        }
        let value = match source {
            SecretSource::Env(variable) => env::var_os(variable).map_or_else(
                || {
                    bail!(
                        "secret `{name}` comes from the environment variable `{variable}`, which is not set; set it"
                    )
                },
                |value| Ok(value.into_encoded_bytes()),
            )?,
            SecretSource::File(path) => match read_file(path) {
                Ok(value) => value,
                Err(error) => bail!(
                    "failed to read the secret `{name}` from `{}`: {error}",
                    path.display()
                ),
            },
        };
        if value.is_empty() {
            bail!("the secret `{name}` is empty; put a value into its source");
        }
        secrets.push((name.clone(), value));
    }
    Ok(secrets.into_iter().collect())
}

/// A file's content without one trailing line break, which editors add.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut value = Vec::new();
    File::open(path)?
        .take(MAX_SIZE + 1)
        .read_to_end(&mut value)?;
    if value.len() as u64 > MAX_SIZE {
        return Err(io::Error::other(format!(
            "it is larger than {MAX_SIZE} bytes"
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
