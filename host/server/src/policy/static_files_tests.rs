//! Tests of static files in a temporary folder: paths, conditions and ranges.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use http_body_util::BodyExt;
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, IF_RANGE};
use spikard_wasm_app::{Defaults, Description, Method as RouteMethod, RouteDescription};

use super::*;

/// A temporary folder with `site` in it. It is removed at the end of the test.
struct Root(PathBuf);

impl Root {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("static-files-{}-{number}", process::id());
        let root = env::temp_dir().join(name);
        for (path, text) in [
            ("ten.txt", "0123456789"),
            ("empty.txt", ""),
            ("a!b.txt", "odd"),
            ("admin/secret.txt", "hunter2"),
            ("admin/index.html", "hunter2"),
            ("open/index.html", "welcome"),
            ("style.css", "plain"),
            ("style.css.gz", "packed"),
        ] {
            let path = root.join("site").join(path);
            let parent = path.parent().expect("a parent folder");
            fs::create_dir_all(parent).expect("a folder that can be created");
            fs::write(path, text).expect("a file that can be written");
        }
        Self(root)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An app that serves a folder, and its routes that guard paths of the folder.
struct Site {
    app: App,
    files: StaticFiles,
    _root: Root,
}

impl Site {
    fn new(routes: &[&str]) -> Self {
        let root = Root::new();
        let settings = r#"{"static": [{"prefix": "/", "folder": "site", "index": true,
            "precompressed": true}]}"#;
        let route = |path: &&str| RouteDescription::new(RouteMethod::Get, *path);
        let description = Description {
            name: "shop".to_owned(),
            settings: settings.to_owned(),
            routes: routes.iter().map(route).collect(),
            ..Description::default()
        };
        let app = App::new(&description, &Defaults::default()).expect("an app");
        let files = StaticFiles::open(&app, Some(&root.0), "").expect("a folder");
        Self {
            app,
            files,
            _root: root,
        }
    }

    async fn ask(
        &self,
        method: Method,
        target: &str,
        headers: &[(&HeaderName, &str)],
    ) -> Result<HttpResponse, Refusal> {
        let mut parts = Request::new(()).into_parts().0;
        parts.method = method;
        parts.uri = Uri::try_from(target).expect("a target");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header");
            parts.headers.append(*name, value);
        }
        self.files.answer(&self.app, &parts).await
    }

    async fn get(
        &self,
        target: &str,
        headers: &[(&HeaderName, &str)],
    ) -> Result<HttpResponse, Refusal> {
        self.ask(Method::GET, target, headers).await
    }

    /// Returns the status and body of a GET response; the body is empty for a refusal.
    async fn seen(&self, target: &str, headers: &[(&HeaderName, &str)]) -> (u16, String) {
        match self.get(target, headers).await {
            Ok(response) => {
                let status = response.status().as_u16();
                let body = response.into_body().collect().await.expect("a body");
                let body = body.to_bytes().to_vec();
                (status, String::from_utf8(body).expect("text"))
            }
            Err(refusal) => (refusal.status(), String::new()),
        }
    }
}

fn text(response: &HttpResponse, name: &HeaderName) -> String {
    let value = response.headers().get(name).map(HeaderValue::to_str);
    value.map_or(String::new(), |value| value.expect("text").to_owned())
}

/// The file server must not normalize a path that the router does not: it would serve the file
/// without the policies of the route that guards it.
#[tokio::test]
async fn no_spelling_bypasses_a_route() {
    for route in ["/admin/{*rest}", "/admin/{name}", "/admin/secret.txt"] {
        let site = Site::new(&[route]);
        for target in [
            "/admin%2Fsecret.txt",
            "/admin%2fsecret.txt",
            "/%61dmin%2Fsecret.txt",
            "/admin%5Csecret.txt",
            "/./admin/secret.txt",
            "/%2e/admin/secret.txt",
            "/%2E/admin/secret.txt",
            "/open/../admin/secret.txt",
            "/open/%2e%2e/admin/secret.txt",
            "/open%2F..%2Fadmin%2Fsecret.txt",
            "//admin/secret.txt",
            "/admin//secret.txt",
            "/admin/./secret.txt",
            "/admin/%2e/secret.txt",
            "/admin/secret.txt/",
            "/admin/secret.txt/.",
            "/admin/secret.txt%00",
            "/admin%2F",
            "/admin//",
            "/admin/.",
            "http://a.example/admin%2Fsecret.txt",
            "http://a.example/./admin/secret.txt",
        ] {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST] {
                let refused = site.ask(method.clone(), target, &[]).await;
                let refused = refused.map(|response| response.status());
                assert_eq!(refused, Err(Refusal::NotFound), "{route} {method} {target}");
            }
        }
        assert_eq!(site.seen("/ten.txt", &[]).await.0, 200);
        assert_eq!(site.seen("/%74en%2Etxt", &[]).await.0, 200);
        assert_eq!(site.seen("/open/", &[]).await.1, "welcome");
    }
}

/// The router and the file server treat both spellings as one path.
#[tokio::test]
async fn an_escaped_character_does_not_bypass_a_route() {
    let site = Site::new(&["/other"]);
    for target in ["/a!b.txt", "/a%21b.txt"] {
        assert_eq!(site.seen(target, &[]).await, (200, "odd".to_owned()));
    }
    let site = Site::new(&["/a!b.txt"]);
    for target in ["/a!b.txt", "/a%21b.txt"] {
        assert!(site.app.about("GET", target).is_some(), "{target}");
    }
}

/// The path of a folder is another spelling of its index's path.
#[tokio::test]
async fn an_index_is_guarded_by_the_route_of_its_own_path() {
    for route in ["/admin/{*rest}", "/admin/{name}", "/admin/index.html"] {
        let site = Site::new(&[route]);
        assert_eq!(site.seen("/admin/", &[]).await.0, 404, "{route}");
        assert_eq!(site.seen("/%61dmin/", &[]).await.0, 404, "{route}");
        assert_eq!(site.seen("/open/", &[]).await.1, "welcome");
    }
}

#[tokio::test]
async fn conditions_come_before_the_range() {
    let site = Site::new(&["/route"]);
    let file = site.get("/ten.txt", &[]).await.unwrap();
    let (tag, date) = (text(&file, &ETAG), text(&file, &LAST_MODIFIED));
    let range = (&RANGE, "bytes=100-");
    // The file of a resumed download became shorter: the client gets the new one.
    for other in [
        "\"nope\"",
        "W/\"nope\"",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "x",
    ] {
        let seen = site.seen("/ten.txt", &[range, (&IF_RANGE, other)]).await;
        assert_eq!(seen, (200, "0123456789".to_owned()), "{other}");
    }
    for same in [&tag, &date] {
        let refused = site.get("/ten.txt", &[range, (&IF_RANGE, same)]).await;
        let content_range = "bytes */10".to_owned();
        let expected = Refusal::RangeNotSatisfiable { content_range };
        assert_eq!(refused.unwrap_err(), expected);
        let seen = [(&RANGE, "bytes=7-"), (&IF_RANGE, same.as_str())];
        assert_eq!(site.seen("/ten.txt", &seen).await, (206, "789".to_owned()));
    }
    let unchanged = [range, (&IF_NONE_MATCH, tag.as_str())];
    assert_eq!(site.seen("/ten.txt", &unchanged).await.0, 304);
    let changed = [range, (&IF_MATCH, "\"nope\"")];
    assert_eq!(site.seen("/ten.txt", &changed).await.0, 412);
}

#[tokio::test]
async fn ranges_select_bytes() {
    let site = Site::new(&["/route"]);
    for (target, range, status, body, content_range) in [
        ("/ten.txt", "bytes=-11", 206, "0123456789", "bytes 0-9/10"),
        ("/ten.txt", "bytes=00-04", 206, "01234", "bytes 0-4/10"),
        ("/ten.txt", "bytes=0-4,", 206, "01234", "bytes 0-4/10"),
        ("/ten.txt", "bytes=,9-", 206, "9", "bytes 9-9/10"),
        ("/ten.txt", "bytes=0-1,3-4", 200, "0123456789", ""),
        ("/ten.txt", "bytes=10-", 416, "", "bytes */10"),
        ("/empty.txt", "bytes=0-", 416, "", "bytes */0"),
        ("/empty.txt", "bytes=-1", 200, "", ""),
        ("/empty.txt", "lines=0-", 200, "", ""),
    ] {
        let (actual, length) = match site.get(target, &[(&RANGE, range)]).await {
            Ok(response) => {
                let length = text(&response, &CONTENT_LENGTH);
                (text(&response, &CONTENT_RANGE), length)
            }
            Err(Refusal::RangeNotSatisfiable { content_range }) => (content_range, "0".to_owned()),
            Err(refusal) => panic!("{target} {range}: {refusal:?}"),
        };
        assert_eq!(actual, content_range, "{target} {range}");
        assert_eq!(length, body.len().to_string(), "{target} {range}");
        let seen = site.seen(target, &[(&RANGE, range)]).await;
        assert_eq!(seen, (status, body.to_owned()), "{target} {range}");
    }
}

#[tokio::test]
async fn a_304_has_the_headers_that_a_cache_needs() {
    let site = Site::new(&["/route"]);
    for (target, accept) in [
        ("/ten.txt", "identity"),
        ("/style.css", "identity"),
        ("/style.css", "gzip"),
        ("/style.css", "gzip;Q=0"),
    ] {
        let accept = (&ACCEPT_ENCODING, accept);
        let file = site.get(target, &[accept]).await.unwrap();
        let (tag, date) = (text(&file, &ETAG), text(&file, &LAST_MODIFIED));
        for condition in [(&IF_NONE_MATCH, tag.as_str()), (&IF_MODIFIED_SINCE, &date)] {
            let unchanged = site.get(target, &[accept, condition]).await.unwrap();
            assert_eq!(unchanged.status(), 304, "{target} {condition:?}");
            assert_eq!(text(&unchanged, &VARY), "accept-encoding", "{condition:?}");
            for name in [ETAG, LAST_MODIFIED, VARY, CACHE_CONTROL] {
                assert_eq!(text(&unchanged, &name), text(&file, &name), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn several_lines_are_one_list() {
    let site = Site::new(&["/route"]);
    let file = site.get("/ten.txt", &[]).await.unwrap();
    let (tag, date) = (text(&file, &ETAG), text(&file, &LAST_MODIFIED));
    let (tag, old) = (tag.as_str(), "Thu, 01 Jan 1970 00:00:00 GMT");
    for (conditions, status) in [
        (
            &[(&IF_NONE_MATCH, "\"nope\""), (&IF_NONE_MATCH, tag)][..],
            304,
        ),
        (&[(&IF_NONE_MATCH, tag), (&IF_NONE_MATCH, "\"nope\"")], 304),
        (&[(&IF_NONE_MATCH, "\"a\""), (&IF_NONE_MATCH, "\"b\"")], 200),
        (&[(&IF_MATCH, "\"nope\""), (&IF_MATCH, tag)], 200),
        (&[(&IF_MATCH, "\"a\""), (&IF_MATCH, "\"b\"")], 412),
        // A condition on entity tags comes before the one on the date.
        (&[(&IF_MATCH, tag), (&IF_UNMODIFIED_SINCE, old)], 200),
        (
            &[(&IF_NONE_MATCH, "\"a\""), (&IF_MODIFIED_SINCE, &date)],
            200,
        ),
        (&[(&IF_MATCH, tag), (&IF_MODIFIED_SINCE, &date)], 304),
        (&[(&IF_MATCH, "\"a\""), (&IF_MODIFIED_SINCE, &date)], 412),
        (&[(&IF_UNMODIFIED_SINCE, old), (&IF_NONE_MATCH, tag)], 412),
    ] {
        let seen = site.seen("/ten.txt", conditions).await;
        assert_eq!(seen.0, status, "{conditions:?}");
    }
}
