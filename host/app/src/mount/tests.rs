//! Tests of which mount a request finds.

use proptest::prelude::*;

use super::*;

fn mount(host: &str, path: &str) -> Mount {
    Mount::new((!host.is_empty()).then_some(host), path).unwrap()
}

fn mounts(all: &[(&str, &str)]) -> Mounts {
    let all: Vec<Mount> = all.iter().map(|(host, path)| mount(host, path)).collect();
    Mounts::new(&all).unwrap()
}

#[test]
fn the_longest_host_and_then_the_longest_prefix() {
    let all = mounts(&[
        ("", "/"),
        ("", "/shop"),
        ("", "/shop/admin"),
        ("*.example.com", "/"),
        ("*.eu.example.com", "/shop"),
        ("Shop.Example.com", "/"),
        ("[::1]", "/six"),
    ]);
    for (host, path, app, rest) in [
        ("a", "/", 0, "/"),
        ("a", "/shopping", 0, "/shopping"),
        ("a", "/shop", 1, ""),
        ("a", "/shop/", 1, "/"),
        ("a", "/shop//x", 1, "//x"),
        ("a", "/s%68op/%2Fx", 1, "/%2Fx"),
        ("a", "/shop%2Fadmin", 0, "/shop%2Fadmin"),
        ("a", "/shop/admin/x", 2, "/x"),
        ("a.example.com", "/shop", 3, "/shop"),
        ("example.com", "/", 0, "/"),
        ("b.a.example.com:8080", "/x", 3, "/x"),
        ("a.eu.example.com", "/shop/x", 4, "/x"),
        // The more specific host has no matching path.
        ("a.eu.example.com", "/x", 3, "/x"),
        ("SHOP.example.COM.:80", "/shop", 5, "/shop"),
        ("[::1]:8000", "/six/x", 6, "/x"),
        ("", "/shop", 1, ""),
        (".example.com", "/", 0, "/"),
    ] {
        assert_eq!(all.find(host, path), Some((app, rest)), "{host} {path}");
    }
    let some = mounts(&[("a", "/"), ("", "/b")]);
    assert_eq!(some.find("b", "/"), None);
    assert_eq!(some.find("b", "*"), None);
    assert_eq!(some.find("b", ""), None);
}

#[test]
fn one_place_is_of_one_app() {
    let all = [mount("A", "/x"), mount("", "/x"), mount("a", "/x/")];
    assert_eq!(Mounts::new(&all).unwrap_err(), (0, 2));
}

#[test]
fn what_is_no_mount() {
    for host in [
        "", "a:80", "http://a", "*", "*.", "a.*", "a..b", "ä", "[::1",
    ] {
        assert!(Mount::new(Some(host), "/").is_err(), "{host}");
    }
    for path in [
        "", "x", "//", "/a//b", "/..", "/.a", "/a?b", "/%41", "/a b", "/{x}",
    ] {
        assert!(Mount::new(None, path).is_err(), "{path}");
    }
    let shown = |host, path| mount(host, path).to_string();
    assert_eq!(shown("", "/"), "/");
    assert_eq!(shown("", "/a/"), "/a");
    assert_eq!(shown("*.B", "/a"), "*.b/a/");
    assert!(mount("", "/").is_everything() && !mount("a", "/").is_everything());
    for name in ["", "A", "a_b", "a.b", &"a".repeat(64)] {
        assert!(check_app_name(name).is_err(), "{name}");
    }
    assert_eq!(check_app_name("shop-2"), Ok(()));
}

proptest! {
    #[test]
    fn never_panics(host in "\\PC*", path in "\\PC*") {
        let all = mounts(&[("a.b", "/a"), ("*.b", "/é".strip_suffix('é').unwrap_or("/"))]);
        let _ = all.find(&host, &path);
        let _ = Mount::new(Some(&host), &path);
        let _ = bare_host(&host);
    }
}
