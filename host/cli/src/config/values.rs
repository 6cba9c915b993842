//! Values of flags and `spikard.toml` other than sizes and durations: ports, addresses,
//! secrets, instance policies.

use std::path::PathBuf;

use spikard_wasm_app::Isolation;

/// A secret's name and source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretArg {
    pub(crate) name: String,
    pub(crate) source: SecretSource,
}

/// Source of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file's content.
    File(PathBuf),
}

/// Metrics endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MetricsEndpoint {
    Off,
    /// On the app's own port.
    App,
    /// On a separate host and port.
    Address(String, u16),
}

/// A port; `None` for an empty environment variable, which counts as unset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port(pub(crate) Option<u16>);

/// Parses a port.
pub(crate) fn port(text: &str) -> Result<Port, String> {
    if text.is_empty() {
        return Ok(Port(None));
    }
    let number = text.parse().map(|number| Port(Some(number)));
    number.map_err(|_| "use a port number from 0 to 65535".to_owned())
}

/// Parses a host and a port.
pub(crate) fn address(text: &str) -> Result<(String, u16), String> {
    let usage = || "use the form `HOST:PORT`, such as `127.0.0.1:9090`".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(usage)?;
    if host.is_empty() {
        return Err(usage());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| usage())?))
}

/// Parses an instance policy.
pub(crate) fn isolation(text: &str) -> Result<Isolation, String> {
    [Isolation::Reuse, Isolation::Fresh, Isolation::Shared]
        .into_iter()
        .find(|isolation| isolation.as_str() == text)
        .ok_or_else(|| "use `reuse`, `fresh` or `shared`".to_owned())
}

/// Parses a secret's name and source. A command line never holds the secret itself, because
/// every user of the machine can read command lines.
pub(crate) fn secret(text: &str) -> Result<SecretArg, String> {
    let usage = || "use `NAME=env:VARIABLE` or `NAME=file:PATH`".to_owned();
    let (name, source) = text.split_once('=').ok_or_else(usage)?;
    if name.is_empty() {
        return Err(usage());
    }
    Ok(SecretArg {
        name: name.to_owned(),
        source: secret_source(source).map_err(|()| usage())?,
    })
}

/// Parses a secret's source.
pub(crate) fn secret_source(text: &str) -> Result<SecretSource, ()> {
    match text.split_once(':') {
        Some(("env", variable)) if !variable.is_empty() && !variable.contains('=') => {
            Ok(SecretSource::Env(variable.to_owned()))
        }
        Some(("file", path)) if !path.is_empty() => Ok(SecretSource::File(path.into())),
        _ => Err(()),
    }
}

/// The secrets of several lists; of those with the same name, the ones of the earliest list.
pub(crate) fn first_of_each_name(lists: &[&[SecretArg]]) -> Vec<SecretArg> {
    let mut secrets: Vec<SecretArg> = Vec::new();
    for list in lists {
        let before = secrets.len();
        let is_new = |it: &&SecretArg| secrets.iter().all(|known| known.name != it.name);
        let new: Vec<SecretArg> = list.iter().filter(is_new).cloned().collect();
        secrets.splice(before.., new);
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_addresses() {
        assert_eq!(port("0"), Ok(Port(Some(0))));
        assert_eq!(port(""), Ok(Port(None)));
        assert!(port("65536").is_err() && port("http").is_err());
        assert_eq!(address("[::1]:9090"), Ok(("[::1]".to_owned(), 9090)));
        for bad in [
            "",
            ":1",
            "localhost",
            "localhost:",
            "localhost:http",
            "a:70000",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets() {
        let read = |text| secret(text).map(|secret| (secret.name, secret.source));
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
}
