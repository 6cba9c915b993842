//! Encodes the fields and files of a fixture as `multipart/form-data`.

use serde_json::{Map, Value};

use super::members::Members;

/// The boundary between the parts.
pub(crate) const BOUNDARY: &str = "spikard-conformance-7f3b1c";

/// Encodes a form. A field whose value is an object with a `content` becomes a file.
pub(crate) fn encode(fields: &Map<String, Value>, files: &Value) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    for (name, value) in fields {
        field(&mut body, name, value)?;
    }
    match files {
        Value::Null => {}
        Value::Array(files) => {
            for entry in files {
                file(&mut body, None, entry)?;
            }
        }
        Value::Object(files) => {
            for (name, value) in files {
                let one = std::slice::from_ref(value);
                for entry in value.as_array().map_or(one, Vec::as_slice) {
                    file(&mut body, Some(name), entry)?;
                }
            }
        }
        _ => return Err("the `files` of the request must be an array or an object".to_owned()),
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Ok(body)
}

fn field(body: &mut Vec<u8>, name: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| field(body, name, item)),
        Value::Object(members) if members.contains_key("content") => file(body, Some(name), value),
        Value::String(text) => {
            part(body, name, "", &[], text.as_bytes());
            Ok(())
        }
        other => {
            part(body, name, "", &[], other.to_string().as_bytes());
            Ok(())
        }
    }
}

fn file(body: &mut Vec<u8>, name: Option<&str>, value: &Value) -> Result<(), String> {
    let unknown = || format!("unknown file `{value}` in the request");
    let mut members = Members::of("files", value)?.ok_or_else(unknown)?;
    let named = members.text(&["field", "field_name", "name"])?;
    let name = named
        .or_else(|| name.map(str::to_owned))
        .ok_or_else(unknown)?;
    let filename = match members.text(&["filename"])? {
        Some(filename) => format!("; filename=\"{}\"", escape(&filename)),
        None => String::new(),
    };
    let content = match members.text(&["magic_bytes"])? {
        Some(digits) => hex(&digits).ok_or_else(unknown)?,
        None => Vec::new(),
    };
    let text = members.text(&["content"])?.unwrap_or_default();
    let mut headers = Vec::new();
    for (header, key) in [
        ("content-type", "content_type"),
        ("content-encoding", "content_encoding"),
    ] {
        if let Some(value) = members.text(&[key])? {
            headers.push((header.to_owned(), value));
        }
    }
    if let Some(Value::Object(more)) = members.take(&["headers"]) {
        for (header, value) in more {
            let value = value.as_str().ok_or_else(unknown)?.to_owned();
            headers.push((header, value));
        }
    }
    members.finish()?;
    if headers
        .iter()
        .any(|(_, value)| value.contains(['\r', '\n']))
    {
        return Err(unknown());
    }
    part(
        body,
        &name,
        &filename,
        &headers,
        &[content, text.into_bytes()].concat(),
    );
    Ok(())
}

fn part(
    body: &mut Vec<u8>,
    name: &str,
    filename: &str,
    headers: &[(String, String)],
    content: &[u8],
) {
    let name = escape(name);
    let mut head =
        format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{filename}\r\n");
    for (header, value) in headers {
        head += &format!("{header}: {value}\r\n");
    }
    head += "\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

/// Escapes a name as browsers do (WHATWG HTML standard).
fn escape(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn encoded(fields: Value, files: Value) -> String {
        let fields = fields.as_object().expect("an object");
        let body = encode(fields, &files).expect("a form");
        String::from_utf8(body).expect("text").replace("\r\n", "|")
    }

    #[test]
    fn fields_and_files() {
        let fields = json!({
            "a": ["1", 2], "f": {"filename": "a\".gz", "content": "x", "content_encoding": "gzip"}
        });
        let files = json!({"g": [{"content": "y", "content_type": "text/plain"}]});
        assert_eq!(
            encoded(fields, files).replace(BOUNDARY, "B"),
            "--B|content-disposition: form-data; name=\"a\"||1|\
             --B|content-disposition: form-data; name=\"a\"||2|\
             --B|content-disposition: form-data; name=\"f\"; filename=\"a%22.gz\"|content-encoding: gzip||x|\
             --B|content-disposition: form-data; name=\"g\"|content-type: text/plain||y|--B--|"
        );
        let listed = json!([{"field_name": "h", "filename": "z", "magic_bytes": "4142"}]);
        assert!(encoded(json!({}), listed).contains("name=\"h\"; filename=\"z\"||AB|"));
    }

    #[test]
    fn what_is_not_known_is_named() {
        for files in [json!(3), json!(["a"]), json!([{"content": "a"}])] {
            assert!(encode(&Map::new(), &files).is_err(), "{files}");
        }
        let files = json!({"f": {"content": "a", "colour": "red"}});
        let error = encode(&Map::new(), &files).expect_err("an unknown member");
        assert!(error.contains("`colour`"), "{error}");
    }
}
