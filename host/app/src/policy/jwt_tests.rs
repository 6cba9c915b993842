//! Tests of tokens with real keys, of every algorithm.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};

use super::tests::Head;
use super::{Jwt, JwtSpec, Secrets, Switch};
use crate::refusal::Refusal;

const SECRET: &str = "a secret of the tests, which is long enough";
const RSA: &str = include_str!("../../tests/keys/rsa.pem");
const RSA_PUBLIC: &str = include_str!("../../tests/keys/rsa.pub.pem");
const RSA_SHORT: &str = include_str!("../../tests/keys/rsa-short.pub.pem");
const EC_256: &str = include_str!("../../tests/keys/ec-256.pem");
const EC_256_PUBLIC: &str = include_str!("../../tests/keys/ec-256.pub.pem");
const EC_384: &str = include_str!("../../tests/keys/ec-384.pem");
const EC_384_PUBLIC: &str = include_str!("../../tests/keys/ec-384.pub.pem");
const ED: &str = include_str!("../../tests/keys/ed.pem");
const ED_PUBLIC: &str = include_str!("../../tests/keys/ed.pub.pem");

fn jwt(declared: Value) -> Result<Jwt, String> {
    with(declared, &Secrets::from_iter([]))
}

fn with(declared: Value, secrets: &Secrets) -> Result<Jwt, String> {
    match serde_json::from_value::<Switch<JwtSpec>>(declared).map_err(|e| e.to_string())? {
        Switch::On(spec) => Jwt::new(&spec, secrets, "shop"),
        Switch::Off => panic!("off"),
    }
}

fn hs() -> Jwt {
    jwt(json!({"secret": SECRET})).unwrap()
}

fn later() -> u64 {
    get_current_timestamp() + 1000
}

fn sign(claims: &Value) -> String {
    sign_as(Algorithm::HS256, SECRET, claims)
}

fn sign_as(algorithm: Algorithm, key: &str, claims: &Value) -> String {
    let bytes = key.as_bytes();
    let key = match format!("{algorithm:?}").get(..2).unwrap() {
        "HS" => EncodingKey::from_secret(bytes),
        "RS" | "PS" => EncodingKey::from_rsa_pem(bytes).unwrap(),
        "ES" => EncodingKey::from_ec_pem(bytes).unwrap(),
        _ => EncodingKey::from_ed_pem(bytes).unwrap(),
    };
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn check_field(jwt: &Jwt, field: impl AsRef<[u8]>) -> Result<String, Refusal> {
    let field: &'static [u8] = field.as_ref().to_vec().leak();
    let claims = jwt.check(&Head("", vec![("authorization", field)]));
    claims.map(Option::unwrap_or_default)
}

fn check_without_field(jwt: &Jwt) -> Result<Option<String>, Refusal> {
    jwt.check(&Head("", vec![]))
}

fn check(jwt: &Jwt, token: &str) -> Result<String, String> {
    match check_field(jwt, format!("Bearer {token}")) {
        Ok(claims) => Ok(claims),
        Err(Refusal::Unauthorized {
            detail, challenge, ..
        }) => {
            assert!(
                challenge.starts_with(
                    "Bearer realm=\"shop\", error=\"invalid_token\", error_description=\""
                ),
                "{challenge}"
            );
            Err(detail)
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn error(jwt: &Jwt, token: &str) -> String {
    check(jwt, token).unwrap_err()
}

#[test]
fn every_algorithm_with_its_key_and_no_other() {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512};
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    let all = [
        (HS256, SECRET, SECRET),
        (HS384, SECRET, SECRET),
        (HS512, SECRET, SECRET),
        (RS256, RSA, RSA_PUBLIC),
        (RS384, RSA, RSA_PUBLIC),
        (RS512, RSA, RSA_PUBLIC),
        (PS256, RSA, RSA_PUBLIC),
        (PS384, RSA, RSA_PUBLIC),
        (PS512, RSA, RSA_PUBLIC),
        (ES256, EC_256, EC_256_PUBLIC),
        (ES384, EC_384, EC_384_PUBLIC),
        (EdDSA, ED, ED_PUBLIC),
    ];
    let claims = json!({"sub": "u", "exp": later(), "roles": ["a"]});
    let tokens = all.map(|(algorithm, key, _)| sign_as(algorithm, key, &claims));
    for (index, (algorithm, _, key)) in all.into_iter().enumerate() {
        let member = if key == SECRET {
            "secret"
        } else {
            "public_key"
        };
        let declared = json!({"algorithms": [format!("{algorithm:?}")], member: key});
        let jwt = jwt(declared).unwrap();
        for (other, token) in tokens.iter().enumerate() {
            if other == index {
                assert_eq!(check(&jwt, token), Ok(claims.to_string()), "{algorithm:?}");
                let mut bytes = token.clone().into_bytes();
                let at = bytes.len() - 10;
                bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(bytes).unwrap();
                assert_eq!(error(&jwt, &changed), "Token signature is invalid");
            } else {
                assert_eq!(error(&jwt, token), "Token algorithm is not accepted");
            }
        }
    }
}

#[test]
fn algorithms_are_those_declared() {
    let claims = json!({"exp": later()});
    // A public key is not a valid HMAC secret.
    let rsa = jwt(json!({"algorithms": ["RS256"], "public_key": RSA_PUBLIC})).unwrap();
    let forged = sign_as(Algorithm::HS256, RSA_PUBLIC, &claims);
    assert_eq!(error(&rsa, &forged), "Token algorithm is not accepted");
    let both = json!({"algorithms": ["RS256", "PS512"], "public_key": RSA_PUBLIC});
    let both = jwt(both).unwrap();
    for algorithm in [Algorithm::RS256, Algorithm::PS512] {
        assert!(check(&both, &sign_as(algorithm, RSA, &claims)).is_ok());
    }
    // `none`, in three spellings, without and with a signature.
    let payload = sign(&claims).split('.').nth(1).unwrap().to_owned();
    for header in [
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJOb25lIn0",
        "eyJhbGciOm51bGx9",
    ] {
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(error(&hs(), &token), "Token is invalid");
        }
    }
}

#[test]
fn times_have_their_leeway() {
    let now = get_current_timestamp();
    let strict = hs();
    for exp in [json!(now), json!(now - 1)] {
        let token = sign(&json!({"exp": exp}));
        assert_eq!(error(&strict, &token), "Token has expired");
    }
    let lenient = jwt(json!({"secret": SECRET, "leeway": 60})).unwrap();
    let expired = sign(&json!({"exp": now - 30}));
    assert_eq!(error(&strict, &expired), "Token has expired");
    assert!(check(&lenient, &expired).is_ok());
    assert_eq!(
        error(&lenient, &sign(&json!({"exp": now - 90}))),
        "Token has expired"
    );
    let early = sign(&json!({"exp": later(), "nbf": now + 30}));
    let reason = "JWT not valid yet, not before claim is in the future";
    assert_eq!(error(&strict, &early), reason);
    assert!(check(&lenient, &early).is_ok());
    // RFC 7519 allows fractions; 2626783946.5 is far away.
    assert!(check(&strict, &sign(&json!({"exp": 2_626_783_946.5}))).is_ok());
    for bad in [json!("tomorrow"), json!(-1), json!(1e300), json!([later()])] {
        error(&strict, &sign(&json!({"exp": bad})));
    }
    for bad in [json!("now"), json!(-1)] {
        let reason = error(&strict, &sign(&json!({"exp": later(), "nbf": bad})));
        assert_eq!(reason, "Token has a claim `nbf` that is not of its type");
    }
}

#[test]
fn claims_are_required_and_compared() {
    let declared = json!({"secret": SECRET, "audience": ["a", "b"], "issuer": "https://i",
        "required_claims": ["sub", "role"]});
    let jwt_all = jwt(declared).unwrap();
    let good = json!({"aud": ["x", "b"], "iss": "https://i", "sub": "u", "role": 1});
    assert!(check(&jwt_all, &sign(&good)).is_ok());
    let without = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        error(&jwt_all, &sign(&claims))
    };
    assert_eq!(without("aud", json!("c")), "Token audience is invalid");
    assert_eq!(without("aud", json!(["c"])), "Token audience is invalid");
    assert_eq!(
        without("iss", json!("https://j")),
        "Token issuer is invalid, expected 'https://i'"
    );
    // A claim of the wrong type is invalid, not absent.
    for (name, values) in [
        ("aud", [json!(7), json!({"a": 1})]),
        ("iss", [json!(7), json!(["https://i"])]),
        ("sub", [json!(7), json!(["u"])]),
    ] {
        for value in values {
            without(name, value);
        }
        assert_eq!(
            without(name, json!(null)),
            format!("Token has no claim `{name}`")
        );
    }
    // A valid token must have the app's own claims (403), but an expired token is 401 even
    // if it lacks them.
    let outcome = |claims: &Value| check_field(&jwt_all, format!("Bearer {}", sign(claims)));
    let mut lacking = good.clone();
    for role in [Some(json!(null)), None] {
        match role {
            Some(role) => lacking["role"] = role,
            None => drop(lacking.as_object_mut().unwrap().remove("role")),
        }
        let detail = "Token has no claim `role`".to_owned();
        assert_eq!(outcome(&lacking), Err(Refusal::Forbidden { detail }));
    }
    lacking["exp"] = json!(1);
    assert_eq!(outcome(&lacking).unwrap_err().status(), 401);
    let registered = json!({"secret": SECRET, "required_claims": ["role", "iat", "jti"]});
    let registered = jwt(registered).unwrap();
    let claims = sign(&json!({"iat": 1}));
    assert_eq!(error(&registered, &claims), "Token has no claim `jti`");
    let two = jwt(json!({"secret": SECRET, "issuer": ["a", "b"]})).unwrap();
    let token = sign(&json!({"exp": later(), "iss": "c"}));
    assert_eq!(error(&two, &token), "Token issuer is invalid");
    // Undeclared claims are not compared.
    let token = sign(&json!({"exp": later(), "iss": "c", "aud": "d"}));
    assert!(check(&hs(), &token).is_ok());
    let free = jwt(json!({"secret": SECRET, "required_claims": []})).unwrap();
    assert_eq!(check(&free, &sign(&json!({}))), Ok("{}".to_owned()));
    assert_eq!(error(&free, &sign(&json!({"exp": 1}))), "Token has expired");
}

#[test]
fn critical_headers_are_not_understood() {
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["exp".into()]);
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = encode(&header, &json!({"exp": later()}), &key).unwrap();
    assert_eq!(error(&hs(), &token), "Token has a critical header");
}

#[test]
fn what_is_no_bearer_token() {
    let refusal = |result: Result<String, Refusal>| match result {
        Err(Refusal::Unauthorized {
            title,
            detail,
            challenge,
        }) => (title, detail, challenge),
        other => panic!("{other:?}"),
    };
    let plain = "Bearer realm=\"shop\"".to_owned();
    let (title, detail, challenge) =
        refusal(check_without_field(&hs()).map(Option::unwrap_or_default));
    assert_eq!(title, "Missing or invalid Authorization header");
    assert_eq!(detail, "Expected 'Authorization: Bearer <token>'");
    assert_eq!(challenge, plain);
    let token = sign(&json!({"exp": later()}));
    for field in [token.as_str(), "", "Basic dTpw", "Bearertoken", "é"] {
        let (title, detail, challenge) = refusal(check_field(&hs(), field));
        assert_eq!(title, "Invalid Authorization header format");
        assert_eq!(
            detail,
            "Authorization header must use Bearer scheme: 'Bearer <token>'"
        );
        assert_eq!(challenge, plain);
    }
    assert_eq!(
        refusal(check_field(&hs(), b"Bearer \xff")).0,
        "Missing or invalid Authorization header"
    );
    let twice = vec![("authorization", b"Bearer a.b.c" as &[u8]); 2];
    let (_, detail, _) = refusal(hs().check(&Head("", twice)).map(Option::unwrap_or_default));
    assert_eq!(detail, "The request has more than one Authorization header");
    // The scheme is case-insensitive.
    assert!(check_field(&hs(), format!("bEARER   {token} ")).is_ok());
    for (token, found) in [("", 1), ("invalid.token", 2), ("a.b.c.d", 4)] {
        assert_eq!(
            error(&hs(), token),
            format!("Malformed JWT token: expected 3 parts separated by dots, found {found}")
        );
    }
    for garbage in [
        "..",
        "a.b.c",
        "é.é.é",
        "eyJhbGciOiJIUzI1NiJ9.e30.%%",
        "e30.e30.AA",
    ] {
        error(&hs(), garbage);
    }
    assert_eq!(
        error(&hs(), &format!("{token}A")),
        "Token signature is invalid"
    );
}

#[test]
fn size_is_bounded() {
    let text = "x".repeat(7000);
    let claims = json!({"exp": later(), "text": text});
    assert_eq!(check(&hs(), &sign(&claims)), Ok(claims.to_string()));
    let long = sign(&json!({"exp": later(), "text": "x".repeat(20_000)}));
    assert_eq!(
        error(&hs(), &long),
        "Malformed JWT token: longer than 16384 bytes"
    );
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let deep = sign(&json!({"exp": later(), "deep": deep}));
    assert_eq!(error(&hs(), &deep), "Token is invalid");
}

#[test]
fn says_what_is_wrong_with_keys() {
    let refused = |declared: Value| jwt(declared).unwrap_err();
    for (declared, reason) in [
        (json!({}), "no `algorithms`"),
        (json!({"secret": ""}), "an empty secret"),
        (json!({"algorithms": ["HS256"]}), "has no `secret`"),
        (json!({"algorithms": ["RS256"]}), "has no `public_key`"),
        (
            json!({"algorithms": ["RS256"], "public_key": RSA_PUBLIC, "secret": "s"}),
            "`RS256` needs a `public_key`",
        ),
        (
            json!({"algorithms": ["HS256", "RS256"], "secret": "s"}),
            "need different keys",
        ),
        (json!({"secret": RSA_PUBLIC}), "a PEM document"),
        (
            json!({"algorithms": ["RS256"], "public_key": "s"}),
            "not PEM",
        ),
        (
            json!({"algorithms": ["RS256"], "public_key": RSA}),
            "a private key",
        ),
        (
            json!({"algorithms": ["RS256"], "public_key": RSA_SHORT}),
            "1024 bits",
        ),
        (
            json!({"algorithms": ["RS256"], "public_key": EC_256_PUBLIC}),
            "for `RS256`",
        ),
        (
            json!({"algorithms": ["ES256"], "public_key": RSA_PUBLIC}),
            "for `ES256`",
        ),
        (
            json!({"algorithms": ["ES256"], "public_key": EC_384_PUBLIC}),
            "not on the curve of `ES256`",
        ),
        (
            json!({"algorithms": ["ES256", "ES384"], "public_key": EC_256_PUBLIC}),
            "not on the curve of `ES384`",
        ),
        (
            json!({"algorithms": ["EdDSA"], "public_key": EC_256_PUBLIC}),
            "for `EdDSA`",
        ),
        (
            json!({"algorithms": ["RS256"], "public_key": "-----BEGIN PUBLIC KEY-----\nMFww\n-----END PUBLIC KEY-----"}),
            "for `RS256`",
        ),
        (
            json!({"secret": "s", "leeway": 3601}),
            "maximum of 3600 seconds",
        ),
        (
            json!({"secret": "s", "audience": []}),
            "an empty `audience`",
        ),
        (
            json!({"algorithms": ["none"], "secret": "s"}),
            "unknown variant `none`",
        ),
        (
            json!({"secret": {"secret": "x"}}),
            "--secret x=env:VARIABLE",
        ),
    ] {
        let error = refused(declared.clone());
        assert!(error.contains(reason), "{declared}: {error}");
    }
    // A secret that the operator did not provide rejects every request.
    let unknown = with(json!({"secret": {"secret": "x"}}), &Secrets::default()).unwrap();
    let token = sign_as(Algorithm::HS256, "", &json!({"exp": later()}));
    let outcome = check_field(&unknown, format!("Bearer {token}"));
    assert_eq!(outcome, Err(Refusal::Failed));
}

#[test]
fn an_optional_token_may_be_absent_but_not_wrong() {
    let jwt = jwt(json!({"secret": SECRET, "optional": true})).unwrap();
    assert!(matches!(check_without_field(&jwt), Ok(None)));
    for field in ["", "Basic dTpw", "Bearer a.b.c"] {
        let refused = check_field(&jwt, field);
        assert!(
            matches!(refused, Err(Refusal::Unauthorized { .. })),
            "{field}"
        );
    }
    let token = sign(&json!({"exp": later(), "sub": "7"}));
    let claims = check_field(&jwt, format!("Bearer {token}")).unwrap();
    assert!(claims.contains(r#""sub":"7""#));
}

#[test]
fn the_scheme_of_the_header_may_be_another_one() {
    let with_scheme = |scheme| jwt(json!({"secret": SECRET, "scheme": scheme}));
    let jwt = with_scheme("Token").unwrap();
    let token = sign(&json!({"exp": later()}));
    assert!(check_field(&jwt, format!("token {token}")).is_ok());
    let Err(Refusal::Unauthorized {
        detail, challenge, ..
    }) = check_field(&jwt, format!("Bearer {token}"))
    else {
        panic!("accepted");
    };
    assert_eq!(
        detail,
        "Authorization header must use Token scheme: 'Token <token>'"
    );
    assert_eq!(challenge, "Token realm=\"shop\"");
    for wrong in ["", "a b", "Token\r\nx: y"] {
        assert!(with_scheme(wrong).unwrap_err().contains("`scheme`"));
    }
}
