//! Reader of secrets: those of policies (`serve --secret`, `[serve.secrets]`, `[app.secrets]`), and
//! those that an app can read (`serve --grant-secret`, `[grants.secrets]`).
//!
//! Secrets are read when an app is loaded. No error or log event contains their values.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use spikard_wasm_app::grants::Secret;
use spikard_wasm_app::policy::Secrets;

use crate::config::values::{SecretArg, SecretSource};

/// Maximum size of a secret in bytes; a PEM key has at most about 4,000.
const MAX_SIZE: u64 = 64 << 10;

/// Reads the secrets of an app's policies. They can use granted secrets too, which override those
/// of the same name.
pub(crate) fn read(declared: &[SecretArg], granted: &BTreeMap<String, Secret>) -> Result<Secrets> {
    let mut secrets = read_all(declared, "--secret")?;
    for (name, secret) in granted {
        secrets.insert(name.clone(), secret.value().as_bytes().to_owned());
    }
    Ok(secrets.into_iter().collect())
}

/// Reads the secrets that are granted to an app.
pub(crate) fn read_granted(granted: &[SecretArg]) -> Result<BTreeMap<String, Secret>> {
    let text = |(name, value): (String, Vec<u8>)| match String::from_utf8(value) {
        Ok(value) => Ok((name, Secret::new(value))),
        Err(_) => bail!(
            "the secret `{name}` is not valid UTF-8, so the app cannot read it; encode it, for example in Base64"
        ),
    };
    let secrets = read_all(granted, "--grant-secret")?;
    secrets.into_iter().map(text).collect()
}

fn read_all(declared: &[SecretArg], flag: &str) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut secrets = BTreeMap::new();
    for SecretArg { name, source } in declared {
        if secrets
            .insert(name.clone(), read_one(name, source)?)
            .is_some()
        {
            bail!("`{flag}` sets the secret `{name}` twice; remove one of the flags");
        }
    }
    Ok(secrets)
}

fn read_one(name: &str, source: &SecretSource) -> Result<Vec<u8>> {
    let value = match source {
        SecretSource::Env(variable) => match env::var_os(variable) {
            Some(value) => value.into_encoded_bytes(),
            None => bail!(
                "secret `{name}` comes from the environment variable `{variable}`, which is not set; set it"
            ),
        },
        SecretSource::File(path) => read_file(path).map_err(|error| {
            anyhow!(
                "failed to read the secret `{name}` from `{}`: {error}",
                path.display()
            )
        })?,
    };
    if value.is_empty() {
        bail!("the secret `{name}` is empty; put a value into its source");
    }
    Ok(value)
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
