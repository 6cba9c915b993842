//! Compression of replies, negotiated with `Accept-Encoding` (RFC 9110, section 12.5.3).

use serde::Deserialize;

use super::switch::FromTrue;

/// The compression policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Compression {
    /// The codings, in order of preference.
    pub algorithms: Vec<Algorithm>,
    /// The minimum size of a body to compress, in bytes.
    pub min_size: u64,
    /// The compression level, 1 to 11.
    pub level: u8,
}

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Zstandard (RFC 8878).
    Zstd,
    /// Brotli (RFC 7932).
    Br,
    /// gzip (RFC 1952).
    Gzip,
}

/// The negotiated coding of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// No coding.
    Identity,
    /// A content coding.
    Encoded {
        /// The coding.
        algorithm: Algorithm,
        /// True if the client does not accept `identity`, so that even a short body is
        /// compressed.
        always: bool,
    },
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            algorithms: vec![Algorithm::Zstd, Algorithm::Br, Algorithm::Gzip],
            min_size: 1024,
            level: 4,
        }
    }
}

impl FromTrue for Compression {
    fn from_true() -> Result<Self, &'static str> {
        Ok(Self::default())
    }
}

impl Algorithm {
    /// Returns the name in `Content-Encoding`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Br => "br",
            Self::Gzip => "gzip",
        }
    }

    fn is_named(self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.as_str())
            || self == Self::Gzip && name.eq_ignore_ascii_case("x-gzip")
    }
}

impl Compression {
    pub(super) fn check(&self) -> Result<Self, String> {
        if self.algorithms.is_empty() {
            return Err("has no `algorithms`; declare `false` to turn it off".to_owned());
        }
        if !(1..=11).contains(&self.level) {
            return Err(format!(
                "has `level` `{}`, which is not between 1 and 11",
                self.level
            ));
        }
        Ok(self.clone())
    }

    /// Chooses the coding with the highest weight; among equals, the one declared first.
    ///
    /// Returns [`Coding::Identity`] without `Accept-Encoding`, and also if the client accepts
    /// neither a declared coding nor `identity`: the handler has already replied, so an
    /// uncompressed reply is better than none.
    #[must_use]
    pub fn choose(&self, accept_encoding: &[u8]) -> Coding {
        let Ok(text) = std::str::from_utf8(accept_encoding) else {
            return Coding::Identity;
        };
        let mut best: Option<(Algorithm, u16)> = None;
        for algorithm in &self.algorithms {
            let weight = weight(text, |name| algorithm.is_named(name)).unwrap_or(0);
            if weight > best.map_or(0, |(_, best)| best) {
                best = Some((*algorithm, weight));
            }
        }
        let is_identity = |name: &str| name.eq_ignore_ascii_case("identity");
        let named = items(text).find(|(name, _)| is_identity(name));
        // Without an explicit weight, `identity` is acceptable but not preferred.
        let identity = named.map_or(0, |(_, weight)| weight);
        match best {
            Some((algorithm, weight)) if weight >= identity => Coding::Encoded {
                algorithm,
                always: crate::policy::compression::weight(text, is_identity) == Some(0),
            },
            _ => Coding::Identity,
        }
    }

    /// Returns true if compression reduces the size of this content type. False for formats
    /// that are already compressed, and for event streams, which must not be buffered.
    #[must_use]
    pub fn is_compressible(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/').unwrap_or((&essence, ""));
        match kind {
            "image" => matches!(subtype, "svg+xml" | "bmp" | "x-icon" | "vnd.microsoft.icon"),
            "audio" | "video" => false,
            "font" => matches!(subtype, "ttf" | "otf" | "collection"),
            "text" => subtype != "event-stream",
            "application" => !matches!(
                subtype,
                "gzip"
                    | "zip"
                    | "zstd"
                    | "x-7z-compressed"
                    | "x-bzip2"
                    | "x-gzip"
                    | "x-rar-compressed"
                    | "vnd.rar"
                    | "x-xz"
                    | "pdf"
                    | "grpc"
                    | "epub+zip"
                    | "java-archive"
            ),
            _ => true,
        }
    }
}

/// Parses a list of codings into names and weights in thousandths. Skips malformed items.
fn items(text: &str) -> impl Iterator<Item = (&str, u16)> {
    text.split(',').filter_map(|item| {
        let mut pieces = item.split(';').map(str::trim);
        let name = pieces.next().filter(|name| !name.is_empty())?;
        let weight = match pieces.next() {
            None => 1000,
            Some(piece) => {
                let (key, value) = piece.split_once('=')?;
                if !key.trim().eq_ignore_ascii_case("q") {
                    return None;
                }
                thousandths(value.trim())?
            }
        };
        Some((name, weight))
    })
}

/// Parses a weight (RFC 9110, section 12.4.2): 0 to 1 with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{rest:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// Returns the weight of a coding: its own, else that of `*`.
fn weight(text: &str, is_it: impl Fn(&str) -> bool) -> Option<u16> {
    let mut any = None;
    for (name, weight) in items(text) {
        if is_it(name) {
            return Some(weight);
        }
        if name == "*" {
            any = Some(weight);
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(accept: &str) -> String {
        match Compression::default().choose(accept.as_bytes()) {
            Coding::Identity => "identity".to_owned(),
            Coding::Encoded { algorithm, always } => {
                format!("{}{}", algorithm.as_str(), if always { "!" } else { "" })
            }
        }
    }

    #[test]
    fn chooses_by_weight_then_by_declaration() {
        for (accept, chosen) in [
            ("", "identity"),
            ("gzip", "gzip"),
            ("X-GZIP", "gzip"),
            ("gzip, br, zstd", "zstd"),
            ("gzip;q=1.0, br;q=0.9, zstd;q=0.8", "gzip"),
            ("br;q=0.5, gzip; Q=0.501", "gzip"),
            ("*", "zstd"),
            ("*, zstd;q=0", "br"),
            ("zstd;q=0, br;q=0, gzip;q=0", "identity"),
            ("deflate", "identity"),
            ("identity, gzip;q=0.5", "identity"),
            ("identity;q=0.5, gzip;q=0.5", "gzip"),
            ("identity;q=0, gzip", "gzip!"),
            ("*;q=0, gzip;q=0.1", "gzip!"),
            ("*;q=0", "identity"),
            ("identity;q=0", "identity"),
            ("gzip;q=2, br;q=x, zstd;q=0.0000", "identity"),
            (";;,,=;q, gzip;q", "identity"),
            ("é, gzip", "gzip"),
        ] {
            assert_eq!(choose(accept), chosen, "{accept}");
        }
        assert_eq!(
            Compression::default().choose(b"gzip, \xff"),
            Coding::Identity
        );
        let long = "gzip;q=0.1,".repeat(10_000);
        assert_eq!(choose(&long), "gzip");
    }

    #[test]
    fn leaves_what_is_compressed() {
        for fine in [
            "application/json",
            "text/html; charset=utf-8",
            "image/svg+xml",
            "APPLICATION/problem+json",
            "",
        ] {
            assert!(Compression::is_compressible(fine), "{fine}");
        }
        for not in [
            "image/png",
            "video/mp4",
            "application/zip",
            "text/event-stream",
            "font/woff2",
        ] {
            assert!(!Compression::is_compressible(not), "{not}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |text| serde_json::from_str::<Compression>(text).unwrap().check();
        assert!(check(r#"{"algorithms": []}"#).is_err());
        assert!(check(r#"{"level": 0}"#).unwrap_err().contains("1 and 11"));
        assert!(check(r#"{"algorithms": ["br"], "min_size": 0, "level": 11}"#).is_ok());
        assert!(serde_json::from_str::<Compression>(r#"{"algorithms": ["deflate"]}"#).is_err());
    }
}
