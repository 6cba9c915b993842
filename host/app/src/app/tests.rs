//! Tests of apps as a whole: their routes and parameters.

use super::*;
use crate::{ErrorKind, Method, RequestHead, RouteDescription};
use proptest::prelude::*;
use serde_json::{Value, json};

struct Head(&'static str, Vec<(&'static str, &'static [u8])>);

impl RequestHead for Head {
    fn query(&self) -> &str {
        self.0
    }
    fn header(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.1
            .iter()
            .filter(|(known, _)| *known == name)
            .for_each(|(_, value)| each(value));
    }
}

fn app(routes: Vec<RouteDescription>) -> Result<App, AppError> {
    let description = Description {
        name: "test".into(),
        routes,
        ..Description::default()
    };
    App::new(&description, &Defaults::default())
}

fn route(path: &str, parameters: Value) -> RouteDescription {
    let parameters = parameters.to_string();
    RouteDescription {
        parameters,
        ..RouteDescription::new(Method::Get, path)
    }
}

fn params(app: &App, path: &str, head: &Head) -> Result<Value, Refusal> {
    let text = app.find("GET", path, |hit| match hit {
        Hit::Route { route, values, .. } => route.read_params(&values.to_raw(), head),
        Hit::Options { .. } | Hit::Redirect { .. } => panic!("{path} is no route"),
    })??;
    Ok(if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap()
    })
}

#[test]
fn reads_parameters_from_everywhere() {
    let app = app(vec![route(
        "/a/{id}/{name}",
        json!([
            {"name": "id", "in": "path", "schema": {"type": "integer"}},
            {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "number"}}},
            {"name": "page", "in": "query", "schema": {"type": "integer", "default": 1}},
            {"name": "off", "in": "query", "schema": {"type": "boolean"}},
            {"name": "X-Api-Key", "in": "header", "key": "api_key", "required": true},
            {"name": "sid", "in": "cookie", "schema": {"type": "string", "minLength": 2}}
        ]),
    )])
    .unwrap();
    let head = Head(
        "q=1&x=y&q=2.5&off=no",
        vec![("x-api-key", b"k"), ("cookie", b"a=b; sid=%61%62")],
    );
    assert_eq!(
        params(&app, "/a/7/a%2Fb", &head),
        Ok(
            json!({"id": 7, "name": "a/b", "q": [1, 2.5], "page": 1, "off": false,
            "api_key": "k", "sid": "ab"})
        )
    );
    let last = params(
        &app,
        "/a/7/b",
        &Head("page=x&page=2", vec![("x-api-key", b"k")]),
    );
    assert_eq!(last.unwrap()["page"], 2);
    let bad = Head("q=x&off=maybe", vec![("cookie", b"sid=a")]);
    let Err(Refusal::Invalid(errors)) = params(&app, "/a/b/c", &bad) else {
        panic!()
    };
    let errors: Vec<_> = errors.iter().map(|error| error.kind).collect();
    assert_eq!(
        errors,
        [
            ErrorKind::IntParsing,
            ErrorKind::FloatParsing,
            ErrorKind::BoolParsing,
            ErrorKind::Missing,
            ErrorKind::StringTooShort
        ]
    );
}

#[test]
fn text_that_is_not_utf8_is_a_bad_request() {
    let app = app(vec![route("/{a}", json!([{"name": "q", "in": "query"}]))]).unwrap();
    let status = |path, query| {
        params(&app, path, &Head(query, vec![]))
            .unwrap_err()
            .status()
    };
    assert_eq!(status("/%ff", ""), 400);
    assert_eq!(status("/x", "q=%ff"), 400);
}

#[test]
fn says_which_route_is_wrong() {
    let error = |routes| app(routes).unwrap_err().to_string();
    assert_eq!(
        error(vec![
            route("/a/{x}", json!([])),
            route("/b", json!([])),
            route("/a/{y}", json!([]))
        ]),
        "routes `GET /a/{x}` and `GET /a/{y}` match the same requests: remove one or change its path"
    );
    assert!(
        error(vec![route("/a{x}", json!([]))])
            .starts_with("route `GET /a{x}` cannot be served: its path does not parse")
    );
    assert!(error(vec![]).contains("declares no route"));
    let twice = json!([{"name": "x", "in": "query"}]);
    assert!(error(vec![route("/{x}", twice)]).contains("two parameters are called `x`"));
    let stray = json!([{"name": "x", "in": "path"}]);
    assert!(error(vec![route("/", stray)]).contains("not in the path"));
    let schema = json!([{"name": "x", "in": "query", "schema": {"type": "strin"}}]);
    assert!(error(vec![route("/", schema)]).contains("the schema of parameter `x` is invalid"));
}

#[test]
fn limits_come_from_the_route_then_the_app() {
    let mut described = route("/", json!([]));
    described.settings = r#"{"timeout_ms": 5}"#.to_owned();
    let description = Description {
        settings: r#"{"timeout_ms": 9, "body_limit": 7}"#.to_owned(),
        routes: vec![described.clone()],
        ..Description::default()
    };
    let app = App::new(&description, &Defaults::default()).unwrap();
    assert_eq!(app.routes()[0].timeout().as_millis(), 5);
    assert_eq!(app.routes()[0].body_limit(), 7);
    described.settings = r#"{"rate_limits": 5}"#.to_owned();
    let error = self::app(vec![described]).unwrap_err().to_string();
    assert!(error.contains("unknown field `rate_limits`"), "{error}");
}

#[test]
fn parameters_have_the_styles_of_openapi() {
    let list = json!({"type": "array", "items": {"type": "integer"}});
    let object = json!({"type": "object", "properties": {"a": {"type": "integer"},
        "b": {"type": "array", "items": {"type": "boolean"}}, "c": {"type": "object", "properties": {"d": {"type": "number"}}}}});
    let flat = json!({"type": "object", "properties": {"r": {"type": "integer"}, "g": {"type": "string"}}});
    let query = |name: &str, style: &str, explode: bool, schema: &Value| json!({"name": name, "in": "query", "style": style, "explode": explode, "schema": schema});
    let app = app(vec![route(
        "/x",
        json!([
            query("form", "form", true, &list),
            query("comma", "form", false, &list),
            query("space", "spaceDelimited", false, &list),
            query("pipe", "pipeDelimited", false, &list),
            query("deep", "deepObject", true, &object),
            query("spread", "form", true, &flat),
            query("flat", "form", false, &flat),
            {"name": "json", "in": "query", "content": {"application/json": {"schema": object}}},
            {"name": "x-list", "in": "header", "schema": list},
            {"name": "x-flat", "in": "header", "schema": flat},
            {"name": "x-pairs", "in": "header", "explode": true, "schema": flat},
            {"name": "c", "in": "cookie", "explode": false, "schema": list},
            {"name": "who", "in": "cookie", "schema": {"type": "object", "properties": {"u": {"type": "integer"}}}},
        ]),
    )])
    .unwrap();
    let read = |query, headers| params(&app, "/x", &Head(query, headers));
    let found = read(
        "form=1&form=2&comma=1,2&space=1%202&pipe=1%7C2&deep[a]=1&deep[b][]=on&deep%5Bc%5D[d]=1.5\
         &r=1&g=x&flat=r,2,g,y&json=%7B%22a%22:1%7D",
        vec![
            ("x-list", b"1, 2"),
            ("x-list", b"3"),
            ("x-flat", b"r,1,g,z"),
            ("x-pairs", b"r=1,g=z"),
            ("cookie", b"c=1%2C2; u=7"),
        ],
    );
    assert_eq!(
        found.unwrap(),
        json!({"form": [1, 2], "comma": [1, 2], "space": [1, 2], "pipe": [1, 2],
            "deep": {"a": 1, "b": [true], "c": {"d": 1.5}}, "spread": {"r": 1, "g": "x"},
            "flat": {"r": 2, "g": "y"}, "json": {"a": 1}, "x-list": [1, 2, 3],
            "x-flat": {"r": 1, "g": "z"}, "x-pairs": {"r": 1, "g": "z"}, "c": [1, 2], "who": {"u": 7}})
    );
    let kinds = |query| match read(query, vec![]) {
        Err(Refusal::Invalid(errors)) => errors
            .iter()
            .map(|error| (error.kind, serde_json::to_string(&error.loc).unwrap()))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let at = |place: &str| place.to_owned();
    assert_eq!(
        kinds("comma=1,x"),
        [(ErrorKind::IntParsing, at(r#"["query","comma",1]"#))]
    );
    assert_eq!(
        kinds("deep[a]=x"),
        [(ErrorKind::IntParsing, at(r#"["query","deep","a"]"#))]
    );
    assert_eq!(
        kinds("flat=r"),
        [(ErrorKind::DictType, at(r#"["query","flat"]"#))]
    );
    assert_eq!(
        kinds("json=x"),
        [(ErrorKind::JsonInvalid, at(r#"["query","json"]"#))]
    );
    assert_eq!(
        kinds("deep=1&r=x"),
        [(ErrorKind::IntParsing, at(r#"["query","spread","r"]"#))]
    );
    assert_eq!(
        read("deep[a]=1&deep[a][b]=2", vec![]).unwrap_err().status(),
        400
    );
    let deep: &'static str = format!("deep{}=1", "[x]".repeat(33)).leak();
    assert_eq!(read(deep, vec![]).unwrap_err().status(), 400);
    let many: &'static str = "z&".repeat(1001).leak();
    assert_eq!(read(many, vec![]).unwrap_err().status(), 400);
}

#[test]
fn paths_have_styles_too() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let flat = json!({"type": "object", "properties": {"r": {"type": "integer"}}});
    let read = |style: &str, explode: bool, schema: &Value, path: &str| {
        let declared = json!([{"name": "p", "in": "path", "style": style, "explode": explode, "schema": schema}]);
        let app = app(vec![route("/{p}", declared)]).unwrap();
        params(&app, path, &Head("", vec![])).map(|all| all["p"].clone())
    };
    let both = json!(["a", "b,c"]);
    assert_eq!(read("simple", false, &list, "/a,b%2Cc"), Ok(both.clone()));
    assert_eq!(read("label", false, &list, "/.a,b%2Cc"), Ok(both.clone()));
    assert_eq!(read("label", true, &list, "/.a.b%2Cc"), Ok(both.clone()));
    assert_eq!(
        read("matrix", false, &list, "/;p=a,b%2Cc"),
        Ok(both.clone())
    );
    assert_eq!(read("matrix", true, &list, "/;p=a;p=b%2Cc"), Ok(both));
    let object = json!({"r": 1});
    assert_eq!(read("simple", false, &flat, "/r,1"), Ok(object.clone()));
    assert_eq!(read("simple", true, &flat, "/r=1"), Ok(object.clone()));
    assert_eq!(read("label", true, &flat, "/.r=1"), Ok(object.clone()));
    assert_eq!(read("matrix", true, &flat, "/;r=1"), Ok(object.clone()));
    assert_eq!(read("matrix", false, &flat, "/;p=r,1"), Ok(object));
    let integer = json!({"type": "integer"});
    assert_eq!(read("matrix", true, &integer, "/;p=5"), Ok(json!(5)));
    assert_eq!(read("label", false, &integer, "/.5"), Ok(json!(5)));
    assert_eq!(
        read("label", false, &integer, "/5").unwrap_err().status(),
        422
    );
}

#[test]
fn what_a_style_cannot_write_is_refused() {
    let error = |parameter: Value| {
        app(vec![route("/", json!([parameter]))])
            .unwrap_err()
            .to_string()
    };
    let deep = error(
        json!({"name": "a", "in": "query", "style": "deepObject", "schema": {"type": "string"}}),
    );
    assert!(deep.contains("must have the type `object`"), "{deep}");
    let place = error(json!({"name": "a", "in": "header", "style": "form"}));
    assert!(place.contains("a header `simple`"), "{place}");
    let open = error(json!({"name": "a", "in": "query", "schema": {"type": "object"}}));
    assert!(open.contains("give it `properties`"), "{open}");
    let empty = error(json!({"name": "a", "in": "query", "allowEmptyValue": true}));
    assert!(empty.contains("`allowEmptyValue`"), "{empty}");
    let content = error(json!({"name": "a", "in": "query", "content": {"text/plain": {}}}));
    assert!(content.contains("`content`"), "{content}");
    let style = error(json!({"name": "a", "in": "query", "style": "fancy"}));
    assert!(style.contains("unknown variant `fancy`"), "{style}");
    let twice = json!([{"name": "a", "in": "query"}, {"name": "b", "in": "query",
        "schema": {"type": "object", "properties": {"a": {}}}}]);
    let twice = app(vec![route("/", twice)]).unwrap_err().to_string();
    assert!(
        twice.contains("`a` is the name of two parameters"),
        "{twice}"
    );
}

#[test]
fn the_path_itself_gives_types() {
    let described = route(
        "/{id:int}/{day:date}",
        json!([{"name": "day", "in": "path", "schema": {"const": "x"}}]),
    );
    let app = app(vec![described]).unwrap();
    let read = |path| params(&app, path, &Head("", vec![]));
    assert_eq!(read("/7/x"), Ok(json!({"id": 7, "day": "x"})));
    assert_eq!(read("/x/x").unwrap_err().status(), 422);
    assert_eq!(read("/7/2024-01-01").unwrap_err().status(), 422);
}

#[test]
fn every_spelling_of_a_path_finds_its_route() {
    let names = ["/a!b", "/%C3%A9", "/x y", "/100%", "/b%2Fc", "/{p}"];
    let routes = names.map(|path| route(path, json!([]))).to_vec();
    let app = app(routes).unwrap();
    for (path, name) in [
        ("/a!b", "/a!b"),
        ("/a%21b", "/a!b"),
        ("/%61%21%62", "/a!b"),
        ("/é", "/%C3%A9"),
        ("/%c3%a9", "/%C3%A9"),
        ("/x%20y", "/x y"),
        ("/100%", "/100%"),
        ("/100%25", "/100%"),
        ("/b%2fc", "/b%2Fc"),
        ("/b%252Fc", "/{p}"),
        ("/A!b", "/{p}"),
    ] {
        let found = app.find("GET", path, |hit| match hit {
            Hit::Route { route, .. } => route.pattern().as_str().to_owned(),
            other => panic!("{other:?}"),
        });
        assert_eq!(found.unwrap(), name, "{path}");
    }
    assert!(app.find("GET", "/b/c", |_| ()).is_err());
}

#[test]
fn an_escaped_delimiter_of_a_path_parameter_separates_nothing() {
    let list = |name: &str, style: &str| {
        json!({"name": name, "in": "path", "style": style, "explode": true,
            "schema": {"type": "array", "items": {"type": "string"}}})
    };
    let described = route(
        "/!/{simple}/{label}/{matrix}/{text}",
        json!([
            list("simple", "simple"),
            list("label", "label"),
            list("matrix", "matrix")
        ]),
    );
    let app = app(vec![described]).unwrap();
    let path = "/%21/a%2Cb,c/.a%2Eb.c/;matrix=a%3Bb;matrix=%C3%A9/%2541%2F+é";
    assert_eq!(
        params(&app, path, &Head("", vec![])).unwrap(),
        json!({"simple": ["a,b", "c"], "label": ["a.b", "c"], "matrix": ["a;b", "é"],
            "text": "%41/+é"})
    );
}

#[test]
fn slashes_at_the_end_follow_the_policy() {
    let find = |policy: &str, method: &str, path: &str| {
        let description = Description {
            settings: json!({ "trailing_slash": policy }).to_string(),
            routes: vec![
                route("/a/{b}", json!([])),
                route("/c/", json!([])),
                route("/e", json!([])),
                route("/e/", json!([])),
            ],
            ..Description::default()
        };
        let app = App::new(&description, &Defaults::default()).unwrap();
        app.find(method, path, |hit| match hit {
            Hit::Route { index, values, .. } => {
                format!("{index}:{}", values.iter().collect::<String>())
            }
            Hit::Redirect { to } => to,
            Hit::Options { .. } => "options".to_owned(),
        })
        .map_err(|refusal| refusal.status())
    };
    assert_eq!(find("strict", "GET", "/a/%31/"), Err(404));
    assert_eq!(find("redirect", "GET", "/a/%31/"), Ok("/a/%31".to_owned()));
    assert_eq!(find("redirect", "POST", "/c"), Ok("/c/".to_owned()));
    assert_eq!(find("redirect", "GET", "/d/"), Err(404));
    assert_eq!(find("redirect", "GET", "/"), Err(404));
    assert_eq!(find("ignore", "GET", "/a/%31/"), Ok("0:%31".to_owned()));
    assert_eq!(find("ignore", "GET", "/a/é%2C/"), Ok("0:é%2C".to_owned()));
    // A browser treats a backslash as a slash, and two leading slashes as another host.
    assert_eq!(find("redirect", "GET", "/\\c"), Err(404));
    assert_eq!(find("ignore", "GET", "/c"), Ok("1:".to_owned()));
    assert_eq!(find("ignore", "POST", "/c"), Err(405));
    assert_eq!(find("ignore", "GET", "/e"), Ok("2:".to_owned()));
    assert_eq!(find("ignore", "GET", "/e/"), Ok("3:".to_owned()));
    let mut own = route("/", json!([]));
    own.settings = json!({"trailing_slash": "ignore"}).to_string();
    assert!(
        app(vec![own])
            .unwrap_err()
            .to_string()
            .contains("for the whole app")
    );
}

proptest! {
    #[test]
    fn reads_the_parameters_that_were_written(whole: i64, flag: bool, fraction in -1e9..1e9_f64,
        text in ".{0,12}", list in prop::collection::vec(any::<u32>(), 1..5),
        deep in prop::collection::btree_map("[a-z]{1,3}", any::<i32>(), 1..4)) {
        let list_of = json!({"type": "array", "items": {"type": "integer"}});
        let deep_of = json!({"type": "object", "additionalProperties": {"type": "integer"}});
        let app = app(vec![route("/", json!([
            {"name": "whole", "in": "query", "schema": {"type": "integer"}},
            {"name": "flag", "in": "query", "schema": {"type": "boolean"}},
            {"name": "fraction", "in": "query", "schema": {"type": "number"}},
            {"name": "t[x]", "in": "query", "schema": {"type": "string"}},
            {"name": "list", "in": "query", "schema": list_of},
            {"name": "comma", "in": "query", "explode": false, "schema": list_of},
            {"name": "deep", "in": "query", "style": "deepObject", "schema": deep_of},
            {"name": "cookie", "in": "cookie", "schema": {"type": "string"}},
        ]))]).unwrap();
        let encode = |text: &str| percent_encoding::utf8_percent_encode(
            text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let mut pairs = vec![format!("whole={whole}"), format!("flag={flag}"),
            format!("fraction={fraction}"), format!("{}={}", encode("t[x]"), encode(&text))];
        pairs.extend(list.iter().map(|item| format!("list={item}")));
        let commas: Vec<_> = list.iter().map(u32::to_string).collect();
        pairs.push(format!("comma={}", commas.join(",")));
        pairs.extend(deep.iter().map(|(name, value)| format!("deep[{name}]={value}")));
        let cookie = format!("other=1; cookie={}", encode(&text));
        let head = Head(pairs.join("&").leak(), vec![("cookie", cookie.leak().as_bytes())]);
        let read = params(&app, "/", &head).unwrap();
        prop_assert_eq!(read["fraction"].as_f64(), Some(fraction));
        let mut read = read;
        read["fraction"] = json!(0);
        prop_assert_eq!(read, json!({"whole": whole, "flag": flag, "fraction": 0, "t[x]": text,
            "list": list, "comma": list, "deep": deep, "cookie": text}));
    }
}

#[test]
fn an_operator_has_the_last_word_about_a_route() {
    use crate::{Isolation, Origin, RouteOverride};
    use std::time::Duration;

    let mut items = route("/items", json!([]));
    items.name = "items".into();
    items.settings =
        json!({"timeout_ms": 1000, "body_limit": 10, "instances": "fresh"}).to_string();
    let description = Description {
        name: "test".into(),
        routes: vec![items, route("/other", json!([]))],
        ..Description::default()
    };
    let with = |name: &str, said: RouteOverride| {
        let defaults = Defaults {
            routes: [(name.to_owned(), said)].into(),
            ..Defaults::default()
        };
        App::new(&description, &defaults)
    };
    let said = RouteOverride {
        timeout: Some(Duration::from_secs(7200)),
        instances: Some(Isolation::Reuse),
        body_limit: None,
    };
    let app = with("items", said).unwrap();
    let [items, other] = app.routes() else {
        panic!("two routes");
    };
    assert_eq!(items.timeout(), Duration::from_secs(7200));
    assert_eq!(
        (items.body_limit(), items.isolation()),
        (10, Isolation::Reuse)
    );
    let origins = items.origins();
    assert_eq!(
        (origins.timeout, origins.body_limit, other.origins().timeout),
        (Origin::Override, Origin::Component, Origin::Default)
    );
    // The name of an unnamed route is its method and path.
    assert_eq!(
        with("GET /other", said).unwrap().routes()[1].timeout(),
        Duration::from_secs(7200)
    );
    for (name, hint) in [
        ("itmes", "did you mean `items`?"),
        ("x", "it has `items`, `GET /other`"),
    ] {
        let error = with(name, said).unwrap_err().to_string();
        assert!(error.contains(name) && error.ends_with(hint), "{error}");
    }
}
