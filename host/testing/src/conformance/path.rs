//! Patterns of paths: `{id}`, `{id:uuid}`, `{rest:path}`, `{*rest}`.

use serde_json::{Map, Value};

use super::schema;

/// A pattern.
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
    /// Reads a fixture's route: its pattern, and the schemas that it names itself.
    ///
    /// # Errors
    /// A segment that is neither a text nor one parameter, or a type that is not known.
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
                    return Err(format!("`{text}` is neither a text nor one parameter"));
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

    /// One path and nothing else.
    pub(crate) fn of_path(path: &str) -> Self {
        let texts = path.strip_prefix('/').unwrap_or(path).split('/');
        let literal = texts.map(|text| Segment::Literal(text.to_owned()));
        Self {
            segments: literal.collect(),
        }
    }

    /// Everything at or beneath a prefix.
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

    /// The pattern as the host reads it.
    #[must_use]
    pub(crate) fn to_host(&self) -> String {
        let segment = |segment: &Segment| match segment {
            Segment::Literal(text) => format!("/{text}"),
            Segment::One(name) => format!("/{{{name}}}"),
            Segment::Rest(name) => format!("/{{*{name}}}"),
        };
        self.segments.iter().map(segment).collect()
    }

    /// The names of its parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::One(name) | Segment::Rest(name) => Some(name.as_str()),
        })
    }

    /// Whether a path, without a query, is one of this pattern.
    #[must_use]
    pub(crate) fn matches(&self, path: &str) -> bool {
        meet(&self.segments, &Self::of_path(path).segments)
    }

    /// Whether some path is one of both patterns. A last slash makes no difference,
    /// so that no two fixtures differ in nothing else.
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
        // The rest may be taken as nothing: to keep too much apart does no harm.
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
