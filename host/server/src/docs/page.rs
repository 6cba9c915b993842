//! The viewer's page. All its references are relative, so that it also works behind a proxy
//! that adds a path prefix.

use hyper::header::HeaderValue;
use spikard_wasm_app::OpenApi;

/// Returns the folder of the viewer's files: `/docs/` for `/docs`.
pub(super) fn folder(docs: &str) -> String {
    format!("{}/", docs.trim_end_matches('/'))
}

/// Renders the page.
pub(super) fn html(api: &OpenApi) -> String {
    let settings = api.settings();
    let title = api.document()["info"]["title"].as_str().unwrap_or_default();
    let mut page = include_str!("index.html").to_owned();
    for (placeholder, text) in [
        (
            "{folder}",
            relative(&settings.docs, &folder(&settings.docs)),
        ),
        ("{document}", relative(&settings.docs, &settings.path)),
        // The title comes last, because it may contain the other placeholders.
        ("{title}", title.to_owned()),
    ] {
        page = page.replace(placeholder, &escape(&text));
    }
    page
}

/// Returns the relative reference from one path to another (RFC 3986, section 4.2).
fn relative(from: &str, to: &str) -> String {
    let folders: Vec<&str> = from.split('/').collect();
    let steps: Vec<&str> = to.split('/').collect();
    // The last segments are the page and the target, not folders.
    let (folders, target) = (&folders[..folders.len() - 1], &steps[..steps.len() - 1]);
    let shared = folders
        .iter()
        .zip(target)
        .take_while(|(a, b)| a == b)
        .count();
    let up = "../".repeat(folders.len() - shared);
    // Without `./`, a colon in the first segment would make it a scheme.
    let here = if up.is_empty() { "./" } else { "" };
    format!("{here}{up}{}", steps[shared..].join("/"))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Returns the content security policy of the page, which allows this host and the servers that
/// the app declares. Swagger UI needs inline styles, and images from `data:` URLs.
pub(super) fn security_policy(api: &OpenApi) -> Option<HeaderValue> {
    let mut servers: Vec<&str> = api
        .settings()
        .servers
        .iter()
        .filter_map(|server| origin(&server.url))
        .collect();
    servers.sort_unstable();
    servers.dedup();
    servers.insert(0, "'self'");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         connect-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
        servers.join(" ")
    );
    HeaderValue::try_from(policy).ok()
}

/// Returns the origin of an absolute URL. Rejects characters that could end a source expression
/// of the policy, and URLs with variables, which have no fixed origin.
fn origin(url: &str) -> Option<&str> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| url.starts_with(scheme))?;
    let authority = url[scheme.len()..].split('/').next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let is_valid = !authority.is_empty() && authority.chars().all(is_plain);
    is_valid.then(|| &url[..scheme.len() + authority.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_relative() {
        for (from, to, expected) in [
            ("/docs", "/openapi.json", "./openapi.json"),
            ("/docs", "/docs/", "./docs/"),
            ("/docs/", "/docs/", "./"),
            ("/", "/", "./"),
            ("/api/v1/docs", "/api/openapi.json", "../openapi.json"),
            ("/docs/", "/openapi.json", "../openapi.json"),
            ("/a", "/b/c:d", "./b/c:d"),
        ] {
            assert_eq!(relative(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn the_policy_contains_origins_only() {
        assert_eq!(
            origin("https://a.example:8443/v1"),
            Some("https://a.example:8443")
        );
        assert_eq!(origin("http://[::1]"), Some("http://[::1]"));
        for bad in [
            "/v1",
            "https://",
            "https://a b",
            "https://a;script-src *",
            "https://{r}.example",
            "ftp://a",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
