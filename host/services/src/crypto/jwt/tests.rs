use serde_json::{Value, json};

use super::claims::now;
use super::key::{SigningKey, verifying};
use crate::crypto::tests::{call, invalid, quick, text};
use crate::outcome::{Failed, Payload};

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../../tests/keys/", $name))
    };
}

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const SHARED: &str = "a shared secret of 32 bytes, yes";

fn sign(head: &Value, claims: &Value) -> Result<String, Failed> {
    match call("jwt.sign", head, Payload::Json(claims.to_string()))?.body {
        Payload::Text(token) => Ok(token),
        other => panic!("no text: {other:?}"),
    }
}

fn verify(head: &Value, token: &str) -> Result<Value, Failed> {
    match call("jwt.verify", head, text(token))?.body {
        Payload::Json(claims) => Ok(serde_json::from_str(&claims).expect("JSON")),
        other => panic!("no JSON: {other:?}"),
    }
}

#[track_caller]
fn reason(result: Result<Value, Failed>) -> String {
    let failed = result.expect_err("an invalid token");
    assert_eq!(failed.code, "invalid-token", "{failed}");
    failed.details["reason"]
        .as_str()
        .expect("a reason")
        .to_owned()
}

/// RFC 7515, appendices A.1 and A.2; RFC 8037, appendix A.4.
#[test]
fn signatures() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::Algorithm;
    let shared = URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .unwrap();
    for (algorithm, key, message, signature) in [
        (
            Algorithm::HS256,
            &shared[..],
            format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}"),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
        (
            Algorithm::RS256,
            key!("rsa.pem").as_bytes(),
            format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}"),
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            Algorithm::EdDSA,
            key!("ed25519.pem").as_bytes(),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ] {
        let key = SigningKey::parse(algorithm, key).unwrap();
        assert_eq!(key.sign(message.as_bytes()).unwrap(), signature);
    }
    // A.3: ECDSA is not deterministic there.
    let key = verifying(Algorithm::ES256, key!("p256-public.pem").as_bytes()).unwrap();
    let message = format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}");
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let is_valid = |message: &str| {
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::ES256)
    };
    assert_eq!(is_valid(&message), Ok(true));
    assert_eq!(is_valid("x"), Ok(false));
}

/// The tokens of RFC 7515 expired in 2011, so a valid signature gives this reason.
#[test]
fn tokens_of_the_standard() {
    let token = format!(
        "eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    let head = json!({"algorithm": "ES256", "key": key!("p256-public.pem")});
    assert_eq!(reason(verify(&head, &token)), "expired");
    let changed = token.replace("DtEh", "DtEi");
    assert_eq!(reason(verify(&head, &changed)), "signature");
}

#[test]
fn round_trips_of_every_algorithm() {
    let rsa = (key!("rsa.pem"), key!("rsa-public.pem"));
    let pkcs1 = (key!("rsa-pkcs1.pem"), key!("rsa-public-pkcs1.pem"));
    for (algorithm, (private, public)) in [
        ("HS256", (SHARED, SHARED)),
        ("HS384", (SHARED, SHARED)),
        ("HS512", (SHARED, SHARED)),
        ("RS256", rsa),
        ("RS384", pkcs1),
        ("RS512", rsa),
        ("PS256", rsa),
        ("PS384", rsa),
        ("PS512", pkcs1),
        ("ES256", (key!("p256.pem"), key!("p256-public.pem"))),
        ("ES384", (key!("p384.pem"), key!("p384-public.pem"))),
        ("EdDSA", (key!("ed25519.pem"), key!("ed25519-public.pem"))),
    ] {
        let claims = json!({"sub": "ä", "admin": true});
        let token = sign(&json!({"algorithm": algorithm, "key": private}), &claims).unwrap();
        let head = json!({"algorithm": algorithm, "key": public});
        assert_eq!(verify(&head, &token), Ok(claims), "{algorithm}");
        let (message, signature) = token.rsplit_once('.').unwrap();
        let changed = format!("{message}.{}A", &signature[1..]);
        assert_eq!(reason(verify(&head, &changed)), "signature", "{algorithm}");
    }
}

#[test]
fn hmac_is_ready_at_once() {
    let head = json!({"algorithm": "HS256", "secret": "known"});
    let token = quick("jwt.sign", &head, Payload::Json("{}".into())).unwrap();
    assert!(quick("jwt.verify", &head, token.body).is_ok());
}

#[test]
fn claims_keep_their_text() {
    let head = json!({"algorithm": "HS256", "key": SHARED});
    let claims = r#"{"big":123456789012345678901234567890,"small":1.0}"#;
    let token = call("jwt.sign", &head, Payload::Json(claims.into())).unwrap();
    let verified = call("jwt.verify", &head, token.body).unwrap();
    assert_eq!(verified.body, Payload::Json(claims.into()));
}

#[test]
fn expiry() {
    let head = json!({"algorithm": "HS256", "key": SHARED, "expires_in": 3600});
    let token = sign(&head, &json!({"sub": "a"})).unwrap();
    let verifying = |leeway: u64| json!({"algorithm": "HS256", "key": SHARED, "leeway": leeway});
    let claims = verify(&verifying(0), &token).unwrap();
    let (iat, exp) = (
        claims["iat"].as_u64().unwrap(),
        claims["exp"].as_u64().unwrap(),
    );
    assert_eq!(exp - iat, 3600);
    assert!((now() - iat as f64).abs() < 10.0, "{iat}");
    let at = now() as u64;
    let plain = json!({"algorithm": "HS256", "key": SHARED});
    for (claims, leeway, expected) in [
        (json!({"exp": at - 20}), 0, Some("expired")),
        (json!({"exp": at - 20}), 60, None),
        (json!({"nbf": at + 30}), 0, Some("not-yet-valid")),
        (json!({"nbf": at + 30}), 60, None),
        (json!({"exp": "tomorrow"}), 0, Some("claims")),
        (json!({"iat": -1}), 0, Some("claims")),
        (json!({"iss": ["me"]}), 0, Some("claims")),
        (json!({"exp": null}), 0, None),
    ] {
        let token = sign(&plain, &claims).unwrap();
        let result = verify(&verifying(leeway), &token);
        match expected {
            None => assert_eq!(result, Ok(claims)),
            Some(expected) => assert_eq!(reason(result), expected, "{claims}"),
        }
    }
    let twice = sign(&head, &json!({"exp": 1})).unwrap_err();
    assert_eq!(
        twice.message,
        "`jwt.sign` has `expires_in`, and a claim `exp`; remove one of them"
    );
    let kept = sign(&head, &json!({"iat": 5})).unwrap();
    assert_eq!(verify(&verifying(0), &kept).unwrap()["iat"], 5);
}

#[test]
fn issuer_and_audience() {
    let plain = json!({"algorithm": "HS256", "key": SHARED});
    for (claims, expected) in [
        (json!({"iss": "me", "aud": "you"}), None),
        (json!({"iss": "we", "aud": ["you", "they"]}), None),
        (json!({"iss": "x", "aud": "you"}), Some("issuer")),
        (json!({"iss": "me", "aud": "x"}), Some("audience")),
        (json!({"iss": "me"}), Some("audience")),
        (json!({"aud": "you"}), Some("issuer")),
    ] {
        let token = sign(&plain, &claims).unwrap();
        let head =
            json!({"algorithm": "HS256", "key": SHARED, "issuer": ["me", "we"], "audience": "you"});
        match (verify(&head, &token), expected) {
            (result, None) => assert_eq!(result, Ok(claims)),
            (result, Some(expected)) => assert_eq!(reason(result), expected, "{claims}"),
        }
    }
    // Without expectations, tokens for any audience pass.
    let token = sign(&plain, &json!({"aud": "x", "iss": "y"})).unwrap();
    assert!(verify(&plain, &token).is_ok());
}

#[test]
fn invalid_tokens() {
    let head = json!({"algorithm": "HS256", "key": SHARED});
    let token = sign(&head, &json!({"sub": "a"})).unwrap();
    let other = sign(&json!({"algorithm": "HS384", "key": SHARED}), &json!({})).unwrap();
    assert_eq!(reason(verify(&head, &other)), "algorithm");
    let signed = |header: &str, claims: &str| {
        use base64::Engine;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
        let message = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let key = SigningKey::parse(jsonwebtoken::Algorithm::HS256, SHARED.as_bytes());
        format!(
            "{message}.{}",
            key.unwrap().sign(message.as_bytes()).unwrap()
        )
    };
    let hs256 = r#"{"alg":"HS256"}"#;
    assert!(verify(&head, &signed(hs256, "{}")).is_ok());
    for bad in [
        String::new(),
        "..".to_owned(),
        "a.b".to_owned(),
        format!("{token}.x"),
        "ä.ö.ü".to_owned(),
        "x".repeat(16 << 10 | 1),
        // The attack of RFC 8725, section 2.1.
        format!("eyJhbGciOiJub25lIn0.{PAYLOAD}."),
        signed(hs256, "[1]"),
        signed(hs256, "7"),
        signed(hs256, r#"{"exp": 1, "exp": 9999999999}"#),
        signed(r#"{"alg":"HS256","crit":["x"],"x":1}"#, "{}"),
    ] {
        assert_eq!(reason(verify(&head, &bad)), "malformed", "{bad}");
    }
}

#[test]
fn wrong_keys_are_named_and_not_repeated() {
    let public = "needs the private key of the pair, not the public one";
    for (kind, algorithm, key, why) in [
        (
            "jwt.sign",
            "HS256",
            "",
            "has an empty key; use random bytes",
        ),
        (
            "jwt.verify",
            "HS256",
            key!("rsa-public.pem"),
            "has a PEM document as its key, but `HS256` needs a shared secret; use random bytes",
        ),
        ("jwt.sign", "RS256", key!("rsa-public.pem"), public),
        (
            "jwt.verify",
            "RS256",
            key!("rsa.pem"),
            "needs the public key of the pair, not the private one",
        ),
        (
            "jwt.sign",
            "RS256",
            "hunter2",
            "has a key that is not a PEM document; it begins with `-----BEGIN`",
        ),
        (
            "jwt.verify",
            "RS256",
            key!("rsa-1024-public.pem"),
            "has an RSA key of 1024 bits; the minimum is 2048",
        ),
        (
            "jwt.sign",
            "RS256",
            key!("rsa-1024.pem"),
            "has a key that is not a valid RSA key of 2048 to 4096 bits: TooSmall",
        ),
        (
            "jwt.sign",
            "ES256",
            key!("p256-sec1.pem"),
            "needs a key for `ES256` that begins with `-----BEGIN PRIVATE KEY-----` (PKCS#8); `openssl pkcs8 -topk8 -nocrypt` converts others",
        ),
        (
            "jwt.sign",
            "ES384",
            key!("p256.pem"),
            "has a key that is not a valid key for `ES384`",
        ),
        (
            "jwt.verify",
            "ES384",
            key!("p256-public.pem"),
            "has a key that is not a valid public key for `ES384`",
        ),
        (
            "jwt.verify",
            "EdDSA",
            key!("rsa-public.pem"),
            "has a key that is not a valid public key for `EdDSA`",
        ),
    ] {
        let head = json!({"algorithm": algorithm, "key": key});
        let failed = call(kind, &head, Payload::Json("{}".into())).unwrap_err();
        assert_eq!(
            (&*failed.code, failed.message),
            ("invalid", format!("`{kind}` {why}"))
        );
    }
    let long = json!({"algorithm": "RS256", "key": "x".repeat(8193)});
    let failed = call("jwt.sign", &long, Payload::Json("{}".into())).unwrap_err();
    assert_eq!(
        failed.message,
        "`jwt.sign` has a key of more than 8192 bytes"
    );
}

#[test]
fn invalid_claims() {
    for claims in ["", "[]", "7", "{", "null"] {
        let head = json!({"algorithm": "HS256", "key": SHARED});
        let failed = quick("jwt.sign", &head, Payload::Json(claims.into())).unwrap_err();
        assert_eq!(
            failed.message,
            "`jwt.sign` needs the claims as a JSON object"
        );
    }
    let large = json!({"data": "x".repeat(20_000)});
    let failed = sign(&json!({"algorithm": "HS256", "key": SHARED}), &large).unwrap_err();
    assert_eq!(failed.code, "too-large");
    let why = invalid("jwt.sign", &json!({"algorithm": "none", "key": SHARED}));
    assert!(
        why.contains("invalid value `none` for `algorithm`"),
        "{why}"
    );
}
