//! Locations of databases, as `spikard.toml` names them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio_postgres::config::SslMode;

const FORMS: &str =
    "write `sqlite:PATH`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`";

/// Location of a database. Neither `Debug` nor `Display` shows a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Location(pub(super) Kind);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A SQLite database in a file.
    File(PathBuf),
    /// A SQLite database in memory; it is empty at each start.
    Memory,
    /// A PostgreSQL server.
    Postgres(Box<tokio_postgres::Config>),
}

impl Location {
    /// Parses `sqlite:PATH`, `sqlite::memory:`, `postgres://...` or `postgresql://...`.
    ///
    /// # Errors
    /// Returns what is wrong, without the text: it can contain a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains('\0') {
            return Err(
                "the location of the database contains a NUL character; remove it".to_owned(),
            );
        }
        if let Some(path) = text.strip_prefix("sqlite:") {
            return sqlite(path).map(Self);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return postgres(text).map(|config| Self(Kind::Postgres(Box::new(config))));
        }
        Err(format!(
            "the location of the database is of an unknown form; {FORMS}"
        ))
    }

    /// Returns the location with a relative path of a SQLite file taken as relative to `folder`.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        match self.0 {
            Kind::File(path) => Self(Kind::File(folder.join(path))),
            other => Self(other),
        }
    }

    /// Returns the path of a SQLite file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::File(path) => Some(path),
            _ => None,
        }
    }
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

fn sqlite(path: &str) -> Result<Kind, String> {
    if path == ":memory:" {
        return Ok(Kind::Memory);
    }
    if path.is_empty() {
        return Err(
            "the location of the SQLite database has no path; write `sqlite:data/app.db`"
                .to_owned(),
        );
    }
    if path.starts_with("//") {
        return Err(
            "the path of the SQLite database begins with `//`; write `sqlite:data/app.db` or \
                    `sqlite:/var/lib/app.db`"
                .to_owned(),
        );
    }
    if path.contains('?') {
        return Err("the location of the SQLite database contains `?`; options are not supported, remove them".to_owned());
    }
    Ok(Kind::File(PathBuf::from(path)))
}

fn postgres(url: &str) -> Result<tokio_postgres::Config, String> {
    // The modes that verify certificates are unknown to tokio-postgres, whose error would not name TLS.
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mode = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("sslmode="))
        .next_back();
    let no_tls = "TLS to PostgreSQL is not supported yet; use `sslmode=disable` through a private network, a Unix socket or a \
                  local proxy";
    if matches!(mode, Some("require" | "verify-ca" | "verify-full")) {
        return Err(no_tls.to_owned());
    }
    let config = url.parse::<tokio_postgres::Config>().map_err(|_| {
        // The error of the parser can repeat parts of the URL.
        "the location of the PostgreSQL database cannot be parsed; write \
         `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with reserved characters of the password percent-encoded"
            .to_owned()
    })?;
    if config.get_ssl_mode() == SslMode::Require {
        return Err(no_tls.to_owned());
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(
            "the location of the PostgreSQL database names no host; write \
                    `postgres://USER:PASSWORD@HOST:PORT/DATABASE`"
                .to_owned(),
        );
    }
    if config.get_user().is_none() {
        return Err(
            "the location of the PostgreSQL database names no user; write \
                    `postgres://USER:PASSWORD@HOST:PORT/DATABASE`"
                .to_owned(),
        );
    }
    Ok(config)
}

/// Shows what kind of database it is and its name, for the operator: no password.
impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::File(path) => write!(formatter, "sqlite:{}", path.display()),
            Kind::Memory => formatter.write_str("sqlite::memory:"),
            Kind::Postgres(config) => {
                formatter.write_str("postgres://")?;
                for (index, host) in config.get_hosts().iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(",")?;
                    }
                    match host {
                        tokio_postgres::config::Host::Tcp(name) => formatter.write_str(name)?,
                        #[cfg(unix)]
                        tokio_postgres::config::Host::Unix(path) => {
                            write!(formatter, "{}", path.display())?
                        }
                    }
                    let ports = config.get_ports();
                    if let Some(port) = ports.get(index).or_else(|| ports.first()) {
                        write!(formatter, ":{port}")?;
                    }
                }
                write!(
                    formatter,
                    "/{}",
                    config
                        .get_dbname()
                        .or(config.get_user())
                        .unwrap_or_default()
                )
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Location({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_paths() {
        let file = Location::parse("sqlite:data/app.db").unwrap();
        assert_eq!(file.path(), Some(Path::new("data/app.db")));
        assert_eq!(
            file.clone().relative_to(Path::new("/srv")).to_string(),
            "sqlite:/srv/data/app.db"
        );
        let absolute = Location::parse("sqlite:/var/app.db")
            .unwrap()
            .relative_to(Path::new("/srv"));
        assert_eq!(absolute.path(), Some(Path::new("/var/app.db")));
        assert_eq!(Location::parse("sqlite::memory:").unwrap().path(), None);
    }

    #[test]
    fn postgres_urls_without_the_password() {
        let url = "postgres://app:s3cret-word@db.internal:6432/shop?connect_timeout=3";
        let location = Location::parse(url).unwrap();
        assert_eq!(location.to_string(), "postgres://db.internal:6432/shop");
        assert!(!format!("{location:?}").contains("s3cret-word"));
        assert_eq!(location, Location::parse(url).unwrap());
        let socket = Location::parse("postgresql:///shop?host=/run/postgresql&user=app").unwrap();
        assert_eq!(socket.to_string(), "postgres:///run/postgresql/shop");
    }

    #[test]
    fn errors_name_the_remedy_and_not_the_text() {
        for (text, remedy) in [
            ("", "unknown form"),
            ("s3cret.db", "unknown form"),
            ("mysql://app:s3cret@db/shop", "unknown form"),
            ("sqlite:", "has no path"),
            ("sqlite:///s3cret.db", "begins with `//`"),
            ("sqlite:s3cret.db?mode=ro", "options are not supported"),
            ("sqlite:s3cret\0.db", "NUL"),
            ("postgres://app:s3cret@db:port/shop", "cannot be parsed"),
            ("postgres://app:s3cret@db/shop?s3cret=1", "cannot be parsed"),
            ("postgres://app:s3cret@db/shop?sslmode=require", "TLS"),
            ("postgres://app:s3cret@db/shop?sslmode=verify-full", "TLS"),
            ("postgres://db/s3cret", "no user"),
            ("postgres:///s3cret?user=app", "no host"),
        ] {
            let error = Location::parse(text).unwrap_err();
            assert!(error.contains(remedy), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{text}: {error}");
        }
    }
}
