//! Renders the demo's start page: the routes, each with a link or a curl command, and the next steps.

use spikard_wasm_sdk::RouteInfo;

const HEAD: &str = include_str!("head.html");
const NEXT: &str = include_str!("next.html");

/// Renders the page for a client that reached the app at `host`.
pub(crate) fn render<'a>(host: &str, routes: impl Iterator<Item = RouteInfo<'a>>) -> String {
    let mut page = String::from(HEAD);
    page.push_str("<section><h2>Routes</h2><dl>\n");
    for route in routes {
        page.push_str("<dt><b>");
        escape(&mut page, route.method);
        page.push_str("</b> <code>");
        escape(&mut page, route.path);
        page.push_str("</code></dt><dd>");
        escape(&mut page, route.summary);
        example(&mut page, host, route);
        page.push_str("</dd>\n");
    }
    page.push_str("</dl></section>\n");
    page.push_str(NEXT);
    page
}

/// Adds a route's example, which is in backticks in the description: a path becomes a link, and
/// options of curl become a command for the route's path.
fn example(page: &mut String, host: &str, route: RouteInfo<'_>) {
    let Some(sample) = route.description.split('`').nth(1) else {
        return;
    };
    if sample.starts_with('/') {
        page.push_str("<br><a href=\"");
        escape(page, sample);
        page.push_str("\">");
        escape(page, sample);
        page.push_str("</a>");
    } else {
        page.push_str("<pre>curl http://");
        escape(page, host);
        escape(page, route.path);
        page.push_str(" -H 'content-type: application/json' ");
        escape(page, sample);
        page.push_str("</pre>");
    }
}

fn escape(page: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            other => page.push(other),
        }
    }
}
