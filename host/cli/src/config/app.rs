//! What `[[app]]` of `spikard.toml` says: an app of a host of several.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use spikard_wasm_app::{Isolation, Mount, RouteOverride, check_app_name};

use super::grants::GrantsSaid;
use super::limits::{Limit, TABLE};
use super::place::Place;
use super::said::{Said, Source};
use super::values::SecretArg;

/// The keys of `[[app]]` that are no limits.
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

/// What is said of an app; what is not is as for the whole host.
#[derive(Debug, Clone, Default)]
pub(crate) struct AppTable {
    pub(crate) name: String,
    pub(crate) component: PathBuf,
    pub(crate) mount: Mount,
    pub(crate) static_root: Option<PathBuf>,
    pub(crate) openapi: Option<bool>,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) policy: Option<Isolation>,
    pub(crate) grants: GrantsSaid,
    pub(crate) limits: Said,
    pub(crate) routes: BTreeMap<String, RouteOverride>,
}

impl AppTable {
    pub(super) fn read(here: &Place<'_>) -> Result<Self> {
        let mut app = Self::default();
        let (mut host, mut path) = (None, "/");
        for place in here.members()? {
            match place.name {
                "name" => {
                    let name = place.text("the app's name")?;
                    check_app_name(name).map_err(|why| place.wrong(&why))?;
                    app.name = name.to_owned();
                }
                "component" => app.component = place.path()?,
                "host" => {
                    let name = place.text("a host's name")?;
                    Mount::new(Some(name), "/").map_err(|why| place.wrong(&why))?;
                    host = Some(name);
                }
                "path" => {
                    path = place.text("a path")?;
                    Mount::new(None, path).map_err(|why| place.wrong(&why))?;
                }
                "static_root" => app.static_root = Some(place.path()?),
                "openapi" => app.openapi = Some(place.boolean()?),
                "secrets" => app.secrets = place.secrets()?,
                "grants" => app.grants = GrantsSaid::read(&place)?,
                "routes" => app.routes = place.routes()?,
                "instances" => {
                    for place in place.members()? {
                        match place.name {
                            "policy" => app.policy = Some(place.isolation()?),
                            _ => app.read_limit("instances", &["policy"], &place)?,
                        }
                    }
                }
                "limits" => {
                    for place in place.members()? {
                        app.read_limit("limits", &[], &place)?;
                    }
                }
                _ => app.read_limit("serve", &APP, &place)?,
            }
        }
        for (key, is_there) in [
            ("name", !app.name.is_empty()),
            ("component", !app.component.as_os_str().is_empty()),
        ] {
            if !is_there {
                return Err(here.lacks(key));
            }
        }
        // Both parts have been read already.
        app.mount = Mount::new(host, path).map_err(|why| here.wrong(&why))?;
        Ok(app)
    }

    fn read_limit(&mut self, table: &str, others: &[&str], place: &Place<'_>) -> Result<()> {
        match Limit::find(table, place.name) {
            Some(limit) if limit.is_of_host() => {
                let why =
                    format!("it is for all apps of the host together, so write it in `[{table}]`");
                Err(place.wrong(&why))
            }
            Some(limit) => {
                let value = limit.read(place.value).map_err(|why| place.wrong(&why))?;
                self.limits.set(limit.key, value, Source::File);
                Ok(())
            }
            None => {
                let limits = TABLE.iter();
                let limits = limits.filter(|limit| limit.table == table && !limit.is_of_host());
                let known = limits.map(|limit| limit.name).chain(others.iter().copied());
                Err(place.unknown("key", known))
            }
        }
    }
}
