//! The page of fortunes.

use std::fmt::Write as _;

/// A row of the table `fortune`.
pub(crate) struct Fortune {
    id: i32,
    message: String,
}

impl Fortune {
    pub(crate) fn new(id: i32, message: String) -> Self {
        Self { id, message }
    }
}

/// Adds the fortune of the request and returns the page, sorted by message.
pub(crate) fn page(mut fortunes: Vec<Fortune>) -> String {
    let added = "Additional fortune added at request time.".to_owned();
    fortunes.push(Fortune::new(0, added));
    fortunes.sort_unstable_by(|a, b| a.message.cmp(&b.message));
    let mut page = String::with_capacity(2048);
    page += "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>";
    page += "<tr><th>id</th><th>message</th></tr>";
    for fortune in &fortunes {
        let _ = write!(page, "<tr><td>{}</td><td>", fortune.id);
        escape(&fortune.message, &mut page);
        page += "</td></tr>";
    }
    page + "</table></body></html>"
}

fn escape(text: &str, page: &mut String) {
    for c in text.chars() {
        match c {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            c => page.push(c),
        }
    }
}
