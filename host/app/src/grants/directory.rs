//! Directory grants, in the syntax of the `--dir` flag.

use std::path::PathBuf;

/// A host directory that the app can access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// The path on the host.
    pub host: PathBuf,
    /// The path in the guest.
    pub guest: String,
    /// True if the app can write to the directory.
    pub write: bool,
}

impl Directory {
    /// Parses `HOST[:GUEST][:ro]`. The default of `GUEST` is `HOST`.
    ///
    /// # Errors
    /// The expected syntax.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (rest, write) = match text.strip_suffix(":ro") {
            Some(rest) => (rest, false),
            None => (text, true),
        };
        let (host, guest) = rest.split_once(':').unwrap_or((rest, rest));
        if host.is_empty() {
            return Err("write `HOST[:GUEST][:ro]`, such as `./data:/data:ro`".to_owned());
        }
        check_guest(guest)?;
        Ok(Self {
            host: host.into(),
            guest: guest.to_owned(),
            write,
        })
    }
}

/// Checks the guest path of a directory.
pub(super) fn check_guest(guest: &str) -> Result<(), String> {
    let is_plain = !guest.is_empty() && !guest.contains([':', '\0']);
    match is_plain {
        true => Ok(()),
        false => Err("write a guest path without `:`, such as `/data`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags() {
        let read = |text| Directory::parse(text).map(|dir| (dir.host, dir.guest, dir.write));
        let is = |host: &str, guest: &str, write| Ok((host.into(), guest.to_owned(), write));
        assert_eq!(read("data"), is("data", "data", true));
        assert_eq!(read("/srv/data:/data"), is("/srv/data", "/data", true));
        assert_eq!(read("./data:/data:ro"), is("./data", "/data", false));
        assert_eq!(read("data:ro"), is("data", "data", false));
        for bad in ["", ":ro", ":/data", "data:", "a:b:c", "a:b:rw"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
