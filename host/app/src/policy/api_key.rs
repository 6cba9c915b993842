//! API key authentication.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::header::{self, Fields};
use super::secret::{Secret, Secrets};
use super::switch::FromTrue;
use crate::decode;
use crate::location::Location;
use crate::params::RequestHead;
use crate::refusal::Refusal;

/// The declaration of `api_key`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeysSpec {
    keys: Keys,
    #[serde(default = "default_header")]
    header: Option<String>,
    #[serde(default = "default_query")]
    query: Option<String>,
    cookie: Option<String>,
    realm: Option<String>,
}

fn default_header() -> Option<String> {
    Some("x-api-key".to_owned())
}

fn default_query() -> Option<String> {
    Some("api_key".to_owned())
}

impl ApiKeysSpec {
    /// Returns the locations and names of the fields that can carry a key, in the order in
    /// which the host checks them.
    pub(crate) fn carriers(&self) -> impl Iterator<Item = (Location, &str)> {
        let declared = [
            (Location::Header, &self.header),
            (Location::Query, &self.query),
            (Location::Cookie, &self.cookie),
        ];
        let declared = declared.into_iter();
        declared.filter_map(|(location, name)| Some((location, name.as_deref()?)))
    }
}

impl FromTrue for ApiKeysSpec {
    fn from_true() -> Result<Self, &'static str> {
        Err("declare `keys`")
    }
}

/// The declared keys: a list, or an object of names and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Keys(Vec<(Option<String>, Secret)>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;

        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of keys, or an object of names and keys")
            }

            // The text can be a key, so the error must not contain it.
            fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
                Err(E::custom(
                    "`keys` is a list of keys, or an object of names and keys",
                ))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = list.next_element()? {
                    keys.push((None, key));
                }
                Ok(Keys(keys))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut keys = Vec::new();
                while let Some((name, key)) = map.next_entry()? {
                    keys.push((Some(name), key));
                }
                Ok(Keys(keys))
            }
        }

        deserializer.deserialize_any(KeysVisitor)
    }
}

/// The valid API keys of a route, and where a request carries them.
#[derive(Debug)]
pub struct ApiKeys {
    /// Names and digests. The digest is `None` if the operator did not provide the secret.
    keys: Vec<(Option<String>, Option<Digest>)>,
    header: Option<HeaderName>,
    query: Option<String>,
    cookie: Option<String>,
    expected: String,
    challenge: String,
}

/// A header name, in lower case and as declared.
#[derive(Debug)]
struct HeaderName {
    name: String,
    declared: String,
}

/// The digest of a key. Digests are compared in constant time, and timing information about
/// a digest reveals nothing about the key.
struct Digest(blake3::Hash);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")
    }
}

impl ApiKeys {
    /// The local context key that holds the name of the matching API key.
    pub const CONTEXT: &'static str = "spikard.api-key";

    pub(super) fn new(spec: &ApiKeysSpec, secrets: &Secrets, app: &str) -> Result<Self, String> {
        if spec.keys.0.is_empty() {
            return Err("has no `keys`, so it would reject every request; add a key".to_owned());
        }
        let mut keys = Vec::new();
        for (name, secret) in &spec.keys.0 {
            let digest = secrets.find(secret)?.map(|key| Digest(blake3::hash(&key)));
            keys.push((name.clone(), digest));
        }
        let header = spec.header.as_ref().map(|declared| {
            header::name(declared).map(|name| HeaderName {
                name,
                declared: declared.clone(),
            })
        });
        let header = header.transpose()?;
        let carriers = spec.carriers().map(|(location, name)| {
            let kind = match location {
                Location::Query => "query parameter",
                Location::Cookie => "cookie",
                _ => "header",
            };
            format!("'{name}' {kind}")
        });
        let carriers: Vec<_> = carriers.collect();
        if carriers.is_empty() {
            return Err("has no `header`, `query` or `cookie`; declare at least one".to_owned());
        }
        let realm = spec.realm.as_deref().unwrap_or(app);
        Ok(Self {
            keys,
            header,
            query: spec.query.clone(),
            cookie: spec.cookie.clone(),
            expected: format!("Expected {} with valid API key", carriers.join(" or ")),
            challenge: header::challenge("ApiKey", &[("realm", realm)]),
        })
    }

    /// Returns the header that carries a key, as declared.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.header.as_ref().map(|header| header.declared.as_str())
    }

    /// Returns the query parameter that carries a key.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Returns the cookie that carries a key.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Authenticates a request. Returns the name of its key as JSON, if the keys have
    /// names.
    pub(super) fn check(&self, head: &impl RequestHead) -> Result<Option<String>, Refusal> {
        let found = match self.find(head) {
            Fields::None => {
                return Err(self.refuse("Missing API key", self.expected.clone()));
            }
            Fields::One(key) => self.matching_key(&key),
            Fields::Many => None,
        };
        let Some(name) = found else {
            let detail = "The provided API key is not valid".to_owned();
            return Err(self.refuse("Invalid API key", detail));
        };
        Ok(name.and_then(to_json))
    }

    /// Compares with every key, so that the duration does not reveal which key matches.
    fn matching_key(&self, key: &[u8]) -> Option<Option<&str>> {
        let digest = blake3::hash(key);
        let mut found = None;
        for (name, known) in &self.keys {
            if known.as_ref().is_some_and(|known| known.0 == digest) {
                found = Some(name.as_deref());
            }
        }
        found
    }

    /// Returns the key from the first of header, query and cookie that has one.
    fn find(&self, head: &impl RequestHead) -> Fields {
        if let Some(header) = &self.header {
            match header::fields(head, &header.name) {
                Fields::None => {}
                found => return found,
            }
        }
        if let Some(name) = &self.query {
            match query_key(head.query(), name) {
                Fields::None => {}
                found => return found,
            }
        }
        match &self.cookie {
            Some(name) => cookie_key(head, name),
            None => Fields::None,
        }
    }

    fn refuse(&self, title: &'static str, detail: String) -> Refusal {
        Refusal::Unauthorized {
            title,
            detail,
            challenge: self.challenge.clone(),
        }
    }
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    serde_json::to_string(value).ok()
}

fn add_field(fields: Fields, value: &str) -> Fields {
    match fields {
        Fields::None => Fields::One(value.as_bytes().to_vec()),
        _ => Fields::Many,
    }
}

fn query_key(query: &str, wanted: &str) -> Fields {
    let mut found = Fields::None;
    for (name, value) in decode::raw_pairs(query) {
        if decode::form(name).is_ok_and(|name| name == wanted) {
            found = match decode::form(value) {
                Ok(value) => add_field(found, &value),
                Err(_) => Fields::Many,
            };
        }
    }
    found
}

fn cookie_key(head: &impl RequestHead, wanted: &str) -> Fields {
    let mut found = Fields::None;
    head.header("cookie", &mut |value| {
        let Ok(text) = std::str::from_utf8(value) else {
            return;
        };
        for (_, value) in decode::cookies(text).filter(|(name, _)| *name == wanted) {
            found = add_field(std::mem::replace(&mut found, Fields::None), value);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Switch;
    use crate::policy::tests::Head;
    use serde_json::{Value, json};

    fn keys(declared: Value, secrets: &Secrets) -> Result<ApiKeys, String> {
        match serde_json::from_value(declared).unwrap() {
            Switch::On(spec) => ApiKeys::new(&spec, secrets, "shop"),
            Switch::Off => panic!("off"),
        }
    }

    fn refusal(result: Result<Option<String>, Refusal>) -> (&'static str, String, String) {
        match result {
            Err(Refusal::Unauthorized {
                title,
                detail,
                challenge,
            }) => (title, detail, challenge),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn finds_keys_in_every_place() {
        let declared = json!({"keys": ["k1", "k2"], "cookie": "key"});
        let keys = keys(declared, &Secrets::default()).unwrap();
        for (query, headers) in [
            ("", vec![("x-api-key", b"k1" as &[u8])]),
            ("", vec![("x-api-key", b"k2")]),
            ("a=b&api_key=k%31", vec![]),
            ("", vec![("cookie", b"a=b; key=k2")]),
        ] {
            assert_eq!(keys.check(&Head(query, headers)), Ok(None));
        }
        for (query, headers) in [
            ("", vec![("x-api-key", b"k3" as &[u8])]),
            ("", vec![("x-api-key", b"")]),
            ("", vec![("x-api-key", b"\xff")]),
            // The header comes first, and one key is enough.
            ("api_key=k1", vec![("x-api-key", b"no")]),
            ("", vec![("x-api-key", b"k1"), ("x-api-key", b"k1")]),
            ("api_key=k1&api_key=k1", vec![]),
            ("api_key=%ff", vec![]),
            ("", vec![("cookie", b"key=k1; key=k2")]),
        ] {
            let (title, detail, challenge) = refusal(keys.check(&Head(query, headers)));
            assert_eq!(title, "Invalid API key");
            assert_eq!(detail, "The provided API key is not valid");
            assert_eq!(challenge, "ApiKey realm=\"shop\"");
        }
        let (title, detail, _) = refusal(keys.check(&Head("API_KEY=k1", vec![])));
        assert_eq!(title, "Missing API key");
        assert_eq!(
            detail,
            "Expected 'x-api-key' header or 'api_key' query parameter or 'key' cookie with valid API key"
        );
    }

    #[test]
    fn names_the_key_that_fits() {
        let declared = json!({"keys": {"a": "k1", "b \"2\"": {"secret": "two"}},
            "header": "X-Token", "query": null});
        let given = Secrets::from_iter([("two".to_owned(), b"k2".to_vec())]);
        let known = keys(declared.clone(), &given).unwrap();
        let check = |keys: &ApiKeys, key| keys.check(&Head("api_key=k1", vec![("x-token", key)]));
        assert_eq!(check(&known, b"k2"), Ok(Some(r#""b \"2\"""#.to_owned())));
        assert_eq!(known.header(), Some("X-Token"));
        let (_, detail, _) = refusal(known.check(&Head("", vec![])));
        assert_eq!(detail, "Expected 'X-Token' header with valid API key");
        // A secret that the operator did not provide matches no key.
        let unknown = keys(declared, &Secrets::default()).unwrap();
        assert_eq!(check(&unknown, b"k1"), Ok(Some("\"a\"".to_owned())));
        assert!(check(&unknown, b"k2").is_err());
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |declared| keys(declared, &Secrets::from_iter([])).unwrap_err();
        assert!(error(json!({"keys": []})).contains("reject every request"));
        assert!(error(json!({"keys": [{"secret": "a"}]})).contains("--secret a=env:VARIABLE"));
        assert!(error(json!({"keys": ["k"], "header": "a b"})).contains("not a header name"));
        assert!(
            error(json!({"keys": ["k"], "header": null, "query": null}))
                .contains("declare at least one")
        );
        let read = |text| serde_json::from_str::<Switch<ApiKeysSpec>>(text);
        let error = read(r#"{"keys": "hunter2"}"#).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        let error = read("true").unwrap_err().to_string();
        assert!(error.contains("declare `keys`"), "{error}");
    }
}
