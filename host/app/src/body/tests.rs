//! Tests of how bodies are read.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(spec: &BodySpec, content_type: &str, body: &'static [u8]) -> Result<Body, Refusal> {
    let content_type = (!content_type.is_empty()).then_some(content_type.as_bytes());
    spec.plan(content_type)?.read(Bytes::from_static(body))
}

fn status(result: Result<Body, Refusal>) -> u16 {
    result.unwrap_err().status()
}

#[test]
fn undeclared_bodies_are_read_by_their_type() {
    let spec = BodySpec::parse("", false).unwrap();
    let json = "application/json; charset=utf-8";
    assert_eq!(
        read(&spec, json, b"{\"a\": 1}"),
        Ok(Body::Json("{\"a\": 1}".into()))
    );
    assert_eq!(
        read(&spec, "text/html", b"<p>"),
        Ok(Body::Text("<p>".into()))
    );
    let form = Ok(Body::Form("{\"a\":\"1\"}".to_owned()));
    assert_eq!(read(&spec, MediaType::FORM, b"a=1"), form);
    assert_eq!(
        read(&spec, "", b"\xff"),
        Ok(Body::Bytes(Bytes::from_static(b"\xff")))
    );
    assert_eq!(read(&spec, json, b""), Ok(Body::Empty));
}

#[test]
fn what_cannot_be_read_is_refused() {
    let spec = BodySpec::parse("", false).unwrap();
    assert_eq!(status(read(&spec, "application/json", b"{\"a\":")), 400);
    assert_eq!(status(read(&spec, "application/json", b"\"\xff\"")), 400);
    assert_eq!(status(read(&spec, "text/plain", b"\xff")), 400);
    assert_eq!(status(read(&spec, MediaType::FORM, b"a=%ff")), 400);
    assert_eq!(status(read(&spec, "nonsense", b"x")), 400);
    assert_eq!(
        status(read(&spec, "text/plain; charset=klingon", b"x")),
        415
    );
    assert_eq!(status(read(&spec, MediaType::MULTIPART, b"")), 400);
    let deep = vec![b'['; 100_000].leak();
    assert_eq!(status(read(&spec, "application/json", deep)), 400);
}

#[test]
fn unsupported_charsets_are_named() {
    let spec = BodySpec::parse("", false).unwrap();
    for (content_type, charset) in [
        ("application/json; charset=latin1", "latin1"),
        ("application/problem+json; charset=\"UTF-16\"", "UTF-16"),
        ("application/json; charset=klingon", "klingon"),
        ("text/plain; charset=klingon", "klingon"),
        ("application/x-www-form-urlencoded; charset=x", "x"),
    ] {
        let refusal = read(&spec, content_type, b"{}").unwrap_err();
        assert_eq!(refusal.header(), None);
        let problem = refusal.into_problem();
        assert_eq!(problem.status, 415);
        assert!(
            problem.kind.ends_with("/unsupported-charset"),
            "{problem:?}"
        );
        let named = format!("`{charset}`");
        assert!(problem.detail.contains(&named), "{problem:?}");
    }
    for charset in ["utf-8", "UTF8", "us-ascii"] {
        let json = format!("application/json; charset={charset}");
        assert!(read(&spec, &json, b"{}").is_ok(), "{charset}");
    }
    // The charset of binary content has no meaning.
    assert!(read(&spec, "image/svg; charset=klingon", b"x").is_ok());
}

#[test]
fn coded_bodies_are_refused() {
    let spec = BodySpec::parse("", false).unwrap();
    let check = |spec: &BodySpec, fields: &[&'static str]| {
        spec.check_content_coding(fields.iter().map(|field| field.as_bytes()))
    };
    for (fields, coding) in [
        (&["gzip"] as &[_], "gzip"),
        (&["br"], "br"),
        (&["aws-chunked"], "aws-chunked"),
        (&["identity, GZIP"], "GZIP"),
        (&["identity", "gzip,\tbr"], "gzip, br"),
    ] {
        let refusal = check(&spec, fields).unwrap_err();
        let header = Some(("accept-encoding", "identity".to_owned()));
        assert_eq!(refusal.header(), header);
        let problem = refusal.into_problem();
        assert_eq!(problem.status, 415);
        let named = format!("`{coding}`");
        assert!(problem.detail.contains(&named), "{problem:?}");
    }
    for fields in [&[] as &[_], &[""], &["Identity"], &[" , identity\t"]] {
        assert_eq!(check(&spec, fields), Ok(()), "{fields:?}");
    }
    let raw = BodySpec::parse("", true).unwrap();
    assert_eq!(check(&raw, &["gzip"]), Ok(()));
}

#[test]
fn declared_bodies_keep_their_schema() {
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}});
    let text = json!({"required": true, "content": {"application/json": {"schema": schema},
        "application/x-www-form-urlencoded": {"schema": schema}}});
    let spec = BodySpec::parse(&text.to_string(), false).unwrap();
    assert_eq!(
        read(&spec, "", b"{\"a\":1}"),
        Ok(Body::Json("{\"a\":1}".into()))
    );
    assert_eq!(
        read(&spec, MediaType::FORM, b"a=1"),
        Ok(Body::Form("{\"a\":1}".into()))
    );
    assert_eq!(status(read(&spec, MediaType::FORM, b"a=x")), 422);
    assert_eq!(status(read(&spec, "application/json", b"{}")), 422);
    assert_eq!(status(read(&spec, "application/json", b"")), 422);
    assert_eq!(status(read(&spec, "text/plain", b"x")), 415);
}

#[test]
fn raw_bodies_cross_as_bytes() {
    let spec = BodySpec::parse("", true).unwrap();
    let body = read(&spec, "application/json", b"{");
    assert_eq!(body, Ok(Body::Bytes(Bytes::from_static(b"{"))));
}

#[test]
fn texts_and_forms_are_decoded() {
    let spec = BodySpec::parse("", false).unwrap();
    let text = read(&spec, "text/plain; charset=\"ISO-8859-1\"", b"caf\xe9");
    assert_eq!(text, Ok(Body::Text("caf\u{e9}".into())));
    let form = "application/x-www-form-urlencoded; charset=latin1";
    let read_form = read(&spec, form, b"a=caf%E9+x");
    assert_eq!(
        read_form,
        Ok(Body::Form("{\"a\":\"caf\u{e9} x\"}".to_owned()))
    );
    assert_eq!(status(read(&spec, "text/plain; charset=utf-16", b"x")), 400);
}

#[test]
fn malformed_json_is_located() {
    let spec = BodySpec::parse("", false).unwrap();
    let refusal = read(&spec, "application/json", b"{\"a\":\n }").unwrap_err();
    let document = serde_json::to_value(refusal.into_problem()).unwrap();
    assert_eq!(document["detail"], "Invalid request format");
    let error = &document["errors"][0];
    assert_eq!(error["type"], "json_invalid");
    assert_eq!(error["ctx"], json!({"line": 2, "column": 2}));
    let deep = b"[".repeat(33).leak();
    let refusal = read(&spec, "application/json", deep).unwrap_err();
    assert!(
        refusal
            .into_problem()
            .detail
            .contains("nesting depth of 32")
    );
}

/// Regression test (fuzzing): a valid JSON number can be out of the range of a double.
#[test]
fn numbers_that_are_no_doubles_are_refused_where_a_schema_looks_at_them() {
    let digits: &'static [u8] = "9".repeat(400).leak().as_bytes();
    let without = BodySpec::parse("", false).unwrap();
    assert!(read(&without, "application/json", digits).is_ok());
    let text = json!({"content": {"application/json": {"schema": true}}}).to_string();
    let with = BodySpec::parse(&text, false).unwrap();
    assert_eq!(status(read(&with, "application/json", digits)), 400);
}

#[test]
fn the_most_particular_content_type_counts() {
    let text = json!({"content": {"*/*": {}, "text/*": {"schema": {"const": "a"}},
        "text/plain": {"schema": {"const": "b"}}}});
    let spec = BodySpec::parse(&text.to_string(), false).unwrap();
    assert_eq!(status(read(&spec, "text/html", b"b")), 422);
    assert_eq!(read(&spec, "text/plain", b"b"), Ok(Body::Text("b".into())));
    assert!(read(&spec, "image/png", b"b").is_ok());
}

#[test]
fn parts_have_the_declared_content_types() {
    let schema = json!({"type": "object", "required": ["f"], "properties": {
        "f": {"type": "string", "format": "binary"}}, "additionalProperties": false});
    let text = json!({"required": true, "content": {"multipart/form-data": {"schema": schema,
        "encoding": {"f": {"contentType": "image/jpeg, image/*, text/*"}}}}});
    let spec = BodySpec::parse(&text.to_string(), false).unwrap();
    let plan = spec.plan(Some(b"multipart/form-data; boundary=x")).unwrap();
    assert_eq!(plan.boundary(), Some("x"));
    let errors = |kind: Option<&str>| {
        let mut form = Form::default();
        let file = FilePart {
            filename: "a".to_owned(),
            content_type: kind.map(str::to_owned),
            ..FilePart::default()
        };
        form.file("f".to_owned(), file).unwrap();
        match plan.read_form(form) {
            Err(Refusal::Invalid(errors)) => serde_json::to_value(errors).unwrap(),
            other => json!(other.is_ok()),
        }
    };
    assert_eq!(errors(Some("image/webp")), json!(true));
    let wrong = &errors(Some("application/x-sh"))[0];
    assert_eq!(wrong["loc"], json!(["files", "f"]));
    let allowed = "Allowed types: image/jpeg, image/*, text/*";
    assert_eq!(
        wrong["msg"],
        format!("Invalid content type 'application/x-sh'. {allowed}")
    );
    assert!(
        errors(None)[0]["msg"]
            .as_str()
            .unwrap()
            .contains("octet-stream")
    );
    let Err(Refusal::Invalid(missing)) = plan.read_form(Form::default()) else {
        panic!()
    };
    assert_eq!(missing[0].kind, ErrorKind::Missing);
}

#[test]
fn what_the_host_does_not_do_is_refused() {
    let error = |content: Value| {
        let text = json!({ "content": content }).to_string();
        BodySpec::parse(&text, false).unwrap_err()
    };
    let headers = json!({"multipart/form-data": {"encoding": {"f": {"headers": {}}}}});
    assert!(error(headers).contains("unknown field `headers`"));
    let json = json!({"application/json": {"encoding": {"f": {"contentType": "a/b"}}}});
    assert!(error(json).contains("`encoding`"));
    assert!(error(json!({"json": {}})).contains("`json`"));
    let schema = json!({"text/plain": {"schema": {"$ref": "#/nowhere"}}});
    assert!(error(schema).contains("`text/plain` body is invalid"));
}

proptest! {
    #[test]
    fn never_panics(content_type in "(application/json|text/plain|application/x-www-form-urlencoded|multipart/form-data)(;[ a-z=\"8-]{0,20})?",
        body in prop::collection::vec(any::<u8>(), 0..40)) {
        let schema = json!({"type": ["object", "string"], "properties": {"a": {"type": "integer"}}});
        let text = json!({"content": {"*/*": {"schema": schema}}}).to_string();
        for spec in [BodySpec::parse("", false).unwrap(), BodySpec::parse(&text, false).unwrap()] {
            let plan = spec.plan(Some(content_type.as_bytes()));
            let read = plan.and_then(|plan| plan.read(Bytes::from(body.clone())));
            if let Err(refusal) = read {
                prop_assert!([400, 415, 422].contains(&refusal.status()));
            }
        }
    }

    #[test]
    fn text_crosses_as_it_was_sent(text in ".*", number: i64) {
        let spec = BodySpec::parse("", false).unwrap();
        let plan = spec.plan(Some(b"text/plain; charset=utf-8")).unwrap();
        let expected = if text.is_empty() { Body::Empty } else { Body::Text(text.as_str().into()) };
        prop_assert_eq!(plan.read(text.into()), Ok(expected));
        let json = format!(" {{\"a\" : [{number}, -0.0] }}");
        let plan = spec.plan(Some(b"application/merge-patch+json")).unwrap();
        prop_assert_eq!(plan.read(json.clone().into()), Ok(Body::Json(json.into())));
    }
}
