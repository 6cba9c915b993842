//! The `[[app]]` tables of `spikard.toml`, one per app of a host that serves several.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use spikard_wasm_app::{Isolation, Mount, RouteOverride, check_app_name};

use super::entry::TomlEntry;
use super::grants::GrantSettings;
use super::limit_values::{LimitSource, LimitValues};
use super::limits::{Limit, TABLE};
use super::values::SecretArg;

/// Keys of `[[app]]` that are not limits.
pub(super) const APP: [&str; 11] = [
    "component",
    "grants",
    "host",
    "instances",
    "limits",
    "name",
    "openapi",
    "path",
    "routes",
    "secrets",
    "static_root",
];

/// One `[[app]]` table; unset keys have the host-wide value.
#[derive(Debug, Clone, Default)]
pub(crate) struct AppTable {
    pub(crate) name: String,
    pub(crate) component: PathBuf,
    pub(crate) mount: Mount,
    pub(crate) static_root: Option<PathBuf>,
    pub(crate) openapi: Option<bool>,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) policy: Option<Isolation>,
    pub(crate) grants: GrantSettings,
    pub(crate) limits: LimitValues,
    pub(crate) routes: BTreeMap<String, RouteOverride>,
}

impl AppTable {
    pub(super) fn read(here: &TomlEntry<'_>) -> Result<Self> {
        let mut app = Self::default();
        let (mut host, mut path) = (None, "/");
        for entry in here.members()? {
            match entry.name {
                "name" => {
                    let name = entry.text("the app's name")?;
                    check_app_name(name).map_err(|why| entry.invalid(&why))?;
                    app.name = name.to_owned();
                }
                "component" => app.component = entry.path()?,
                "host" => {
                    let name = entry.text("a host name")?;
                    Mount::new(Some(name), "/").map_err(|why| entry.invalid(&why))?;
                    host = Some(name);
                }
                "path" => {
                    path = entry.text("a path")?;
                    Mount::new(None, path).map_err(|why| entry.invalid(&why))?;
                }
                "static_root" => app.static_root = Some(entry.path()?),
                "openapi" => app.openapi = Some(entry.boolean()?),
                "secrets" => app.secrets = entry.secrets()?,
                "grants" => app.grants = GrantSettings::read(&entry)?,
                "routes" => app.routes = entry.routes()?,
                "instances" => {
                    for entry in entry.members()? {
                        match entry.name {
                            "policy" => app.policy = Some(entry.isolation()?),
                            _ => app.read_limit("instances", &["policy"], &entry)?,
                        }
                    }
                }
                "limits" => {
                    for entry in entry.members()? {
                        app.read_limit("limits", &[], &entry)?;
                    }
                }
                _ => app.read_limit("serve", &APP, &entry)?,
            }
        }
        for (key, is_present) in [
            ("name", !app.name.is_empty()),
            ("component", !app.component.as_os_str().is_empty()),
        ] {
            if !is_present {
                return Err(here.missing(key));
            }
        }
        // Both parts were validated above.
        app.mount = Mount::new(host, path).map_err(|why| here.invalid(&why))?;
        Ok(app)
    }

    fn read_limit(&mut self, table: &str, others: &[&str], entry: &TomlEntry<'_>) -> Result<()> {
        match Limit::find(table, entry.name) {
            Some(limit) if limit.is_host_wide() => {
                let why = format!("it applies to the whole host; move it to `[{table}]`");
                Err(entry.invalid(&why))
            }
            Some(limit) => {
                let value = limit.read(entry.value).map_err(|why| entry.invalid(&why))?;
                self.limits.set(limit.key, value, LimitSource::File);
                Ok(())
            }
            None => {
                let limits = TABLE.iter();
                let limits = limits.filter(|limit| limit.table == table && !limit.is_host_wide());
                let known = limits.map(|limit| limit.name).chain(others.iter().copied());
                Err(entry.unknown("key", known))
            }
        }
    }
}
