use serde_json::{Value, json};

use crate::crypto::tests::{bytes, call, head, invalid, text};
use crate::outcome::{Failed, Payload};

fn verify(hash: &str, password: &[u8]) -> Value {
    head(call(
        "password.verify",
        &json!({ "hash": hash }),
        bytes(password),
    ))
}

#[track_caller]
fn assert_valid(hash: &str, password: &[u8], outdated: bool) {
    let expected = |valid: bool| json!({"valid": valid, "outdated": outdated});
    assert_eq!(verify(hash, password), expected(true), "{hash}");
    let wrong = [password, b"x"].concat();
    assert_eq!(verify(hash, &wrong), expected(false), "{hash}");
}

fn hash(options: &Value) -> Result<String, Failed> {
    let outcome = call("password.hash", options, text("pässword"))?;
    match outcome.body {
        Payload::Text(hash) => Ok(hash),
        other => panic!("no text: {other:?}"),
    }
}

/// Vectors of the reference implementation of RFC 9106.
#[test]
fn argon2() {
    for (hash, outdated) in [
        (
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            false,
        ),
        (
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            true,
        ),
        (
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
            true,
        ),
        (
            "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
            true,
        ),
        // The first version, 16, has no name in its hashes.
        (
            "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
            true,
        ),
    ] {
        assert_valid(hash, b"password", outdated);
    }
}

/// Vectors of crypt_blowfish and OpenBSD.
#[test]
fn bcrypt() {
    for (hash, password) in [
        (
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            &b"U*U"[..],
        ),
        (
            "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
            b"U*U*",
        ),
        (
            "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
            b"U*U*U",
        ),
        (
            "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
            b"\xff\xff\xa3",
        ),
        (
            "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
            b"",
        ),
    ] {
        assert_valid(hash, password, true);
    }
}

/// Hashes of passlib, and the same with PHC's names.
#[test]
fn other_formats() {
    for hash in [
        "$pbkdf2-sha256$8000$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE",
        "$pbkdf2-sha256$i=8000,l=32$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    ] {
        assert_valid(hash, b"password", true);
    }
}

#[test]
fn hashes_are_random_and_verify() {
    let default = hash(&json!({})).unwrap();
    assert!(
        default.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{default}"
    );
    assert_ne!(hash(&json!({})).unwrap(), default);
    assert_valid(&default, "pässword".as_bytes(), false);
    let options =
        json!({"algorithm": "argon2id", "memory_kib": 64, "iterations": 3, "parallelism": 2});
    let custom = hash(&options).unwrap();
    assert!(
        custom.starts_with("$argon2id$v=19$m=64,t=3,p=2$"),
        "{custom}"
    );
    assert_valid(&custom, "pässword".as_bytes(), true);
}

#[test]
fn a_hash_is_outdated_by_the_costs_that_the_app_wants() {
    let hash = hash(&json!({"memory_kib": 64, "iterations": 3})).unwrap();
    for (memory, iterations, outdated) in
        [(64, 3, false), (32, 1, false), (65, 3, true), (64, 4, true)]
    {
        let options = json!({"hash": hash, "memory_kib": memory, "iterations": iterations});
        let result = head(call("password.verify", &options, text("pässword")));
        assert_eq!(result, json!({"valid": true, "outdated": outdated}));
    }
}

#[test]
fn costs_have_a_maximum_that_errors_name() {
    for (options, why) in [
        (
            json!({"memory_kib": 262_145}),
            "has the invalid value `262145` for `memory_kib`; use a whole number from 8 to 262144",
        ),
        (
            json!({"memory_kib": 262_144, "iterations": 5}),
            "costs too much: `5` iterations with 262144 KiB; the maximum of memory times iterations is 1048576 KiB",
        ),
        (
            json!({"memory_kib": 8, "parallelism": 2}),
            "needs more memory: at least 8 KiB for each degree of parallelism",
        ),
        (
            json!({"algorithm": "bcrypt"}),
            "has the invalid value `bcrypt` for `algorithm`; use `argon2id`",
        ),
    ] {
        assert_eq!(
            invalid("password.hash", &options),
            format!("`password.hash` {why}")
        );
    }
}

#[test]
fn costs_of_a_stored_hash_have_a_maximum() {
    let salt = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for (hash, maximum) in [
        (
            format!("$argon2id$v=19$m=262145,t=1,p=1${salt}"),
            "262144 KiB",
        ),
        (
            format!("$argon2id$v=19$m=4294967295,t=4294967295,p=1${salt}"),
            "262144 KiB",
        ),
        (
            format!("$argon2i$v=19$m=65536,t=17,p=1${salt}"),
            "1048576 KiB",
        ),
        (format!("$argon2id$v=19$m=1024,t=1,p=65${salt}"), "64"),
        (format!("$pbkdf2-sha256$i=10000001${salt}"), "10000000"),
        (format!("$pbkdf2-sha512$4294967295${salt}"), "10000000"),
        (format!("$scrypt$ln=19,r=8,p=1${salt}"), "268435456"),
        (
            format!("$scrypt$ln=63,r=4294967295,p=4294967295${salt}"),
            "268435456",
        ),
        (format!("$scrypt$ln=17,r=8,p=9${salt}"), "1073741824"),
        (
            "$2b$16$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK".to_owned(),
            "15",
        ),
    ] {
        let why = invalid("password.verify", &json!({ "hash": hash }));
        assert!(why.contains(maximum), "{hash}: {why}");
    }
}

#[test]
fn malformed_hashes_are_errors_that_do_not_repeat_them() {
    for hash in [
        "",
        "hunter2",
        "$hunter2$",
        "!hunter2",
        "$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=20$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lw",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
        "$pbkdf2-sha256$0$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE",
        "$pbkdf2-sha256$i=1,l=31$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE",
        "$scrypt$ln=0,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=1,r=8$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    ] {
        let why = invalid("password.verify", &json!({ "hash": hash }));
        assert!(why.starts_with("`password.verify` "), "{why}");
        assert!(!why.contains("hunter2") && !why.contains("c29t"), "{why}");
    }
}
