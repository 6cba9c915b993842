//! No head and no body panics, and none costs more than its maximum.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{run, secret};
use crate::outcome::Payload;

const KINDS: [&str; 9] = [
    "password.hash",
    "password.verify",
    "crypto.derive",
    "crypto.digest",
    "crypto.hmac",
    "crypto.equal",
    "crypto.random",
    "jwt.sign",
    "jwt.verify",
];

const MEMBERS: [&str; 18] = [
    "algorithm",
    "audience",
    "expires_in",
    "hash",
    "issuer",
    "iterations",
    "key",
    "leeway",
    "length",
    "memory_kib",
    "n",
    "other",
    "p",
    "parallelism",
    "r",
    "salt",
    "secret",
    "x",
];

/// Values that some members accept, at and beyond their limits.
fn values() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        "HS256",
        "RS256",
        "PS512",
        "ES256",
        "EdDSA",
        "argon2id",
        "pbkdf2",
        "scrypt",
        "sha-1",
        "sha-512",
        "known",
        "AAAA",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$pbkdf2-sha256$1$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE",
        "$scrypt$ln=1,r=1,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        include_str!("../../../tests/keys/rsa.pem"),
        include_str!("../../../tests/keys/rsa-public.pem"),
        include_str!("../../../tests/keys/p256.pem"),
        include_str!("../../../tests/keys/ed25519-public.pem"),
    ]);
    prop_oneof![
        texts.prop_map(Value::from),
        // Small, so that the property test is quick.
        (0_u64..20).prop_map(Value::from),
        prop::sample::select(vec![1_u64 << 31, 1 << 32, 1 << 53, u64::MAX]).prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(Value::from),
        prop::collection::vec("[a-z]{0,3}", 0..3).prop_map(|texts| json!(texts)),
        Just(Value::Null),
        Just(json!({})),
    ]
}

fn bodies() -> impl Strategy<Value = Payload> {
    prop_oneof![
        Just(Payload::Empty),
        Just(Payload::Json(r#"{"sub": "a", "exp": 1e400}"#.into())),
        Just(Payload::Text("eyJhbGciOiJIUzI1NiJ9.e30.AAAA".into())),
        ".{0,20}".prop_map(Payload::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Payload::Bytes),
    ]
}

fn finish(kind: &str, head: &str, body: Payload) {
    let operation = run(kind, head, body, secret).expect("a known kind");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let result = runtime.expect("a runtime").block_on(operation);
    if let Err(failed) = result {
        // A panic on a thread of its own is `failed` with this message.
        assert!(!failed.message.contains("see its log"), "{kind} {head}");
        assert!(failed.message.len() < 1000, "{failed}");
    }
}

proptest! {
    #[test]
    fn no_head_panics(
        kind in prop::sample::select(&KINDS[..]),
        members in prop::collection::btree_map(prop::sample::select(&MEMBERS[..]), values(), 0..8),
        body in bodies(),
    ) {
        finish(kind, &json!(members).to_string(), body);
    }

    #[test]
    fn no_text_panics(kind in prop::sample::select(&KINDS[..]), head in ".*", body in bodies()) {
        finish(kind, &head, body);
    }

    #[test]
    fn no_hash_panics(
        name in "argon2id|argon2i|argon2d|2a|2b|2y|pbkdf2-sha256|pbkdf2-sha512|scrypt|",
        rest in r"(\$(v=1[69]|m=[0-9]{1,2},t=[0-9],p=[0-9]|ln=[0-9],r=[0-9],p=[0-9]|i=[0-9]{1,3}|0?[0-9]|[A-Za-z0-9+/.]{0,60}|[^$]{0,8})){0,6}",
    ) {
        let head = json!({"hash": format!("${name}{rest}")});
        finish("password.verify", &head.to_string(), Payload::Text("password".into()));
    }

    #[test]
    fn no_key_panics(
        algorithm in "(HS|RS|PS)(256|384|512)|ES256|ES384|EdDSA",
        label in "PRIVATE KEY|RSA PRIVATE KEY|PUBLIC KEY|RSA PUBLIC KEY|EC PRIVATE KEY",
        der in prop::collection::vec(any::<u8>(), 0..200),
        is_signing in any::<bool>(),
    ) {
        let body = super::base64(&der);
        let key = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        let head = json!({"algorithm": algorithm, "key": key}).to_string();
        match is_signing {
            true => finish("jwt.sign", &head, Payload::Json("{}".into())),
            false => finish("jwt.verify", &head, Payload::Text("e30.e30.AAAA".into())),
        }
    }
}

/// A damaged key keeps most of its structure, so that it gets far into the parsers.
#[test]
fn damaged_keys() {
    use base64::Engine;
    let keys = [
        ("RS256", include_str!("../../../tests/keys/rsa.pem")),
        ("RS256", include_str!("../../../tests/keys/rsa-public.pem")),
        ("ES256", include_str!("../../../tests/keys/p256.pem")),
        ("ES256", include_str!("../../../tests/keys/p256-public.pem")),
        ("EdDSA", include_str!("../../../tests/keys/ed25519.pem")),
        (
            "EdDSA",
            include_str!("../../../tests/keys/ed25519-public.pem"),
        ),
    ];
    for (algorithm, pem) in keys {
        let document = pem::parse(pem).unwrap();
        let step = document.contents().len().div_ceil(40);
        for at in (0..document.contents().len()).step_by(step).chain(0..30) {
            for change in [0x80, 0xff, 1] {
                let mut der = document.contents().to_vec();
                der[at] ^= change;
                let body = base64::engine::general_purpose::STANDARD.encode(der);
                let label = document.tag();
                let key = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
                let head = json!({"algorithm": algorithm, "key": key}).to_string();
                finish("jwt.sign", &head, Payload::Json("{}".into()));
                let token = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
                finish("jwt.verify", &head, Payload::Text(token.into()));
            }
        }
    }
}

/// Deep nesting would exhaust the stack of a parser that recurses.
#[test]
fn deeply_nested_keys() {
    use base64::Engine;
    let mut der = Vec::new();
    while der.len() < 5000 {
        let length = der.len() as u16;
        let mut outer = vec![0x30, 0x82];
        outer.extend(length.to_be_bytes());
        outer.append(&mut der);
        der = outer;
    }
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    for label in ["PRIVATE KEY", "PUBLIC KEY", "RSA PRIVATE KEY"] {
        let key = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        for algorithm in ["RS256", "ES256", "EdDSA"] {
            let head = json!({"algorithm": algorithm, "key": key}).to_string();
            finish("jwt.sign", &head, Payload::Json("{}".into()));
            finish("jwt.verify", &head, Payload::Text("e30.e30.AAAA".into()));
        }
    }
}
