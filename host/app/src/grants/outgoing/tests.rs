use super::*;

fn rules(allow: &[&str], networks: &[&str]) -> OutgoingRules {
    OutgoingRules {
        allow: allow
            .iter()
            .map(|text| OutgoingPattern::parse(text).unwrap())
            .collect(),
        networks: networks
            .iter()
            .map(|text| Network::parse(text).unwrap())
            .collect(),
        ..OutgoingRules::default()
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

use OutgoingScheme::{Http, Https};

#[test]
fn without_a_grant_no_server_is_reached() {
    let rules = OutgoingRules::default();
    assert!(rules.is_empty());
    assert!(!rules.admits(Https, "example.com", 443));
    assert!(!rules.admits_app("a"));
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    let rules = rules(
        &["https://api.example.com", "http://*.example.org:8080"],
        &[],
    );
    assert!(rules.admits(Https, "api.example.com", 443));
    assert!(!rules.admits(Http, "api.example.com", 443));
    assert!(!rules.admits(Https, "api.example.com", 8443));
    assert!(!rules.admits(Https, "x.api.example.com", 443));
    assert!(!rules.admits(Https, "api.example.com.evil.org", 443));
    assert!(rules.admits(Http, "a.b.example.org", 8080));
    assert!(!rules.admits(Http, "example.org", 8080));
    assert!(!rules.admits(Http, ".example.org", 8080));
    assert!(!rules.admits(Http, "evilexample.org", 8080));
}

#[test]
fn wildcards_mean_public_addresses_alone() {
    let rules = rules(&["https://*", "http://*:*"], &[]);
    assert!(rules.admits(Https, "example.com", 443) && rules.admits(Http, "x", 1));
    assert!(rules.admits_address("example.com", ip("93.184.216.34")));
    for private in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "fec0::1",
        "::127.0.0.1",
        "100::1",
    ] {
        assert!(is_private(ip(private)), "{private}");
        assert!(
            !rules.admits_address("example.com", ip(private)),
            "{private}"
        );
    }
    for public in [
        "1.1.1.1",
        "100.63.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "64:ff9b::808:808",
    ] {
        assert!(!is_private(ip(public)), "{public}");
    }
}

#[test]
fn private_addresses_must_be_named() {
    let rules = rules(
        &[
            "http://127.0.0.1:9000",
            "http://[::1]:9000",
            "http://localhost:1",
            "http://db.internal:5",
            "https://*",
        ],
        &["10.1.0.0/16", "fd00::/8"],
    );
    assert!(rules.admits(Http, "127.0.0.1", 9000) && rules.admits(Http, "[::1]", 9000));
    assert!(rules.admits_address("127.0.0.1", ip("127.0.0.1")));
    assert!(rules.admits_address("[::1]", ip("::1")));
    assert!(rules.admits_address("localhost", ip("127.0.0.1")));
    // Granting an address does not grant names that resolve to it.
    assert!(!rules.admits_address("rebound.example.com", ip("127.0.0.1")));
    assert!(!rules.admits_address("localhost", ip("10.2.0.1")));
    assert!(rules.admits_address("db.internal", ip("10.1.255.1")));
    assert!(!rules.admits_address("db.internal", ip("10.2.0.1")));
    assert!(rules.admits_address("db.internal", ip("fd12::1")));
    assert!(!rules.admits_address("db.internal", ip("fe80::1")));
}

#[test]
fn apps_are_named() {
    let some = rules(&["app://shop"], &[]);
    assert!(some.admits_app("shop") && !some.admits_app("other") && !some.admits(Http, "shop", 80));
    assert!(rules(&["app://*"], &[]).admits_app("other"));
}

#[test]
fn what_is_read_is_shown_as_it_was_written() {
    for text in [
        "https://api.example.com",
        "http://*.example.com:8080",
        "https://*",
        "http://*:*",
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
        "app://shop",
        "app://*",
    ] {
        assert_eq!(OutgoingPattern::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(
        OutgoingPattern::parse("HTTPS://API.Example.com:443/")
            .unwrap()
            .to_string(),
        "https://api.example.com"
    );
    for text in ["10.0.0.0/8", "fd00::/8", "10.0.0.1"] {
        assert_eq!(Network::parse(text).unwrap().to_string(), text);
    }
    assert!(Network::parse("0.0.0.0/0").unwrap().contains(ip("1.2.3.4")));
    assert!(Network::parse("::/0").unwrap().contains(ip("::1")));
}

#[test]
fn nonsense_is_refused_with_a_way_out() {
    for text in [
        "",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://a b",
        "https://example.com/path",
        "https://u@example.com",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:x",
        "https://*example.com",
        "https://a.*.com",
        "https://a..com",
        "http://[::1",
        "http://[::1]x",
        "http://0x7f.1",
        "http://127.1",
        "http://2130706433",
        "app://",
        "app://A",
        "app://a/b",
    ] {
        let error = OutgoingPattern::parse(text).unwrap_err();
        assert!(error.contains("write an origin"), "{text}: {error}");
    }
    for text in ["", "10.0.0.0/33", "x/8", "10.0.0/8", "fd00::/129"] {
        assert!(Network::parse(text).is_err(), "{text}");
    }
}
