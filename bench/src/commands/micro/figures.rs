//! Parses the figures that benchmarks print into microseconds by name.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Returns the medians of a divan tree in microseconds, keyed by path through the tree.
pub(super) fn divan(text: &str) -> BTreeMap<String, f64> {
    let mut path: Vec<String> = Vec::new();
    let mut figures = BTreeMap::new();
    for line in text.lines() {
        let Some(at) = line.find("├─ ").or_else(|| line.find("╰─ ")) else {
            continue;
        };
        // Each level is three columns wide, drawn with characters of several bytes.
        let depth = line[..at].chars().count() / 3;
        let rest = &line[at..].trim_start_matches(['├', '╰', '─', ' ']);
        let mut columns = rest.split('│');
        let mut words = columns.next().unwrap_or_default().split_whitespace();
        path.truncate(depth);
        path.push(words.next().unwrap_or_default().to_owned());
        if let Some(median) = columns.nth(1).and_then(micros) {
            figures.insert(path.join("/"), median);
        }
    }
    figures
}

/// Converts a duration such as `4.526 µs` to microseconds.
fn micros(text: &str) -> Option<f64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let scale = match unit {
        "ps" => 1e-6,
        "ns" => 1e-3,
        "µs" | "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

/// Returns the medians of the app in microseconds, keyed by lane, handler and kind of instance,
/// from the output of `scripts/bench-boundary --json`.
pub(super) fn boundary(text: &str) -> Result<BTreeMap<String, f64>> {
    let start = text.find('{').context("the output does not contain JSON")?;
    let value: Value =
        serde_json::from_str(text[start..].trim()).context("the output is not valid JSON")?;
    let mut figures = BTreeMap::new();
    for lane in value["lanes"].as_array().into_iter().flatten() {
        for row in lane["rows"].as_array().into_iter().flatten() {
            // The first word of, for example, `reused instance`.
            let field = |name: &str| {
                let text = row[name].as_str().unwrap_or_default();
                text.strip_suffix(" instance").unwrap_or(text).to_owned()
            };
            let name = format!(
                "{}/{}/{}",
                lane["lane"].as_str().unwrap_or_default(),
                field("handler"),
                field("instance")
            );
            if let Some(median) = row["app_us"]["median"].as_f64() {
                figures.insert(name, median);
            }
        }
    }
    ensure!(
        !figures.is_empty(),
        "the JSON has no row in `lanes` with a median of `app_us`"
    );
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_divan() {
        let text = "\
contract            fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ body                           │               │               │               │         │
│  ├─ floor_parse   3.865 µs      │ 31.4 µs       │ 4.526 µs      │ 7.544 µs      │ 10      │ 10
│  │                265.6 MB/s    │ 32.69 MB/s    │ 226.8 MB/s    │ 136.1 MB/s    │         │
╰─ route                          │               │               │               │         │
   ├─ find                        │               │               │               │         │
   │  ╰─ 1000       116.6 ns      │ 378.8 ns      │ 138.8 ns      │ 186.5 ns      │ 10      │ 20000
   ╰─ miss          1 ms          │ 2 ms          │ 1.5 ms        │ 1 ms          │ 10      │ 20000
";
        let figures = divan(text);
        assert_eq!(figures["body/floor_parse"], 4.526);
        assert!(
            (figures["route/find/1000"] - 0.1388).abs() < 1e-9,
            "{figures:?}"
        );
        assert_eq!(figures["route/miss"], 1500.0);
        assert_eq!(figures.len(), 3);
    }

    #[test]
    fn reads_units_of_time() {
        assert_eq!(micros(" 500 ns "), Some(0.5));
        assert_eq!(micros("2 us"), Some(2.0));
        assert_eq!(micros("1.5 s"), Some(1_500_000.0));
        assert_eq!(micros("100"), None);
        assert_eq!(micros("12 MB/s"), None);
    }

    #[test]
    fn reads_lanes_after_other_output() {
        let text = r#"== measuring
{"lanes":[
 {"lane":"rust","rows":[
  {"handler":"hello","instance":"reused instance","app_us":{"p10":1.0,"median":1.5,"p90":2.0}},
  {"handler":"hello","instance":"fresh instance","app_us":{"median":9}}]},
 {"lane":"python","rows":[{"handler":"pre-handler","instance":"reused instance","app_us":{"median":12.25}}]}]}
"#;
        let figures = boundary(text).unwrap();
        assert_eq!(figures["rust/hello/reused"], 1.5);
        assert_eq!(figures["rust/hello/fresh"], 9.0);
        assert_eq!(figures["python/pre-handler/reused"], 12.25);
        assert_eq!(figures.len(), 3);
    }

    #[test]
    fn output_without_figures_is_refused() {
        for text in ["", "nothing", "{", r#"{"lanes":[]}"#, r#"{"rows":[]}"#] {
            assert!(boundary(text).is_err(), "{text}");
        }
    }
}
