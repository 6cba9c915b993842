//! The page of fortunes.

use std::fmt::Write as _;

use serde::Deserialize;
use spikard_wasm_sdk::{HttpError, Reply, Route, get, params, routes};

use crate::named;
use crate::worlds::DATABASE;

/// A row of the table `fortune`.
#[derive(Deserialize)]
struct Fortune {
    id: i32,
    message: String,
}

/// Replies with all fortunes and one of the request, sorted by message.
#[get("/fortunes")]
async fn fortunes() -> Result<Reply, HttpError> {
    let found = DATABASE.query_as("select id, message from fortune", params![]);
    let mut fortunes: Vec<Fortune> = found.await?;
    let message = "Additional fortune added at request time.".to_owned();
    fortunes.push(Fortune { id: 0, message });
    fortunes.sort_unstable_by(|a, b| a.message.cmp(&b.message));
    Ok(named(Reply::html(page(&fortunes))))
}

fn page(fortunes: &[Fortune]) -> String {
    let mut page = String::with_capacity(2048);
    page += "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>";
    page += "<tr><th>id</th><th>message</th></tr>";
    for fortune in fortunes {
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

pub(crate) fn routes() -> Vec<Route> {
    routes![fortunes].into()
}
