//! Path patterns of fixtures: `{id}`, `{id:uuid}`, `{rest:path}`, `{*rest}`.

use serde_json::{Map, Value};

use super::schema;

/// A path pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq)]
enum Segment {
    Literal(String),
    One(String),
    Rest(String),
}

impl Pattern {
    /// Parses a fixture's route into a pattern and the schemas of its typed segments.
    ///
    /// # Errors
    /// Fails if a segment mixes literal text and a parameter, or has an unknown type.
    pub(crate) fn parse(route: &str) -> Result<(Self, Map<String, Value>), String> {
        let mut schemas = Map::new();
        let mut segments = Vec::new();
        let route = route.split('?').next().unwrap_or_default();
        for text in route.split('/').skip(usize::from(route.starts_with('/'))) {
            let inner = text
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            segments.push(match inner {
                None if text.contains(['{', '}']) => {
                    return Err(format!("the segment `{text}` mixes text and a parameter"));
                }
                None => Segment::Literal(text.to_owned()),
                Some(inner) => {
                    let (name, kind) = inner.split_once(':').unwrap_or((inner, ""));
                    if !kind.is_empty() {
                        schemas.insert(name.to_owned(), schema::of_segment(kind)?);
                    }
                    match name.strip_prefix('*') {
                        Some(name) => Segment::Rest(name.to_owned()),
                        None if kind == "path" => Segment::Rest(name.to_owned()),
                        None => Segment::One(name.to_owned()),
                    }
                }
            });
        }
        Ok((Self { segments }, schemas))
    }

    /// Returns a pattern that matches only this path.
    pub(crate) fn of_path(path: &str) -> Self {
        let texts = path.strip_prefix('/').unwrap_or(path).split('/');
        let literal = texts.map(|text| Segment::Literal(text.to_owned()));
        Self {
            segments: literal.collect(),
        }
    }

    /// Returns a pattern that matches a prefix and every path below it.
    #[must_use]
    pub(crate) fn beneath(prefix: &str) -> Self {
        let mut segments: Vec<_> = prefix
            .split('/')
            .filter(|text| !text.is_empty())
            .map(|text| Segment::Literal(text.to_owned()))
            .collect();
        segments.push(Segment::Rest(String::new()));
        Self { segments }
    }

    /// Returns the pattern in the syntax of the host.
    #[must_use]
    pub(crate) fn to_host(&self) -> String {
        let segment = |segment: &Segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::One(name) => format!("/{{{name}}}"),
            Segment::Rest(name) => format!("/{{*{name}}}"),
        };
        self.segments.iter().map(segment).collect()
    }

    /// Returns the names of the parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::One(name) | Segment::Rest(name) => Some(name.as_str()),
        })
    }

    /// Returns true if the pattern matches a path without a query.
    #[must_use]
    pub(crate) fn matches(&self, path: &str) -> bool {
        meet(&self.segments, &Self::of_path(path).segments)
    }

    /// Returns true if a path can match both patterns. Ignores a trailing slash, so that
    /// fixtures that differ only in a trailing slash go to different apps.
    #[must_use]
    pub(crate) fn meets(&self, other: &Self) -> bool {
        meet(self.trimmed(), other.trimmed())
    }

    fn trimmed(&self) -> &[Segment] {
        match self.segments.split_last() {
            Some((Segment::Literal(last), rest)) if last.is_empty() => rest,
            _ => &self.segments,
        }
    }
}

fn meet(one: &[Segment], other: &[Segment]) -> bool {
    match (one, other) {
        ([], []) => true,
        // Treat an empty rest as a match: a false positive only separates two fixtures.
        ([Segment::Rest(_), ..], _) | (_, [Segment::Rest(_), ..]) => true,
        ([Segment::Literal(a), one @ ..], [Segment::Literal(b), other @ ..]) => {
            a == b && meet(one, other)
        }
        ([Segment::One(_), one @ ..], [Segment::Literal(text), other @ ..])
        | ([Segment::Literal(text), one @ ..], [Segment::One(_), other @ ..]) => {
            !text.is_empty() && meet(one, other)
        }
        ([_, one @ ..], [_, other @ ..]) => meet(one, other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pattern(route: &str) -> Pattern {
        Pattern::parse(route).expect("a pattern").0
    }

    #[test]
    fn types_become_schemas() {
        let (typed, schemas) = Pattern::parse("/a/{id:uuid}/{rest:path}").expect("a pattern");
        assert_eq!(typed.to_host(), "/a/{id}/{*rest}");
        assert_eq!(schemas["id"], json!({"type": "string", "format": "uuid"}));
        assert_eq!(typed.names().collect::<Vec<_>>(), ["id", "rest"]);
        assert!(Pattern::parse("/{id}.txt").is_err());
        assert_eq!(pattern("/a?b={c}").to_host(), "/a");
        let error = Pattern::parse("/{id:colour}").expect_err("an unknown type");
        assert!(error.contains("`colour`"), "{error}");
    }

    #[test]
    fn matches_as_the_host_does() {
        assert!(pattern("/items/{id}").matches("/items/1"));
        assert!(!pattern("/items/{id}").matches("/items/"));
        assert!(!pattern("/items/{id}").matches("/items/1/2"));
        assert!(!pattern("/items").matches("/items/"));
        assert!(pattern("/files/{*rest}").matches("/files/a/b"));
        assert!(pattern("/").matches("/"));
    }

    #[test]
    fn patterns_meet() {
        assert!(pattern("/items/{id}").meets(&pattern("/items/list")));
        assert!(pattern("/items/{id}").meets(&pattern("/items/{name}")));
        assert!(pattern("/items/").meets(&pattern("/items")));
        assert!(!pattern("/items/{id}").meets(&pattern("/items")));
        assert!(Pattern::beneath("/app").meets(&pattern("/app/a/b")));
        assert!(!Pattern::beneath("/app").meets(&pattern("/b")));
    }
}
