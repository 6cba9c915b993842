//! The fixtures this host does not follow, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::author::Author;
use super::case::Case;
use super::compare::{Difference, Part, differ_in_words};
use super::exchange::Answer;

/// The file of known deviations.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deviations {
    /// Kinds of fixtures, to reasons. A kind that is not here excuses nothing.
    kinds: BTreeMap<String, String>,
    /// Ids of fixtures, to reasons.
    fixtures: BTreeMap<String, String>,
}

/// Every kind that can be told from a fixture and its response.
const KINDS: [&str; 3] = ["forged-token", "foreign-error-body", "foreign-words"];

impl Deviations {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or names a kind that is not known.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("`{}`: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let read: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        match read
            .kinds
            .keys()
            .find(|kind| !KINDS.contains(&kind.as_str()))
        {
            Some(kind) => Err(format!(
                "there is no kind `{kind}`: use {}",
                KINDS.join(", ")
            )),
            None => Ok(read),
        }
    }

    /// Why a fixture is not followed, by its id.
    #[must_use]
    pub(crate) fn by_id(&self, id: &str) -> Option<&str> {
        self.fixtures.get(id).map(String::as_str)
    }

    /// Why a fixture is not followed, by the kind that its response shows, or the
    /// sentence with which the host refused its app.
    #[must_use]
    pub(crate) fn by_kind(
        &self,
        case: &Case,
        differences: &[Difference],
        answer: Result<&Answer, &str>,
    ) -> Option<&str> {
        let kind = kind_of(case, differences, answer)?;
        self.kinds.get(kind).map(String::as_str)
    }
}

fn kind_of(
    case: &Case,
    differences: &[Difference],
    answer: Result<&Answer, &str>,
) -> Option<&'static str> {
    if case.forged {
        let refused = match answer {
            Ok(answer) => answer.status == 401,
            // The key is none either.
            Err(refusal) => refusal.contains("`public_key`"),
        };
        return refused.then_some("forged-token");
    }
    let answer = answer.ok()?;
    let only_body = differences
        .iter()
        .all(|difference| difference.part == Part::Body);
    if case.author != Author::Host || answer.status < 400 || !only_body {
        return None;
    }
    let expected = case.expected.body.as_ref()?;
    let is_problem = expected["type"]
        .as_str()
        .is_some_and(|kind| kind.contains("://"));
    match is_problem {
        false => Some("foreign-error-body"),
        true => differ_in_words(&case.expected, answer).then_some("foreign-words"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn case(http: Value) -> Case {
        let fixture = serde_json::from_value(http).expect("a fixture");
        Case::new("f/a", "a", &fixture).expect("a case")
    }

    fn refused(expected: Value) -> Case {
        case(json!({
            "handler": {"route": "/a", "method": "POST", "body_schema": {"type": "string"}},
            "request": {"method": "POST", "path": "/a", "body": "{"},
            "expected_response": {"status_code": 400, "body": expected}
        }))
    }

    fn difference(part: Part) -> Vec<Difference> {
        vec![Difference {
            part,
            text: String::new(),
        }]
    }

    fn answer(status: u16) -> Answer {
        Answer {
            status,
            ..Answer::default()
        }
    }

    #[test]
    fn only_what_is_listed_is_excused() {
        let listed =
            Deviations::parse("[kinds]\nforeign-error-body = \"r\"\n[fixtures]\na = \"s\"");
        let listed = listed.expect("deviations");
        let case = refused(json!({"error": "x"}));
        let body = difference(Part::Body);
        assert_eq!(listed.by_kind(&case, &body, Ok(&answer(400))), Some("r"));
        assert_eq!(
            Deviations::default().by_kind(&case, &body, Ok(&answer(400))),
            None
        );
        assert_eq!((listed.by_id("a"), listed.by_id("b")), (Some("s"), None));
        let error = Deviations::parse("[kinds]\nteapot = \"r\"").expect_err("an unknown kind");
        assert!(error.contains("`teapot`"), "{error}");
        assert!(Deviations::parse("[others]").is_err());
    }

    #[test]
    fn another_status_is_no_matter_of_words() {
        let case = refused(json!({"error": "x"}));
        let status = difference(Part::Status);
        assert_eq!(kind_of(&case, &status, Ok(&answer(413))), None);
        let problem = refused(json!({"type": "https://x/y", "detail": "z"}));
        assert_eq!(
            kind_of(&problem, &difference(Part::Body), Ok(&answer(400))),
            None
        );
    }

    #[test]
    fn a_forged_token_is_excused_only_if_refused() {
        let case = case(json!({
            "handler": {"route": "/a", "method": "GET", "middleware": {"jwt_auth": {"secret": "s"}}},
            "request": {"method": "GET", "path": "/a", "headers": {"Authorization": "Bearer a.b.test"}},
            "expected_response": {"status_code": 200}
        }));
        assert!(case.forged);
        let status = difference(Part::Status);
        assert_eq!(
            kind_of(&case, &status, Ok(&answer(401))),
            Some("forged-token")
        );
        let key = Err("its `jwt` has a `public_key` that cannot be read");
        assert_eq!(kind_of(&case, &[], key), Some("forged-token"));
        assert_eq!(kind_of(&case, &[], Err("there is no field `jwt`")), None);
        assert_eq!(kind_of(&case, &status, Ok(&answer(500))), None);
    }
}
