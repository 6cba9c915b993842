//! Slugs of articles.

use std::fmt::Write as _;

use spikard_wasm_sdk::crypto;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::errors::Error;

/// Returns the words of a title in lower case, joined with `-`. Letters of all scripts are kept,
/// accents are not.
fn slugify(title: &str) -> String {
    let letters = title.nfkd().filter(|c| !is_combining_mark(*c));
    let mut slug = String::new();
    for c in letters.flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}

/// Calls `store` with the slug of a title, and again with a longer one if another article has that
/// slug. Returns the slug.
pub async fn with_slug(
    title: &str,
    store: impl AsyncFn(&str) -> Result<(), Error>,
) -> Result<String, Error> {
    let mut slug = slugify(title);
    // `feed` would collide with the path of another route.
    if slug.is_empty() || slug == "feed" {
        slug.insert_str(0, "article-");
        slug.truncate(slug.trim_end_matches('-').len());
    }
    match store(&slug).await {
        Err(Error::Failed(error)) if error.is_unique() => {}
        other => return other.map(|()| slug),
    }
    slug.push('-');
    for byte in crypto::random(4).await? {
        let _ = write!(slug, "{byte:02x}");
    }
    store(&slug).await?;
    Ok(slug)
}
