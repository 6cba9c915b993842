//! Known deviations: fixtures that the host does not follow, with reasons.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::author::{Author, is_preflight};
use super::case::Case;
use super::compare::{Difference, Part, differ_in_words, differences};
use super::exchange::Answer;
use super::fixture::Expected;

/// The known deviations.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deviations {
    /// Map from kinds to reasons. A kind that is not listed excuses nothing.
    kinds: BTreeMap<String, String>,
    /// Map from ids of fixtures to their kinds, or to reasons if they have no kind.
    fixtures: BTreeMap<String, String>,
}

/// The kinds that the runner detects from a fixture and its response.
const KINDS: [&str; 7] = [
    "cors-refusal",
    "forged-token",
    "foreign-error-body",
    "foreign-words",
    "openapi-version",
    "preflight-status",
    "undeclared-limit",
];

impl Deviations {
    /// Reads the file of known deviations.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or names an unknown kind.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("`{}`: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let read: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut kinds = read.kinds.keys();
        if let Some(kind) = kinds.find(|kind| !KINDS.contains(&kind.as_str())) {
            let known = KINDS.join(", ");
            return Err(format!("unknown kind `{kind}`: use {known}"));
        }
        let mut fixtures = read.fixtures.iter();
        match fixtures.find(|(_, why)| !why.contains(' ') && !read.kinds.contains_key(*why)) {
            Some((id, kind)) => Err(format!(
                "`{id}` is of the kind `{kind}`, which has no reason"
            )),
            None => Ok(read),
        }
    }

    /// Returns true if a fixture is listed by id.
    #[must_use]
    pub(crate) fn lists(&self, id: &str) -> bool {
        self.fixtures.contains_key(id)
    }

    /// Returns the reason that excuses a failed fixture, by its id or by its kind. The
    /// runner detects the kind from the response, or from the error with which the host
    /// rejected the app. A fixture that is listed with a kind must show that kind.
    #[must_use]
    pub(crate) fn reason(
        &self,
        case: &Case,
        differences: &[Difference],
        answer: Result<&Answer, &str>,
    ) -> Option<&str> {
        let kind = kind_of(case, differences, answer);
        match self.fixtures.get(&case.id) {
            Some(reason) if reason.contains(' ') => Some(reason),
            Some(listed) if kind != Some(listed) => None,
            _ => self.kinds.get(kind?).map(String::as_str),
        }
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
            // The fixture's public key is invalid too, so the host rejects the app.
            Err(refusal) => refusal.contains("`public_key`"),
        };
        return refused.then_some("forged-token");
    }
    let answer = answer.ok()?;
    if let Some(kind) = kind_of_host(case, answer) {
        return Some(kind);
    }
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

/// Returns the kind of a response in which the host uses its own default, status or version
/// instead of the expected one.
fn kind_of_host(case: &Case, answer: &Answer) -> Option<&'static str> {
    let mut expected = case.expected.clone();
    let (wanted, sent) = (expected.status_code, answer.status);
    if matches!(wanted, 413 | 414 | 431) && sent < 400 {
        return (!case.limited).then_some("undeclared-limit");
    }
    if wanted == 403 && case.shared && !is_preflight(&case.request) && sent < 400 {
        // Without this header, the browser hides the response from the page.
        let mut told = answer.values("access-control-allow-origin");
        return told.next().is_none().then_some("cors-refusal");
    }
    if is_preflight(&case.request) && wanted == 200 && sent == 204 {
        expected.status_code = sent;
        return fits(&expected, case, answer).then_some("preflight-status");
    }
    let body = expected.body.as_mut()?;
    let version = body["openapi"]
        .as_str()
        .filter(|text| text.starts_with("3.0"));
    if version.is_some() && case.author == Author::Host {
        body["openapi"] = "3.1.*".into();
        return fits(&expected, case, answer).then_some("openapi-version");
    }
    None
}

fn fits(expected: &Expected, case: &Case, answer: &Answer) -> bool {
    differences(expected, case.author, &case.request, answer).is_empty()
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
            Deviations::parse("[kinds]\nforeign-error-body = \"r\"\n[fixtures]\nb = \"It is so.\"");
        let listed = listed.expect("deviations");
        let case = refused(json!({"error": "x"}));
        let body = difference(Part::Body);
        let why = |listed: &Deviations, case: &Case, status: u16| {
            let reason = listed.reason(case, &body, Ok(&answer(status)));
            reason.map(str::to_owned)
        };
        assert_eq!(why(&listed, &case, 400).as_deref(), Some("r"));
        assert_eq!(why(&Deviations::default(), &case, 400), None);
        let mut other = case.clone();
        other.id = "b".to_owned();
        assert_eq!(why(&listed, &other, 200).as_deref(), Some("It is so."));
        assert!(listed.lists("b") && !listed.lists("a"));
        let error = Deviations::parse("[kinds]\nteapot = \"r\"").expect_err("an unknown kind");
        assert!(error.contains("`teapot`"), "{error}");
        assert!(Deviations::parse("[others]").is_err());
    }

    #[test]
    fn a_listed_kind_must_be_shown() {
        let text = "[kinds]\nforeign-error-body = \"r\"\nforged-token = \"f\"\n[fixtures]\na = ";
        let case = refused(json!({"error": "x"}));
        let body = difference(Part::Body);
        for (kind, wanted) in [("foreign-error-body", Some("r")), ("forged-token", None)] {
            let listed = Deviations::parse(&format!("{text}\"{kind}\"")).expect("deviations");
            assert_eq!(
                listed.reason(&case, &body, Ok(&answer(400))),
                wanted,
                "{kind}"
            );
        }
        let error = Deviations::parse(&format!("{text}\"foreign-words\"")).expect_err("no reason");
        assert!(error.contains("`foreign-words`"), "{error}");
    }

    #[test]
    fn what_the_host_does_in_its_own_way() {
        let status = difference(Part::Status);
        let get = |request: Value, expected: Value| {
            let route = &request["path"];
            case(json!({
                "handler": {"route": route, "method": request["method"]},
                "request": request, "expected_response": expected
            }))
        };
        let large = get(
            json!({"method": "GET", "path": "/a"}),
            json!({"status_code": 431}),
        );
        assert_eq!(
            kind_of(&large, &status, Ok(&answer(200))),
            Some("undeclared-limit")
        );
        assert_eq!(kind_of(&large, &status, Ok(&answer(500))), None);

        let asked = json!({"method": "GET", "path": "/a", "headers": {"Origin": "https://o"}});
        let mut refused = get(asked, json!({"status_code": 200}));
        refused.expected.status_code = 403;
        assert_eq!(kind_of(&refused, &status, Ok(&answer(200))), None);
        refused.shared = true;
        assert_eq!(
            kind_of(&refused, &status, Ok(&answer(200))),
            Some("cors-refusal")
        );
        let mut told = answer(200);
        let header = (
            "access-control-allow-origin".to_owned(),
            "https://o".to_owned(),
        );
        told.headers.push(header);
        assert_eq!(kind_of(&refused, &status, Ok(&told)), None);

        let headers = json!({"Origin": "https://o", "Access-Control-Request-Method": "PUT"});
        let expected =
            json!({"status_code": 200, "headers": {"Access-Control-Allow-Origin": "https://o"}});
        let asked = json!({"method": "OPTIONS", "path": "/a", "headers": headers});
        let preflight = get(asked, expected);
        let mut sent = answer(204);
        assert_eq!(kind_of(&preflight, &status, Ok(&sent)), None);
        let header = (
            "access-control-allow-origin".to_owned(),
            "https://o".to_owned(),
        );
        sent.headers.push(header);
        assert_eq!(
            kind_of(&preflight, &status, Ok(&sent)),
            Some("preflight-status")
        );

        let document = get(
            json!({"method": "GET", "path": "/openapi.json"}),
            json!({"status_code": 200, "body": {"openapi": "3.0.0", "info": {"title": "T"}}}),
        );
        let mut sent = answer(200);
        sent.body = json!({"openapi": "3.1.0", "info": {"title": "T"}})
            .to_string()
            .into_bytes();
        let body = difference(Part::Body);
        assert_eq!(
            kind_of(&document, &body, Ok(&sent)),
            Some("openapi-version")
        );
        sent.body = json!({"openapi": "3.1.0", "info": {}})
            .to_string()
            .into_bytes();
        assert_eq!(kind_of(&document, &body, Ok(&sent)), None);
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
