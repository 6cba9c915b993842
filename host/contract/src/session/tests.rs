use serde_json::{Value, json};

use super::Session;

struct Client(Session);

impl Client {
    fn new(routes: Value, secrets: Value) -> Result<Self, String> {
        let mut client = Self(Session::default());
        let description =
            json!({"name": "shop", "version": "1.0.0", "settings": "", "routes": routes});
        let input = json!({"description": description, "secrets": secrets}).to_string();
        match client.call(0, 0, input.as_bytes()).0.get("error") {
            None => Ok(client),
            Some(sentence) => Err(sentence.as_str().unwrap_or_default().to_owned()),
        }
    }

    fn call(&mut self, operation: u32, exchange: u32, input: &[u8]) -> (Value, Vec<u8>) {
        let frame = self.0.call(operation, exchange, input);
        let (length, rest) = frame.split_first_chunk().expect("a frame has a length");
        let (text, bytes) = rest.split_at(u32::from_le_bytes(*length) as usize);
        let value = serde_json::from_slice(text).expect("a frame has JSON");
        (value, bytes.to_vec())
    }

    fn begin(&mut self, method: &str, path: &str, headers: Value) -> Value {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let head = json!({"method": method, "path": path, "query": query,
            "headers": headers, "local": []});
        self.call(1, 0, head.to_string().as_bytes()).0
    }

    fn status(&mut self, method: &str, path: &str, headers: Value) -> u64 {
        let begun = self.begin(method, path, headers);
        begun["reply"]["status"].as_u64().unwrap_or(200)
    }
}

fn route(method: &str, path: &str, more: Value) -> Value {
    let mut route = json!({"method": method, "path": path, "name": "", "parameters": "",
        "body": "", "replies": "", "settings": ""});
    for (key, value) in more.as_object().expect("an object") {
        route[key] = value.to_string().into();
    }
    route
}

#[test]
fn a_request_is_read_as_the_host_reads_it() {
    let schema =
        json!({"type": "object", "properties": {"price": {"type": "number", "minimum": 0}}});
    let body = json!({"content": {"application/json": {"schema": schema}}, "required": true});
    let routes = json!([route("post", "/items/{id:int}", json!({"body": body}))]);
    let mut client = Client::new(routes, Value::Null).unwrap();
    let json = json!([["Content-Type", "application/json"], ["cookie", "a=1; b=2"]]);
    let begun = client.begin("POST", "/items/7", json.clone());
    assert_eq!(begun["route"], 0);
    assert_eq!(begun["cookies"], json!([["a", "1"], ["b", "2"]]));
    let (read, bytes) = client.call(2, 0, br#"{"price": 1}"#);
    assert_eq!(read["params"], r#"{"id":7}"#);
    assert_eq!(
        (&read["body"], &read["text"]),
        (&json!("json"), &json!(r#"{"price": 1}"#))
    );
    assert_eq!(bytes, br#"{"price": 1}"#);
    let (refused, _) = client.call(2, 0, br#"{"price": -1}"#);
    assert_eq!(refused["refusal"]["status"], 422);
    let (done, _) = client.call(3, 0, br#"{"status": 204, "headers": [["te", "x"]]}"#);
    assert_eq!(done, json!({"headers": [], "bodiless": true}));
    assert!(client.call(2, 0, b"").0["error"].is_string());

    for (method, path, status) in [
        ("POST", "/items", 404),
        ("GET", "/items/7", 405),
        ("OPTIONS", "/items/7", 204),
    ] {
        assert_eq!(client.status(method, path, json!([])), status, "{path}");
    }
}

#[test]
fn policies_admit_a_request() {
    let settings = json!({"api_key": {"keys": [{"secret": "key"}]},
        "rate_limit": {"requests": 2, "per": "hour"}});
    let routes = json!([route("get", "/", json!({"settings": settings}))]);
    let mut client = Client::new(routes.clone(), json!({"key": "right"})).unwrap();
    let with = |key: &str| json!([["x-api-key", key]]);
    assert_eq!(client.status("GET", "/", with("wrong")), 401);
    assert_eq!(client.status("GET", "/", with("right")), 200);
    assert_eq!(client.status("GET", "/", with("right")), 429);
    let (done, _) = client.call(3, 2, br#"{"status": 429, "headers": []}"#);
    assert_eq!(done["headers"][0], json!(["ratelimit-limit", "2"]));

    let missing = Client::new(routes.clone(), json!({})).err();
    assert!(missing.is_some_and(|sentence| sentence.contains("`key`")));
    // An unknown API key matches no request; a token cannot be checked without its key.
    let mut unknown = Client::new(routes, Value::Null).unwrap();
    assert_eq!(unknown.status("GET", "/", with("right")), 401);
    let settings = json!({"jwt": {"secret": {"secret": "key"}}});
    let routes = json!([route("get", "/", json!({"settings": settings}))]);
    let mut unknown = Client::new(routes, Value::Null).unwrap();
    let error = &unknown.begin("GET", "/", json!([["authorization", "Bearer a.b.c"]]))["error"];
    assert!(
        error
            .as_str()
            .is_some_and(|text| text.contains("`secrets`"))
    );
}

#[test]
fn input_that_cannot_be_read_is_an_error() {
    let mut session = Session::default();
    for (operation, input) in [(0, "{"), (1, "[]"), (2, ""), (3, "{}"), (9, "")] {
        let frame = session.call(operation, 0, input.as_bytes());
        assert!(
            String::from_utf8_lossy(&frame).contains("\"error\""),
            "{operation}"
        );
    }
}

#[test]
fn a_body_that_is_not_read_is_refused_alone() {
    let body = json!({"content": {"application/json": {}}});
    let settings = json!({"body_limit": 4});
    let routes = json!([route(
        "post",
        "/{id:int}",
        json!({"body": body, "settings": settings})
    )]);
    let mut client = Client::new(routes, Value::Null).unwrap();
    let mut refused = |headers: Value, raw: &[u8]| {
        let begun = client.begin("POST", "/x", headers);
        let exchange = u32::try_from(begun["exchange"].as_u64().unwrap()).unwrap();
        client.call(2, exchange, raw).0["refusal"].take()
    };
    let json = ["content-type", "application/json"];
    let gzip = ["content-encoding", "gzip"];
    assert_eq!(refused(json!([json]), b"{}")["status"], 422);
    assert_eq!(refused(json!([json]), b"{    }")["status"], 413);
    assert_eq!(
        refused(json!([["content-type", "text/plain"]]), b"{}")["status"],
        415
    );
    let coded = refused(json!([json, gzip]), b"{}");
    assert_eq!(coded["status"], 415);
    let accepted = json!(["accept-encoding", "identity"]);
    assert!(
        coded["headers"].as_array().unwrap().contains(&accepted),
        "{coded}"
    );
    // Nothing was sent, so nothing is coded and nothing has a type.
    let charset = ["content-type", "text/plain; charset=klingon"];
    assert_eq!(refused(json!([charset, gzip]), b"")["status"], 422);
}

#[test]
fn options_has_the_headers_of_the_route_that_comes_next() {
    let cors = json!({"cors": {"origins": ["https://a.example"]}});
    let routes = json!([route("get", "/a", json!({"settings": cors}))]);
    let mut client = Client::new(routes, Value::Null).unwrap();
    for (method, expected) in [
        (
            "GET",
            json!([["allow", "GET, HEAD, OPTIONS"], ["vary", "Origin"]]),
        ),
        ("PUT", json!([["allow", "GET, HEAD, OPTIONS"]])),
    ] {
        let asked = json!([["access-control-request-method", method]]);
        let begun = client.begin("OPTIONS", "/a", asked);
        let exchange = u32::try_from(begun["exchange"].as_u64().unwrap()).unwrap();
        let reply = json!({"status": 204, "headers": begun["reply"]["headers"]}).to_string();
        let finished = client.call(3, exchange, reply.as_bytes()).0;
        assert_eq!(finished["headers"], expected, "{method}");
    }
}

#[test]
fn a_rejected_request_names_its_route_and_hooks() {
    let settings = json!({"hooks": ["on-error"], "api_key": {"keys": ["k"]}});
    let routes = json!([
        route("get", "/open", json!({})),
        route("get", "/closed", json!({ "settings": settings })),
    ]);
    let mut client = Client::new(routes, Value::Null).unwrap();
    let begun = client.begin("GET", "/closed", json!([]));
    assert_eq!(begun["reply"]["status"], 401);
    assert_eq!(begun["route"], 1);
    assert_eq!(begun["hooks"], json!(["on-error"]));
    let begun = client.begin("GET", "/missing", json!([]));
    assert_eq!(begun["reply"]["status"], 404);
    assert_eq!(begun["route"], u32::MAX);
    assert_eq!(begun["hooks"], json!([]));
}
