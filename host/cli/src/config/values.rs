//! The values of flags and of `spikard.toml` that are neither sizes nor durations.

use std::path::PathBuf;

use spikard_wasm_app::Isolation;

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

/// Where metrics are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MetricsAt {
    Nowhere,
    /// On the app's own port.
    App,
    /// At a host and port of their own.
    Address(String, u16),
}

/// A port, or a variable that is set to nothing, as containers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port(pub(crate) Option<u16>);

/// Reads a port.
pub(crate) fn port(text: &str) -> Result<Port, String> {
    if text.is_empty() {
        return Ok(Port(None));
    }
    let number = text.parse().map(|number| Port(Some(number)));
    number.map_err(|_| "a port is a number from 0 to 65535".to_owned())
}

/// Reads a host and a port.
pub(crate) fn address(text: &str) -> Result<(String, u16), String> {
    let usage = || "write `HOST:PORT`, such as `127.0.0.1:9090`".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(usage)?;
    if host.is_empty() {
        return Err(usage());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| usage())?))
}

/// Reads how far apart requests are kept.
pub(crate) fn isolation(text: &str) -> Result<Isolation, String> {
    [Isolation::Reuse, Isolation::Fresh]
        .into_iter()
        .find(|isolation| isolation.as_str() == text)
        .ok_or_else(|| "write `reuse` or `fresh`".to_owned())
}

/// Reads where a secret is. The secret itself never stands on a command line, where
/// every user of the machine can read it.
pub(crate) fn secret(text: &str) -> Result<SecretArg, String> {
    let usage = || "write `NAME=env:VARIABLE` or `NAME=file:PATH`".to_owned();
    let (name, source) = text.split_once('=').ok_or_else(usage)?;
    if name.is_empty() {
        return Err(usage());
    }
    Ok(SecretArg {
        name: name.to_owned(),
        source: secret_source(source).map_err(|()| usage())?,
    })
}

pub(crate) fn secret_source(text: &str) -> Result<SecretSource, ()> {
    match text.split_once(':') {
        Some(("env", variable)) if !variable.is_empty() && !variable.contains('=') => {
            Ok(SecretSource::Env(variable.to_owned()))
        }
        Some(("file", path)) if !path.is_empty() => Ok(SecretSource::File(path.into())),
        _ => Err(()),
    }
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
