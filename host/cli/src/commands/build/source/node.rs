//! Explains imports of modules of Node.js. `guests/js/src/build/unresolved.ts` does so for apps that
//! are bundled.

/// Modules of Node.js, and the replacement for each that has one.
const MODULES: [(&str, &str); 39] = [
    ("assert", "throw an `HttpError` or an `Error`"),
    ("async_hooks", ""),
    ("buffer", "use `Uint8Array`, `TextEncoder` and `atob`"),
    ("child_process", ""),
    ("cluster", ""),
    ("console", "use the global `console`"),
    ("constants", ""),
    ("crypto", "use the global `crypto`"),
    ("dgram", ""),
    ("diagnostics_channel", ""),
    ("dns", ""),
    ("domain", ""),
    ("events", "use `EventTarget`"),
    ("fs", ""),
    ("fs/promises", ""),
    ("http", ""),
    ("http2", ""),
    ("https", ""),
    ("inspector", ""),
    ("module", ""),
    ("net", ""),
    ("os", ""),
    ("path", "use the npm package `pathe`"),
    ("perf_hooks", "use the global `performance`"),
    ("process", ""),
    ("querystring", "use `URLSearchParams`"),
    ("readline", ""),
    ("stream", "use `ReadableStream`"),
    ("stream/web", "use the global `ReadableStream`"),
    ("string_decoder", "use `TextDecoder`"),
    ("timers", "use the global `setTimeout`"),
    (
        "timers/promises",
        "use the global `setTimeout` in a `Promise`",
    ),
    ("tls", ""),
    ("url", "use the global `URL`"),
    ("util", "use `TextEncoder`, `structuredClone` or `console`"),
    ("v8", ""),
    ("vm", ""),
    ("worker_threads", ""),
    ("zlib", ""),
];

/// Returns what to use instead of an imported module of Node.js; `None` for any other module.
pub(super) fn instead(specifier: &str) -> Option<&'static str> {
    let name = specifier.strip_prefix("node:").unwrap_or(specifier);
    let known = MODULES.iter().find(|(module, _)| *module == name);
    let instead = match known {
        Some((_, instead)) if !instead.is_empty() => instead,
        Some(_) => "a component has no files, sockets or processes",
        None if specifier.starts_with("node:") => "a component has no files, sockets or processes",
        None => return None,
    };
    Some(instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_node_are_known() {
        assert_eq!(instead("node:crypto"), Some("use the global `crypto`"));
        assert_eq!(instead("url"), Some("use the global `URL`"));
        let none = Some("a component has no files, sockets or processes");
        assert_eq!([instead("fs"), instead("node:sqlite")], [none; 2]);
        assert_eq!(instead("zod"), None);
        assert!(MODULES.is_sorted());
    }
}
