//! The page of `profile`: the flame graph, and memory over time.

use crate::proc::Memory;

use super::chart::{Axis, curves, escape};

/// One page that needs nothing else; without a flame graph where none was made.
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
            "<p>Width is time on a core; a frame says its share when the pointer rests on it.</p><div class=\"flame\">{flame}</div>"
        )),
        curves(
            "memory over time",
            Axis::Linear,
            "megabytes by seconds",
            &both
        ),
    )
}
