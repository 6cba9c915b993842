//! Grant definitions.
//!
//! [`TABLE`] is the source of the known keys of `[grants]` and of the table in
//! docs/configuration.md.

/// Definition of a key of `[grants]`.
#[derive(Debug)]
// Outside tests only the names are used; the other fields document the key.
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) struct Key {
    /// Name, with the name of its table inside `[grants]` as a prefix.
    pub(crate) name: &'static str,
    /// Flag, or empty.
    pub(crate) flag: &'static str,
    /// Default value.
    pub(crate) default: &'static str,
    /// Example value in TOML.
    pub(crate) example: &'static str,
    /// Meaning, without a final period.
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

/// All keys.
#[rustfmt::skip]
pub(crate) static TABLE: [Key; 16] = [
    key!("environment", "--env NAME=VALUE", "none", "{ LOG = \"debug\" }",
        "Variables of the app's environment"),
    key!("inherit", "--env NAME", "none", "[\"HOME\"]",
        "Variables to pass through from the host's environment; each must be set"),
    key!("directories", "--dir HOST[:GUEST][:ro]", "none", "[{ host = \"data\", guest = \"/data\", write = true }]",
        "Host folders to mount into the app: `guest` defaults to the host's path, `write` to false"),
    key!("stdio", "", "true", "true",
        "Log the app's standard output and standard error; otherwise discard them"),
    key!("clocks", "", "true", "true",
        "Allow the app to read clocks and to sleep"),
    key!("random", "", "true", "true",
        "Allow the app to read random bytes"),
    key!("logging", "", "true", "true",
        "Allow the app to log through `wasi:logging`"),
    key!("config", "--config-value NAME=VALUE", "none", "{ greeting = \"hello\" }",
        "Values that the app reads through `wasi:config`"),
    key!("keyvalue", "--keyvalue NAME=LOCATION", "none", "{ default = \"kv.redb\" }",
        "Key-value stores by the name that the app opens: a file, `redis://HOST:PORT/DATABASE`, or `env:VARIABLE` for a variable that holds either"),
    key!("sql", "--sql NAME=LOCATION", "none", "{ main = { url = \"sqlite:app.db\", migrations = \"migrations\" } }",
        "SQL databases by the name that the app uses: `sqlite:PATH`, `sqlite::memory:`, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, or `env:VARIABLE` for a variable that holds one of these; a table adds the folder of the migrations"),
    key!("secrets", "--grant-secret NAME=SOURCE", "none", "{ jwt = \"env:JWT_KEY\" }",
        "Secrets that the app can read, and that its policies can use: `env:VARIABLE` or `file:PATH`"),
    key!("outgoing.allow", "--allow-outgoing PATTERN", "none", "[\"https://api.example.com\"]",
        "Origins the app may send requests to"),
    key!("outgoing.networks", "", "none", "[\"10.0.0.0/8\"]",
        "Private networks that allowed names may resolve to"),
    key!("outgoing.timeout", "", "30s", "\"30s\"",
        "Maximum time to the response head, and between two chunks of its body"),
    key!("outgoing.max_response", "", "64MiB", "\"64MiB\"",
        "Maximum response body size"),
    key!("outgoing.max_requests", "", "1000", "1000",
        "Maximum outgoing requests of the app in flight, over all workers; more wait"),
];

/// The keys of a table inside `[grants]`; of `[grants]` itself if `table` is empty.
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
