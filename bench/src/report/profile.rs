//! The page of `profile`: the flame graph, and memory over time.

use crate::proc::Memory;

use super::chart::{Axis, curves, escape};

/// Returns a self-contained page; without a flame graph if `flame` is `None`.
pub fn page(title: &str, flame: Option<&str>, memory: &[(f64, Memory)]) -> String {
    let curve = |name: &str, of: fn(&Memory) -> u64| {
        let points = memory
            .iter()
            .map(|(at, pages)| (*at, of(pages) as f64 / 1e6));
        (name.to_owned(), points.collect())
    };
    let both = [
        curve("resident", |pages| pages.rss),
        curve("proportional", |pages| pages.pss),
    ];
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{}</style></head>\
         <body><main><h1>{title}</h1>{}{}</main></body></html>",
        super::html::STYLE,
        flame.map_or(String::new(), |flame| format!(
            "<p>The width of a frame is its share of CPU time; hover over a frame to see the share.</p><div class=\"flame\">{flame}</div>"
        )),
        curves(
            "memory over time",
            Axis::Linear,
            "megabytes over seconds",
            &both
        ),
    )
}
