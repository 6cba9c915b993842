//! Tests of the JSON settings that each policy sends to the host.

use serde_json::{Value, json};

use super::*;
use crate::{App, Method, Route};

fn settings(app: App) -> Value {
    let description = app.describe().expect("a description");
    serde_json::from_str(&description.settings).expect("json")
}

#[test]
fn the_least_of_each_policy() {
    let app = App::new("app")
        .timeout_status(408)
        .instances(Instances::Fresh)
        .request_id(true)
        .rate_limit(RateLimit::per_minute(100))
        .cors(Cors::any())
        .compression(false)
        .jwt(Jwt::hs256("secret"))
        .api_key(ApiKey::new(["a", "b"]))
        .security_headers(SecurityHeaders::new())
        .static_files(StaticFiles::new("/public", "files"))
        .trailing_slash(TrailingSlash::Redirect)
        .openapi(None);
    assert_eq!(
        settings(app),
        json!({
            "timeout_status": 408,
            "instances": "fresh",
            "request_id": true,
            "rate_limit": {"requests": 100, "per": "minute"},
            "cors": {"origins": "*"},
            "compression": false,
            "jwt": {"algorithms": ["HS256"], "secret": "secret"},
            "api_key": {"keys": ["a", "b"]},
            "security_headers": {},
            "static": [{"prefix": "/public", "folder": "files"}],
            "trailing_slash": "redirect",
            "openapi": false,
        })
    );
}

#[test]
fn all_of_each_policy() {
    let app = App::new("app")
        .request_id(RequestId::new().header("x-id").accept(false))
        .rate_limit(RateLimit::per_second(10).burst(20).by_header("x-api-key"))
        .cors(
            Cors::new(["https://a.example"])
                .methods([Method::Get, Method::Put])
                .headers(["x-a"])
                .expose(["x-b"])
                .credentials()
                .max_age(600),
        )
        .compression(
            Compression::new()
                .algorithms([
                    CompressionAlgorithm::Zstd,
                    CompressionAlgorithm::Brotli,
                    CompressionAlgorithm::Gzip,
                ])
                .min_size(2048)
                .level(4),
        )
        .security_headers(
            SecurityHeaders::new()
                .without_content_type_options()
                .without_frame_options()
                .referrer_policy("same-origin"),
        );
    assert_eq!(
        settings(app),
        json!({
            "request_id": {"header": "x-id", "accept": false},
            "rate_limit": {"requests": 10, "per": "second", "burst": 20, "by": {"header": "x-api-key"}},
            "cors": {
                "origins": ["https://a.example"], "methods": ["GET", "PUT"], "headers": ["x-a"],
                "expose": ["x-b"], "credentials": true, "max_age": 600,
            },
            "compression": {"algorithms": ["zstd", "br", "gzip"], "min_size": 2048, "level": 4},
            "security_headers": {
                "content_type_options": false, "frame_options": null, "referrer_policy": "same-origin",
            },
        })
    );
    let app = App::new("app")
        .jwt(
            Jwt::with_public_key(
                [JwtAlgorithm::Rs512, JwtAlgorithm::EdDsa],
                Secret::named("pem"),
            )
            .audience("a")
            .audience("b")
            .issuer("https://i.example")
            .leeway(30)
            .required_claims(["exp", "sub"])
            .realm("app"),
        )
        .api_key(
            ApiKey::named([("demo", Secret::named("demo-key"))])
                .header("x-key")
                .without_query()
                .cookie("key"),
        )
        .static_files(
            StaticFiles::new("/public", "files")
                .cache_control("public, max-age=60")
                .index(true)
                .precompressed(true),
        )
        .openapi(
            OpenApi::new()
                .path("/api.json")
                .docs("/api")
                .title("Users")
                .description("Who they are.")
                .terms_of_service("https://a.example/terms")
                .contact_email("api@a.example")
                .license_spdx("MIT", "MIT")
                .server("https://a.example", "")
                .tag("users", "People"),
        );
    assert_eq!(
        settings(app),
        json!({
            "jwt": {
                "algorithms": ["RS512", "EdDSA"], "public_key": {"secret": "pem"}, "audience": ["a", "b"],
                "issuer": "https://i.example", "leeway": 30, "required_claims": ["exp", "sub"],
                "realm": "app",
            },
            "api_key": {
                "keys": {"demo": {"secret": "demo-key"}}, "header": "x-key", "query": null,
                "cookie": "key",
            },
            "static": [{
                "prefix": "/public", "folder": "files", "cache_control": "public, max-age=60",
                "index": true, "precompressed": true,
            }],
            "openapi": {
                "path": "/api.json", "docs": "/api", "title": "Users", "description": "Who they are.",
                "terms_of_service": "https://a.example/terms", "contact": {"email": "api@a.example"},
                "license": {"name": "MIT", "identifier": "MIT"},
                "servers": [{"url": "https://a.example"}],
                "tags": [{"name": "users", "description": "People"}],
            },
        })
    );
}

#[test]
fn a_route_turns_its_apps_policies_off_or_replaces_them() {
    let route = Route::get("/", || "")
        .jwt(None)
        .api_key(None)
        .rate_limit(None)
        .cors(None)
        .request_id(false)
        .instances(Instances::Reuse)
        .deprecated();
    let description = App::new("app").route(route).describe().expect("described");
    let settings: Value = serde_json::from_str(&description.routes[0].settings).expect("json");
    assert_eq!(
        settings,
        json!({
            "instances": "reuse", "deprecated": true, "request_id": false, "rate_limit": false,
            "cors": false, "jwt": false, "api_key": false,
        })
    );
}

#[test]
fn a_secret_is_not_shown() {
    let shown = format!("{:?}", App::new("app").jwt(Jwt::hs256("hush")));
    assert!(!shown.contains("hush"), "{shown}");
    assert_eq!(format!("{:?}", Secret::named("jwt")), "Secret(jwt)");
}
