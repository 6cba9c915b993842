//! Flame graphs of `perf script` output, as self-contained SVG.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Sample counts by stack; the first frame is the outermost.
pub type Stacks = BTreeMap<Vec<String>, u64>;

/// Parses the output of `perf script -F comm,ip,sym`: for each sample, a line with the program,
/// then the frames from the innermost outward, then an empty line.
pub fn fold(script: &str) -> Stacks {
    let mut stacks = Stacks::new();
    for block in script.split("\n\n") {
        let mut lines = block.lines().filter(|line| !line.trim().is_empty());
        let Some(program) = lines.next() else {
            continue;
        };
        let frame = |line: &str| {
            let line = line.trim();
            let symbol = line
                .split_once(' ')
                .map_or(line, |(_, symbol)| symbol)
                .trim();
            if symbol == "[unknown]" || symbol.is_empty() {
                "unknown or JIT-compiled".to_owned()
            } else {
                symbol.to_owned()
            }
        };
        let mut stack: Vec<String> = lines.map(frame).collect();
        stack.push(program.trim().to_owned());
        stack.reverse();
        stack.dedup();
        *stacks.entry(stack).or_default() += 1;
    }
    stacks
}

/// Formats stacks in the folded form that other flame graph tools read.
pub fn text(stacks: &Stacks) -> String {
    let mut text = String::new();
    for (stack, samples) in stacks {
        let frames: Vec<String> = stack.iter().map(|frame| frame.replace(';', ":")).collect();
        let _ = writeln!(text, "{} {samples}", frames.join(";"));
    }
    text
}

const WIDTH: f64 = 1200.0;
const ROW: f64 = 17.0;

/// Draws the graph; each frame has a tooltip with its share of samples.
pub fn svg(title: &str, stacks: &Stacks) -> String {
    let total: u64 = stacks.values().sum();
    let depth = stacks.keys().map(Vec::len).max().unwrap_or(0);
    let height = (depth as f64 + 2.0) * ROW + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><text x=\"4\" y=\"14\">{}: {total} samples</text>",
        escape(title)
    );
    let all: Vec<(&[String], u64)> = stacks
        .iter()
        .map(|(stack, samples)| (stack.as_slice(), *samples))
        .collect();
    level(&mut svg, &all, 0, 0.0, total.max(1), height);
    svg + "</svg>"
}

/// Draws the frames of one depth for sorted stacks that are equal up to that depth.
fn level(
    svg: &mut String,
    stacks: &[(&[String], u64)],
    depth: usize,
    left: f64,
    total: u64,
    height: f64,
) {
    let mut x = left;
    let mut rest = stacks;
    while let Some(first) = rest.first() {
        let Some(name) = first.0.get(depth) else {
            x += first.1 as f64 / total as f64 * WIDTH;
            rest = &rest[1..];
            continue;
        };
        let alike = rest
            .iter()
            .take_while(|stack| stack.0.get(depth) == Some(name))
            .count();
        let samples: u64 = rest[..alike].iter().map(|stack| stack.1).sum();
        let width = samples as f64 / total as f64 * WIDTH;
        if width >= 0.3 {
            let y = height - (depth as f64 + 1.0) * ROW - 4.0;
            let hue = name.bytes().fold(0_u32, |sum, byte| {
                sum.wrapping_mul(31).wrapping_add(byte.into())
            }) % 50;
            let shown: String = name.chars().take((width / 6.7) as usize).collect();
            let shown = if width < 25.0 {
                String::new()
            } else {
                escape(&shown)
            };
            let _ = write!(
                svg,
                "<g><title>{}: {samples} samples, {:.2} %</title><rect x=\"{x:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{}\" \
                 fill=\"hsl({hue},75%,66%)\" stroke=\"#fff\" stroke-width=\"0.4\"/><text x=\"{:.2}\" y=\"{:.1}\">{shown}</text></g>",
                escape(name),
                samples as f64 * 100.0 / total as f64,
                ROW - 1.0,
                x + 2.0,
                y + 12.0
            );
            level(svg, &rest[..alike], depth + 1, x, total, height);
        }
        x += width;
        rest = &rest[alike..];
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_and_draws() {
        let script = "server\n\t ffff inner\n\t ffff outer\n\nserver\n\t ffff other\n\t ffff outer\n\nserver\n\t ffff inner\n\t ffff outer\n\n";
        let stacks = fold(script);
        assert_eq!(
            text(&stacks),
            "server;outer;inner 2\nserver;outer;other 1\n"
        );
        let picture = svg("x<y", &stacks);
        assert!(
            picture.contains("inner: 2 samples, 66.67 %") && picture.contains("x&lt;y: 3 samples"),
            "{picture}"
        );
    }
}
