//! The keys of `[grants]`: one table, from which come the names that a misspelt key is
//! compared with and the table of docs/configuration.md.

/// A key of `[grants]`.
#[derive(Debug)]
// The page is all that most of it is for.
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) struct Key {
    /// Its name, with that of the table in `[grants]` before it.
    pub(crate) name: &'static str,
    /// The flag, or nothing.
    pub(crate) flag: &'static str,
    /// What holds where nobody says otherwise.
    pub(crate) default: &'static str,
    /// What it may be, in TOML.
    pub(crate) example: &'static str,
    /// What it is, as a sentence without its full stop.
    pub(crate) about: &'static str,
}

macro_rules! key {
    ($name:literal, $flag:literal, $default:literal, $example:literal, $about:literal) => {
        Key {
            name: $name,
            flag: $flag,
            default: $default,
            example: $example,
            about: $about,
        }
    };
}

/// All of them.
#[rustfmt::skip]
pub(crate) static TABLE: [Key; 14] = [
    key!("environment", "--env NAME=VALUE", "none", "{ LOG = \"debug\" }",
        "Variables of the app's environment"),
    key!("inherit", "--env NAME", "none", "[\"HOME\"]",
        "Variables that the app has from the host's own environment, where they must be set"),
    key!("directories", "--dir HOST[:GUEST][:ro]", "none", "[{ host = \"data\", guest = \"/data\", write = true }]",
        "Folders that are there for the app; without `guest` by the path that the host knows them by, without `write` only to read"),
    key!("stdio", "", "true", "true",
        "Whether what the app prints goes to the log; else it goes nowhere"),
    key!("clocks", "", "true", "true",
        "Whether the app may ask for the time and wait"),
    key!("random", "", "true", "true",
        "Whether the app may ask for random bytes"),
    key!("logging", "", "true", "true",
        "Whether the app may write to the log by `wasi:logging`"),
    key!("config", "--config-value NAME=VALUE", "none", "{ greeting = \"hello\" }",
        "Settings of the app, which it reads by `wasi:config`"),
    key!("keyvalue", "--keyvalue NAME=PLACE", "none", "{ default = \"kv.redb\" }",
        "Stores of keys and values, by the names that the app opens them by: a file, `redis://HOST:PORT/DATABASE`, or `env:VARIABLE` that holds one of them"),
    key!("outgoing.allow", "--allow-outgoing PATTERN", "none", "[\"https://api.example.com\"]",
        "Whom the app may send requests to"),
    key!("outgoing.networks", "", "none", "[\"10.0.0.0/8\"]",
        "Private networks that an allowed name may lead into"),
    key!("outgoing.timeout", "", "30s", "\"30s\"",
        "The longest that the head of a response may take, and any piece of its body after another"),
    key!("outgoing.max_response", "", "64MiB", "\"64MiB\"",
        "The longest body of a response"),
    key!("outgoing.max_requests", "", "256", "256",
        "Requests of the app under way at once, over all workers"),
];

/// The names in a table: in `[grants]` itself where it is empty.
pub(crate) fn names(table: &str) -> impl Iterator<Item = &'static str> {
    let names =
        TABLE.iter().filter_map(
            move |key| match (table.is_empty(), key.name.split_once('.')) {
                (true, None) => Some(key.name),
                (true, Some((above, _))) => Some(above),
                (false, Some((above, name))) if above == table => Some(name),
                _ => None,
            },
        );
    let mut last = "";
    names.filter(move |name| std::mem::replace(&mut last, name) != *name)
}
