//! Benchmarks of contract checks, each next to a lower bound: the least work on the same bytes.
//!
//! `cargo bench -p spikard-wasm-app --bench contract`

use std::collections::HashMap;
use std::hint::black_box;

use bytes::Bytes;
use divan::{Bencher, counter::BytesCount};
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use spikard_wasm_app::{App, Defaults, Description, Hit, Method, RequestHead, RouteDescription};

fn main() {
    divan::main();
}

/// An object of 20 properties, 1 KiB as text.
fn item() -> Value {
    json!({
        "id": "ec38df32-ceda-4cfa-9b4a-1aeb94ad551a",
        "sku": "ABC-0042",
        "name": "A mechanical keyboard with quiet switches",
        "description": "A compact mechanical keyboard with quiet switches, dampened keys, a metal plate, a braided cable that can be taken off, and a stand in two heights. It works with every system that knows of keyboards at all, and it needs no driver. Spare keys and a puller are in the box, and so are a cloth, a pouch to carry it in, a leaflet on how to clean it, and the address of the workshop that repairs it for as long as there are parts, which by what is known today is ten years and more.",
        "price": 129.9,
        "currency": "EUR",
        "quantity": 17,
        "available": true,
        "category": "electronics",
        "brand": "Example Works",
        "created_at": "2024-03-15T10:30:00Z",
        "updated_on": "2024-05-01",
        "weight": 0.85,
        "rating": 4.5,
        "reviews": 1289,
        "tags": ["keyboard", "quiet", "compact"],
        "dimensions": {"width": 36.5, "height": 3.9, "depth": 13.8},
        "supplier": {"name": "Example Trade", "country": "DE", "email": "orders@example.com"},
        "warranty_months": 24,
        "notes": null
    })
}

fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "sku", "name", "price", "currency", "quantity", "available", "category", "created_at"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "sku": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
            "name": {"type": "string", "minLength": 1, "maxLength": 80},
            "description": {"type": "string", "maxLength": 2000},
            "price": {"type": "number", "exclusiveMinimum": 0},
            "currency": {"enum": ["EUR", "USD", "GBP"]},
            "quantity": {"type": "integer", "minimum": 0},
            "available": {"type": "boolean"},
            "category": {"type": "string", "enum": ["electronics", "clothing", "books"]},
            "brand": {"type": "string"},
            "created_at": {"type": "string", "format": "date-time"},
            "updated_on": {"type": "string", "format": "date"},
            "weight": {"type": "number"},
            "rating": {"type": "number", "minimum": 0, "maximum": 5},
            "reviews": {"type": "integer"},
            "tags": {"type": "array", "maxItems": 10, "items": {"type": "string"}},
            "dimensions": {"$ref": "#/$defs/dimensions"},
            "supplier": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "country": {"type": "string", "minLength": 2, "maxLength": 2},
                "email": {"type": "string", "format": "email"}}},
            "warranty_months": {"type": "integer"},
            "notes": {"type": ["string", "null"]}
        },
        "$defs": {"dimensions": {"type": "object", "properties": {
            "width": {"type": "number"}, "height": {"type": "number"}, "depth": {"type": "number"}}}}
    })
}

fn app(routes: Vec<RouteDescription>) -> App {
    let description = Description {
        name: "bench".to_owned(),
        routes,
        ..Description::default()
    };
    App::new(&description, &Defaults::default()).expect("the app is right")
}

mod body {
    use super::*;

    fn with_body() -> App {
        let body = json!({"required": true, "content": {"application/json": {"schema": schema()}}});
        app(vec![RouteDescription {
            body: body.to_string(),
            ..RouteDescription::new(Method::Post, "/items")
        }])
    }

    fn read(bencher: Bencher<'_, '_>, body: &Value, is_valid: bool) {
        let app = with_body();
        let bytes = Bytes::from(body.to_string());
        bencher.counter(BytesCount::new(bytes.len())).bench(|| {
            let plan = app.routes()[0].body().plan(Some(b"application/json"));
            let read = plan.and_then(|plan| plan.read(black_box(bytes.clone())));
            assert_eq!(read.is_ok(), is_valid);
            read
        });
    }

    /// Target: 10 us.
    #[divan::bench]
    fn valid(bencher: Bencher<'_, '_>) {
        read(bencher, &item(), true);
    }

    #[divan::bench]
    fn invalid(bencher: Bencher<'_, '_>) {
        let mut body = item();
        body["sku"] = json!("abc");
        body["price"] = json!("much");
        body["supplier"]["country"] = json!("Germany");
        read(bencher, &body, false);
    }

    /// Parses into a tree, as serde_json does.
    #[divan::bench]
    fn floor_parse(bencher: Bencher<'_, '_>) {
        let text = item().to_string();
        bencher
            .counter(BytesCount::new(text.len()))
            .bench(|| serde_json::from_slice::<Value>(black_box(text.as_bytes())));
    }

    #[divan::bench]
    fn floor_syntax(bencher: Bencher<'_, '_>) {
        let text = item().to_string();
        bencher
            .counter(BytesCount::new(text.len()))
            .bench(|| serde_json::from_slice::<IgnoredAny>(black_box(text.as_bytes())).is_ok());
    }

    /// Without a schema: only syntax and depth.
    #[divan::bench]
    fn undeclared(bencher: Bencher<'_, '_>) {
        let app = app(vec![RouteDescription::new(Method::Post, "/items")]);
        let bytes = Bytes::from(item().to_string());
        bencher.counter(BytesCount::new(bytes.len())).bench(|| {
            let plan = app.routes()[0].body().plan(Some(b"application/json"));
            plan.and_then(|plan| plan.read(black_box(bytes.clone())))
        });
    }
}

mod query {
    use super::*;

    const QUERY: &str = "q=quiet+keyboard&page=3&limit=50&available=true&since=2024-03-15";

    struct Head(&'static str);

    impl RequestHead for Head {
        fn query(&self) -> &str {
            self.0
        }
        fn header(&self, _: &str, _: &mut dyn FnMut(&[u8])) {}
    }

    fn read(bencher: Bencher<'_, '_>, query: &'static str, is_valid: bool) {
        let parameters = json!([
            {"name": "q", "in": "query", "schema": {"type": "string", "minLength": 1, "maxLength": 100}},
            {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "default": 1}},
            {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
            {"name": "available", "in": "query", "schema": {"type": "boolean"}},
            {"name": "since", "in": "query", "required": true, "schema": {"type": "string", "format": "date"}},
        ]);
        let app = app(vec![RouteDescription {
            parameters: parameters.to_string(),
            ..RouteDescription::new(Method::Get, "/items")
        }]);
        bencher.bench(|| {
            let read = app.find("GET", "/items", |hit| match hit {
                Hit::Route { route, values, .. } => {
                    route.read_params(&values.to_raw(), &Head(black_box(query)))
                }
                _ => unreachable!("the route is there"),
            });
            assert_eq!(matches!(read, Ok(Ok(_))), is_valid);
            read
        });
    }

    /// Target: 2 us, the router included.
    #[divan::bench]
    fn five_valid(bencher: Bencher<'_, '_>) {
        read(bencher, QUERY, true);
    }

    #[divan::bench]
    fn five_invalid(bencher: Bencher<'_, '_>) {
        read(bencher, "q=&page=0&limit=many&available=maybe", false);
    }

    /// Names and values, decoded into a list.
    #[divan::bench]
    fn floor_decode() -> Vec<(String, String)> {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_decode_str(&spaced)
                .decode_utf8()
                .map_or(String::new(), Into::into)
        };
        black_box(QUERY)
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect()
    }
}

mod route {
    use super::*;

    const SIZES: [usize; 3] = [1, 1_000, 10_000];

    fn paths(count: usize) -> Vec<String> {
        (0..count)
            .map(|n| match n % 4 {
                0 => format!("/api/v{}/resource{n}", n % 7),
                1 => format!("/api/v{}/resource{n}/{{id}}", n % 7),
                2 => format!("/api/v{}/resource{n}/{{id}}/items/{{item}}", n % 7),
                _ => format!("/files{n}/{{*rest}}"),
            })
            .collect()
    }

    fn request(path: &str) -> String {
        path.replace("{id}", "42")
            .replace("{item}", "abc")
            .replace("{*rest}", "a/b/c")
    }

    /// Target: 1 us among 1,000 routes. Requests each route in turn.
    #[divan::bench(args = SIZES, sample_size = 2000)]
    fn find(bencher: Bencher<'_, '_>, count: usize) {
        let paths = paths(count);
        let routes = paths
            .iter()
            .map(|path| RouteDescription::new(Method::Get, path));
        let app = app(routes.collect());
        let requests: Vec<_> = paths.iter().map(|path| request(path)).collect();
        let mut next = requests.iter().cycle();
        bencher.bench_local(|| {
            let path = next.next().map_or("", String::as_str);
            let found = app.find("GET", black_box(path), |hit| match hit {
                Hit::Route { index, values, .. } => (index, values.iter().count()),
                _ => unreachable!("the route is there"),
            });
            assert!(found.is_ok());
            found.ok()
        });
    }

    /// A path that does not exist.
    #[divan::bench(args = SIZES, sample_size = 2000)]
    fn miss(bencher: Bencher<'_, '_>, count: usize) {
        let routes = paths(count)
            .into_iter()
            .map(|path| RouteDescription::new(Method::Get, path));
        let app = app(routes.collect());
        bencher.bench(|| {
            app.find("GET", black_box("/api/v3/resource77x/9"), |_| ())
                .is_err()
        });
    }

    /// Looks up the whole path in a hash map, which works only for static paths.
    #[divan::bench(args = SIZES, sample_size = 2000)]
    fn floor_map(bencher: Bencher<'_, '_>, count: usize) {
        let requests: Vec<_> = paths(count).iter().map(|path| request(path)).collect();
        let map: HashMap<_, _> = requests.iter().cloned().zip(0..).collect();
        let mut next = requests.iter().cycle();
        bencher.bench_local(|| {
            let path = next.next().map_or("", String::as_str);
            map.get(black_box(path)).copied()
        });
    }
}
