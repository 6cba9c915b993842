//! Reads definition files. The error for an unknown field suggests the nearest known field.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

use crate::nearest::nearest;

/// Reads every `*.toml` of a directory, in order of file names.
pub(super) fn files<T: DeserializeOwned>(folder: &Path) -> Result<Vec<(PathBuf, T)>> {
    let entries = fs::read_dir(folder).with_context(|| {
        format!(
            "cannot read the definitions in `{}`: pass their directory with `--definitions`",
            folder.display()
        )
    })?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| Ok((path.clone(), read(&path)?)))
        .collect()
}

/// Reads one definition file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    toml::from_str(&text).map_err(|error| {
        let message = error.message().to_owned();
        let line = error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1)
            .map(|line| format!(", line {line}"))
            .unwrap_or_default();
        anyhow::anyhow!(
            "`{}`{line}: {message}{}",
            path.display(),
            suggestion(&message)
        )
    })
}

/// Returns the nearest field for serde's error "unknown field `x`, expected one of `a`, `b`".
fn suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown "), quoted.next()) {
        (true, Some(name)) => nearest(name, quoted),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::Load;
    use super::super::over::Sweeps;
    use super::*;

    #[test]
    fn the_error_for_an_unknown_field_suggests_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        fs::write(
            &path,
            "name = \"x\"\nkind = \"closed\"\ndescription = \"\"\nconection = 3\n",
        )
        .unwrap();
        let error = read::<Load>(&path).unwrap_err().to_string();
        assert!(error.contains("line 4"), "{error}");
        assert!(error.contains("unknown field `conection`"), "{error}");
        assert!(error.contains("did you mean `connections`?"), "{error}");
    }

    #[test]
    fn the_error_for_an_unknown_sweep_suggests_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        let head = "name = \"x\"\nkind = \"sweep\"\ndescription = \"\"\nvalues = [1]\n";
        fs::write(&path, format!("{head}over = \"rutes\"\n")).unwrap();
        let error = read::<Load>(&path).unwrap_err().to_string();
        assert!(error.contains("did you mean `routes`?"), "{error}");
        fs::write(&path, "[rutes]\narguments = [\"{value}\"]\n").unwrap();
        let error = read::<Sweeps>(&path).unwrap_err().to_string();
        assert!(error.contains("did you mean `routes`?"), "{error}");
        fs::write(&path, "[apps]\nargument = [\"{value}\"]\n").unwrap();
        let error = read::<Sweeps>(&path).unwrap_err().to_string();
        assert!(error.contains("did you mean `arguments`?"), "{error}");
    }
}
