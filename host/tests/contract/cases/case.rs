//! Requests and the replies that the host and every test client give to them, as data.
//!
//! Each JSON file beside this one names an app and has cases, which share one server or
//! one client and run in order. The tests of the three SDKs read the same files. A
//! request's body is `json`, `text`, `base64`, `parts` of a multipart form, or a text to
//! `repeat`. A reply has one expectation about its body: `json`, whose members in
//! `ignore` vary from run to run, `text`, `base64`, its `length`, or the reason why it is
//! `unchecked`. `{app}` in a header stands for the name of the app.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseFile {
    pub(crate) app: String,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) request: CaseRequest,
    pub(crate) reply: Expected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseRequest {
    pub(crate) method: String,
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<CaseBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    /// `Some(Value::Null)` if the body is `null`.
    #[serde(default, deserialize_with = "present")]
    json: Option<Value>,
    text: Option<String>,
    base64: Option<String>,
    repeat: Option<String>,
    times: Option<usize>,
    pub(crate) parts: Option<Vec<Part>>,
}

/// A part of a multipart form; one with a file name is a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    text: Option<String>,
    base64: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    json: Option<Value>,
    text: Option<String>,
    base64: Option<String>,
    length: Option<usize>,
    unchecked: Option<String>,
}

/// The reply that a case got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Reads the files of the cases of an app, in the order of their names.
pub(crate) fn files(folder: &Path, app: &str) -> Vec<CaseFile> {
    let entries = fs::read_dir(folder).expect("the folder of the cases");
    let paths = entries.map(|entry| entry.expect("a file of cases").path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .collect();
    paths.sort();
    let files = paths.iter().map(|path| {
        let text = fs::read_to_string(path).expect("a file of cases is text");
        let file: Result<CaseFile, _> = serde_json::from_str(&text);
        file.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    });
    let files: Vec<_> = files.filter(|file| file.app == app).collect();
    assert!(!files.is_empty(), "`{app}` has no cases");
    files
}

impl CaseFile {
    /// Runs every case and fails with the list of those that got another reply.
    /// `app_name` is the name of the app in the language under test.
    pub(crate) fn run(&self, app_name: &str, mut ask: impl FnMut(&CaseRequest) -> Answer) {
        let mut ran = 0;
        let mut failed = Vec::new();
        for case in &self.cases {
            let answer = ask(&case.request);
            ran += 1;
            if let Err(difference) = case.reply.check(app_name, &answer) {
                failed.push(format!("{}: {difference}", case.name));
            }
        }
        assert!(ran > 0 && ran == self.cases.len(), "only {ran} cases ran");
        assert!(failed.is_empty(), "{app_name}:\n{}", failed.join("\n"));
    }
}

impl CaseBody {
    /// The content type and the bytes of a body that is not a multipart form.
    pub(crate) fn bytes(&self) -> (String, Vec<u8>) {
        let kind = |default: &str| self.kind.clone().unwrap_or_else(|| default.to_owned());
        if let Some(json) = &self.json {
            return (kind("application/json"), json.to_string().into_bytes());
        }
        let bytes = match (&self.text, &self.base64, &self.repeat) {
            (Some(text), None, None) => text.clone().into_bytes(),
            (None, Some(text), None) => decode_base64(text),
            (None, None, Some(text)) => text.repeat(self.times.unwrap_or(1)).into_bytes(),
            _ => panic!("a body is one of `json`, `text`, `base64`, `parts` and `repeat`"),
        };
        (kind(""), bytes)
    }
}

impl Part {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(text)) => decode_base64(text),
            _ => panic!("a part is one of `text` and `base64`"),
        }
    }
}

impl Expected {
    fn check(&self, app_name: &str, answer: &Answer) -> Result<(), String> {
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status != self.status {
            return Err(format!(
                "expected {}, got {} {text}",
                self.status, answer.status
            ));
        }
        for (name, expected) in &self.headers {
            let values = answer.headers.iter().filter(|(known, _)| known == name);
            let values: Vec<_> = values
                .map(|(_, value)| Value::from(value.clone()))
                .collect();
            let expected = match expected {
                Value::Null => Vec::new(),
                Value::Array(list) => list.clone(),
                Value::String(text) => vec![text.replace("{app}", app_name).into()],
                _ => panic!("the header `{name}` is expected to be no text"),
            };
            if values != expected {
                return Err(format!("expected `{name}` {expected:?}, got {values:?}"));
            }
        }
        let same = match self {
            Self {
                json: Some(json), ..
            } => serde_json::from_slice(&answer.body)
                .is_ok_and(|got| same(json, &without(got, &self.ignore))),
            Self {
                text: Some(expected),
                ..
            } => text == expected.as_str(),
            Self {
                base64: Some(expected),
                ..
            } => answer.body == decode_base64(expected),
            Self {
                length: Some(length),
                ..
            } => answer.body.len() == *length,
            Self {
                unchecked: Some(_), ..
            } => true,
            _ => return Err("the case expects nothing of the body".to_owned()),
        };
        if same {
            Ok(())
        } else {
            Err(format!("got {text}"))
        }
    }
}

fn without(mut value: Value, members: &[String]) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|name, _| !members.contains(name));
    }
    value
}

/// Compares two JSON values: same types and structure, and numbers by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let mut members = left.iter();
            left.len() == right.len()
                && members.all(|(name, value)| right.get(name).is_some_and(|r| same(value, r)))
        }
        _ => left == right,
    }
}

/// Decodes base64 (RFC 4648, section 4).
fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.trim_end_matches('=').chars() {
        let digit = ALPHABET.find(letter).expect("a letter of base64");
        bits = bits << 6 | u32::try_from(digit).expect("six bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("a byte"));
        }
    }
    bytes
}

fn present<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}
