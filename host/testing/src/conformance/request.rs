//! Builds the bytes of a fixture's request.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::fixture::Request;
use super::multipart;
use super::template::{expand, expand_members, expand_text};

/// Characters that must be escaped in a request target.
const TARGET: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#');

/// Characters that must be escaped in a form.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*')
    .remove(b'[')
    .remove(b']');

/// A request ready to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// The method.
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) target: String,
    /// The headers.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Option<Vec<u8>>,
}

impl Outgoing {
    /// Builds a fixture's request.
    ///
    /// # Errors
    /// Fails if the request has an unknown template or file, or a line break in a header.
    pub(crate) fn read(request: &Request) -> Result<Self, String> {
        let mut headers = Vec::new();
        for (name, value) in &expand_members(&request.headers)? {
            let one = std::slice::from_ref(value);
            for value in value.as_array().map_or(one, Vec::as_slice) {
                headers.push((name.clone(), header_text(name, value)?));
            }
        }
        let mut outgoing = Self {
            method: request.method.to_ascii_uppercase(),
            target: target(request)?,
            headers,
            body: None,
        };
        if !request.cookies.is_empty() {
            let cookies = expand_members(&request.cookies)?;
            let pairs: Vec<_> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={}", text(value)))
                .collect();
            outgoing
                .headers
                .push(("Cookie".to_owned(), pairs.join("; ")));
        }
        if let (None, Some(content_type)) = (outgoing.header("content-type"), &request.content_type)
        {
            let header = ("Content-Type".to_owned(), content_type.clone());
            outgoing.headers.push(header);
        }
        outgoing.add_body(request)?;
        Ok(outgoing)
    }

    /// Returns the first value of a header.
    #[must_use]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter();
        let found = found.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the content type in lowercase, without its parameters.
    #[must_use]
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let name = value.split(';').next().unwrap_or_default();
        Some(name.trim().to_ascii_lowercase())
    }

    /// Returns the path without the query.
    #[must_use]
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    fn add_body(&mut self, request: &Request) -> Result<(), String> {
        let media_type = self.media_type();
        let is_multipart = media_type.as_deref() == Some("multipart/form-data");
        let fields = request.form_data.as_ref().or(request.data.as_ref());
        if request.files.is_some() || (is_multipart && fields.is_some()) {
            let empty = Map::new();
            let fields = expand_members(fields.unwrap_or(&empty))?;
            let files = expand(request.files.as_ref().unwrap_or(&Value::Null))?;
            self.body = Some(multipart::encode(&fields, &files)?);
            self.multipart();
            return Ok(());
        }
        if let Some(fields) = fields {
            if self.header("content-type").is_none() {
                let value = "application/x-www-form-urlencoded".to_owned();
                self.headers.push(("Content-Type".to_owned(), value));
            }
            self.body = Some(form(&expand_members(fields)?).into_bytes());
            return Ok(());
        }
        let Some(body) = &request.body else {
            return Ok(());
        };
        self.body = Some(match expand(body)? {
            Value::Object(fields) if is_multipart => {
                self.multipart();
                multipart::encode(&fields, &Value::Null)?
            }
            Value::Object(fields)
                if media_type.as_deref() == Some("application/x-www-form-urlencoded") =>
            {
                form(&fields).into_bytes()
            }
            Value::String(text) => text.into_bytes(),
            // Do not add a content type that the fixture does not have.
            value => value.to_string().into_bytes(),
        });
        Ok(())
    }

    /// Sets the content type of a form that the runner has encoded.
    fn multipart(&mut self) {
        self.headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        let value = format!("multipart/form-data; boundary={}", multipart::BOUNDARY);
        self.headers.push(("Content-Type".to_owned(), value));
    }

    /// Returns the bytes of the request.
    #[must_use]
    pub(crate) fn to_bytes(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if self.header("host").is_none() {
            head += &format!("Host: {host}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let framed =
            self.header("content-length").is_some() || self.header("transfer-encoding").is_some();
        if let (Some(body), false) = (&self.body, framed) {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        if self.header("connection").is_none() {
            head += "Connection: close\r\n";
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}

fn header_text(name: &str, value: &Value) -> Result<String, String> {
    let text = text(value);
    match text.contains(['\r', '\n', '\0']) {
        true => Err(format!("the header `{name}` has a line break")),
        false => Ok(text),
    }
}

/// Formats a value for a query, form, cookie or header.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Returns the request target. Escapes characters that a target cannot contain, and appends
/// `query_params` if the path has no query; otherwise they repeat the query.
fn target(request: &Request) -> Result<String, String> {
    let path = expand_text(&request.path)?;
    let path = utf8_percent_encode(&path, TARGET).to_string();
    match &request.query_params {
        Some(params) if !path.contains('?') && !params.is_empty() => {
            Ok(format!("{path}?{}", form(&expand_members(params)?)))
        }
        _ => Ok(path),
    }
}

/// Encodes fields as `application/x-www-form-urlencoded`. An array repeats its name; the
/// members of an object become `name[member]`.
fn form(fields: &Map<String, Value>) -> String {
    let mut pairs = Vec::new();
    for (name, value) in fields {
        add(&mut pairs, name.clone(), value);
    }
    pairs.join("&")
}

fn add(pairs: &mut Vec<String>, name: String, value: &Value) {
    match value {
        Value::Array(items) => {
            for item in items {
                add(pairs, name.clone(), item);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                add(pairs, format!("{name}[{key}]"), value);
            }
        }
        value => pairs.push(format!(
            "{}={}",
            utf8_percent_encode(&name, FORM),
            utf8_percent_encode(&text(value), FORM)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outgoing(request: Value) -> Outgoing {
        let request = serde_json::from_value(request).expect("a request");
        Outgoing::read(&request).expect("a request to send")
    }

    #[test]
    fn the_query_is_encoded_once() {
        let params = json!({"a": "x y&", "b": [1, true], "c": {"d": null}});
        let with =
            |path: &str| outgoing(json!({"method": "get", "path": path, "query_params": params}));
        assert_eq!(with("/p").target, "/p?a=x%20y%26&b=1&b=true&c[d]=");
        assert_eq!(with("/p?a=%20").target, "/p?a=%20");
        assert_eq!(with("/p").method, "GET");
        assert_eq!(
            outgoing(json!({"path": "/ä b/%2F"})).target,
            "/%C3%A4%20b/%2F"
        );
    }

    #[test]
    fn the_head_is_as_given() {
        let request = outgoing(json!({
            "method": "POST", "path": "/p", "headers": {"X-A": "1", "x-b": ["2", 3]},
            "cookies": {"s": "t", "u": 1}, "body": "text"
        }));
        let bytes = String::from_utf8(request.to_bytes("h")).expect("text");
        assert_eq!(
            bytes,
            "POST /p HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-b: 2\r\nx-b: 3\r\nCookie: s=t; u=1\r\n\
             Content-Length: 4\r\nConnection: close\r\n\r\ntext"
        );
        let framed = outgoing(json!({
            "method": "POST", "path": "/", "headers": {"Content-Length": "9", "Host": "x"}, "body": "a"
        }));
        let bytes = String::from_utf8(framed.to_bytes("h")).expect("text");
        assert!(
            bytes.contains("Content-Length: 9\r\n") && !bytes.contains(": 1\r\n"),
            "{bytes}"
        );
        assert!(!bytes.contains("Host: h"), "{bytes}");
    }

    #[test]
    fn a_form_has_the_type_it_needs() {
        let json = outgoing(json!({"body": {"a": 1}}));
        assert_eq!(json.media_type(), None);
        assert_eq!(json.body.as_deref(), Some(&b"{\"a\":1}"[..]));
        let text = outgoing(json!({"body": "{"}));
        assert_eq!(
            (text.media_type(), text.body.as_deref()),
            (None, Some(&b"{"[..]))
        );
        let form = outgoing(json!({"data": {"a": ["1", "2"]}}));
        assert_eq!(
            form.media_type().as_deref(),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(form.body.as_deref(), Some(&b"a=1&a=2"[..]));
        let parts = outgoing(json!({
            "content_type": "multipart/form-data", "body": {"f": {"filename": "a", "content": "b"}}
        }));
        let value = parts.header("content-type").expect("a content type");
        assert!(
            value.starts_with("multipart/form-data; boundary="),
            "{value}"
        );
        assert_eq!(parts.headers.len(), 1);
    }

    #[test]
    fn a_header_stays_in_its_line() {
        let request =
            serde_json::from_value(json!({"headers": {"a": "b\r\nc: d"}})).expect("a request");
        assert!(Outgoing::read(&request).is_err());
    }
}
