use serde_json::{Value, json};

use super::{base64, bytes, call, hex, invalid};

fn derive(password: &[u8], salt: &[u8], mut head: Value) -> String {
    head["salt"] = json!(base64(salt));
    hex(call("crypto.derive", &head, bytes(password)))
}

fn pbkdf2(hash: &str, password: &[u8], salt: &[u8], iterations: u32, length: usize) -> String {
    let head =
        json!({"algorithm": "pbkdf2", "hash": hash, "iterations": iterations, "length": length});
    derive(password, salt, head)
}

/// RFC 6070.
#[test]
fn pbkdf2_with_sha_1() {
    for (password, salt, iterations, expected) in [
        (
            &b"password"[..],
            &b"salt"[..],
            1,
            "0c60c80f961f0e71f3a9b524af6012062fe037a6",
        ),
        (
            b"password",
            b"salt",
            2,
            "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957",
        ),
        (
            b"password",
            b"salt",
            4096,
            "4b007901b765489abead49d926f721d065a429c1",
        ),
        (
            b"passwordPASSWORDpassword",
            b"saltSALTsaltSALTsaltSALTsaltSALTsalt",
            4096,
            "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
        ),
        (
            b"pass\0word",
            b"sa\0lt",
            4096,
            "56fa6aa75548099dcc37d7f03425e0c3",
        ),
    ] {
        let key = pbkdf2("sha-1", password, salt, iterations, expected.len() / 2);
        assert_eq!(key, expected);
    }
}

/// RFC 7914, section 11.
#[test]
fn pbkdf2_with_sha_256() {
    assert_eq!(
        pbkdf2("sha-256", b"passwd", b"salt", 1, 64),
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
    );
    assert_eq!(
        pbkdf2("sha-256", b"Password", b"NaCl", 80_000, 64),
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
    );
}

/// RFC 7914, section 12, but for the vector that needs 1 GiB.
#[test]
fn scrypt() {
    for (password, salt, (n, r, p), expected) in [
        (
            &b""[..],
            &b""[..],
            (16, 1, 1),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
        ),
        (
            b"password",
            b"NaCl",
            (1024, 8, 16),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
        ),
        (
            b"pleaseletmein",
            b"SodiumChloride",
            (16_384, 8, 1),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
        ),
    ] {
        let head = json!({"algorithm": "scrypt", "n": n, "r": r, "p": p, "length": 64});
        assert_eq!(derive(password, salt, head), expected);
    }
}

#[test]
fn costs_have_a_maximum_that_errors_name() {
    for (change, why) in [
        (
            json!({"iterations": 10_000_001}),
            "has the invalid value `10000001` for `iterations`; use a whole number from 1 to 10000000",
        ),
        (
            json!({"iterations": 5_000_001, "length": 33}),
            "needs too many iterations: `5000001` for each of 2 blocks of the key; the maximum is 10000000 in total",
        ),
        (
            json!({"length": 1025}),
            "has the invalid value `1025` for `length`; use a whole number from 1 to 1024",
        ),
        (json!({"n": 2}), "with `pbkdf2` has no `n`; remove it"),
    ] {
        let mut head = json!({"algorithm": "pbkdf2", "hash": "sha-256", "salt": "", "iterations": 1, "length": 32});
        for (name, value) in change.as_object().unwrap() {
            head[name] = value.clone();
        }
        assert_eq!(
            invalid("crypto.derive", &head),
            format!("`crypto.derive` {why}")
        );
    }
    let memory = "needs too much memory; `128 * n * r` is at most 268435456 bytes";
    let work = "costs too much; `128 * n * r * p` is at most 1073741824 bytes, and `128 * r * p` at most 16777216 bytes";
    for ((n, r, p), why) in [
        ((1_u64 << 19, 8_u64, 1_u64), memory),
        ((2, 1 << 21, 1), memory),
        ((1 << 17, 8, 9), work),
        ((2, 1, 1 << 18), work),
        ((3, 8, 1), "needs a power of two as `n`"),
    ] {
        let head = json!({"algorithm": "scrypt", "salt": "", "n": n, "r": r, "p": p, "length": 32});
        assert_eq!(
            invalid("crypto.derive", &head),
            format!("`crypto.derive` {why}"),
            "{head}"
        );
    }
}
