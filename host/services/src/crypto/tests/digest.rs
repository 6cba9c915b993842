use serde_json::json;

use super::{base64, bytes, call, head, hex, invalid, quick, text};
use crate::crypto::work::{QUICK_BYTES, Work};
use crate::outcome::{Outcome, Payload};

/// FIPS 180-4, examples.
#[test]
fn digests() {
    for (hash, expected) in [
        ("sha-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "sha-256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "sha-384",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            "sha-512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ] {
        for body in [text("abc"), bytes(b"abc"), Payload::Json("abc".into())] {
            let digest = quick("crypto.digest", &json!({ "hash": hash }), body);
            assert_eq!(hex(digest), expected, "{hash}");
        }
    }
    let empty = quick("crypto.digest", &json!({"hash": "sha-1"}), Payload::Empty);
    assert_eq!(hex(empty), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

#[test]
fn much_data_takes_a_thread() {
    let work = |size| Work::over(size, || Ok(Outcome::new(String::new(), Payload::Empty)));
    assert!(matches!(work(QUICK_BYTES), Ok(Work::Done(_))));
    assert!(matches!(work(QUICK_BYTES + 1), Ok(Work::Slow(_))));
    let data = vec![0; QUICK_BYTES + 1];
    let digest = call("crypto.digest", &json!({"hash": "sha-256"}), bytes(&data));
    assert_eq!(hex(digest).len(), 64);
}

/// RFC 4231, test cases 1, 2, 3 and 6.
#[test]
fn codes() {
    let cases: [(Vec<u8>, Vec<u8>, [&str; 3]); 4] = [
        (
            vec![0x0b; 20],
            b"Hi There".to_vec(),
            [
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ],
        ),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?".to_vec(),
            [
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ],
        ),
        (
            vec![0xaa; 20],
            vec![0xdd; 50],
            [
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ],
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
            [
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ],
        ),
    ];
    for (key, data, codes) in cases {
        for (hash, expected) in ["sha-256", "sha-384", "sha-512"].into_iter().zip(codes) {
            let head = json!({"hash": hash, "key": base64(&key)});
            let code = quick("crypto.hmac", &head, bytes(&data));
            assert_eq!(hex(code), expected, "{hash}");
        }
    }
    // RFC 2202, test case 2.
    let head = json!({"hash": "sha-1", "key": base64(b"Jefe")});
    let code = quick("crypto.hmac", &head, text("what do ya want for nothing?"));
    assert_eq!(hex(code), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

#[test]
fn codes_by_secret() {
    let by_key = json!({"hash": "sha-256", "key": base64(b"a granted secret")});
    let by_secret = json!({"hash": "sha-256", "secret": "known"});
    let code = |head| hex(quick("crypto.hmac", head, text("data")));
    assert_eq!(code(&by_key), code(&by_secret));
    let denied = json!({"hash": "sha-256", "secret": "an other"});
    let denied = quick("crypto.hmac", &denied, text("data")).unwrap_err();
    assert_eq!(denied.code, "denied");
    assert_eq!(
        denied.message,
        "`crypto.hmac` needs the secret `an other`, which is not granted; add `\"an other\" = \"env:VARIABLE\"` to `[grants.secrets]` in spikard.toml"
    );
    let both = json!({"hash": "sha-256", "secret": "known", "key": ""});
    assert_eq!(
        invalid("crypto.hmac", &both),
        "`crypto.hmac` has both `key` and `secret`; use one of them"
    );
    let none = invalid("crypto.hmac", &json!({"hash": "sha-256"}));
    assert_eq!(none, "`crypto.hmac` has no key; use `secret` or `key`");
}

#[test]
fn comparison() {
    for (data, other, equal) in [
        (&b"abc"[..], &b"abc"[..], true),
        (b"abc", b"abd", false),
        (b"abc", b"ab", false),
        (b"", b"", true),
        (b"", b"a", false),
    ] {
        let result = quick(
            "crypto.equal",
            &json!({"other": base64(other)}),
            bytes(data),
        );
        assert_eq!(head(result), json!({ "equal": equal }));
    }
}

#[test]
fn random_bytes() {
    let random = |length: u64| {
        hex(quick(
            "crypto.random",
            &json!({ "length": length }),
            text(""),
        ))
    };
    assert_eq!((random(0).len(), random(32).len()), (0, 64));
    assert_eq!(random(65_536).len(), 131_072);
    assert_ne!(random(32), random(32));
    let why = invalid("crypto.random", &json!({"length": 65_537}));
    assert_eq!(
        why,
        "`crypto.random` has the invalid value `65537` for `length`; use a whole number from 0 to 65536"
    );
}
