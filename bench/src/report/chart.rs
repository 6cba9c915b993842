//! Charts as self-contained SVG. Colors come from the style sheet of the page.

use std::fmt::Write as _;

use super::number::number;

/// A bar: its name, its value and its confidence interval, if any.
pub(super) type Bar = (String, f64, Option<(f64, f64)>);

/// Draws horizontal bars that start at zero.
pub(super) fn bars(title: &str, rows: &[Bar]) -> String {
    let most = rows
        .iter()
        .map(|row| row.2.map_or(row.1, |interval| interval.1.max(row.1)))
        .fold(0.0, f64::max);
    let (left, width, step) = (230.0, 430.0, 24.0);
    let height = rows.len() as f64 * step + 8.0;
    let mut svg = open(title, 760.0, height);
    for (index, (name, value, interval)) in rows.iter().enumerate() {
        let y = index as f64 * step + 4.0;
        let length = if most > 0.0 {
            value / most * width
        } else {
            0.0
        };
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect class=\"c{}\" x=\"{left}\" y=\"{y}\" width=\"{length:.1}\" height=\"16\"/>",
            left - 8.0,
            y + 12.5,
            escape(name),
            index % COLOURS
        );
        let mut end = length;
        if let Some((low, high)) = interval.filter(|_| most > 0.0) {
            let (from, to) = (left + low / most * width, left + high / most * width);
            end = end.max(to - left);
            let _ = write!(
                svg,
                "<path class=\"whisker\" d=\"M{from:.1} {m}H{to:.1}M{from:.1} {a}V{b}M{to:.1} {a}V{b}\"/>",
                m = y + 8.0,
                a = y + 4.0,
                b = y + 12.0
            );
        }
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\">{}</text>",
            left + end + 6.0,
            y + 12.5,
            number(*value)
        );
    }
    svg + "</svg></figure>"
}

/// A stacked bar: its name, and the values of its parts by name.
pub(super) type Stack = (String, Vec<(String, f64)>);

/// Draws one stacked bar per row.
pub(super) fn stacks(title: &str, parts: &[&str], rows: &[Stack]) -> String {
    let sum = |row: &Stack| row.1.iter().map(|(_, value)| value).sum::<f64>();
    let most = rows.iter().map(sum).fold(0.0, f64::max);
    let (left, width, step) = (230.0, 430.0, 24.0);
    let height = rows.len() as f64 * step + 8.0;
    let mut svg = open(title, 760.0, height);
    for (index, row) in rows.iter().enumerate() {
        let y = index as f64 * step + 4.0;
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            left - 8.0,
            y + 12.5,
            escape(&row.0)
        );
        let mut x = left;
        for (name, value) in &row.1 {
            let length = if most > 0.0 {
                value / most * width
            } else {
                0.0
            };
            let colour = parts.iter().position(|part| part == name).unwrap_or(0) % COLOURS;
            let _ = write!(
                svg,
                "<rect class=\"c{colour}\" x=\"{x:.1}\" y=\"{y}\" width=\"{length:.1}\" height=\"16\"><title>{}: {} us</title></rect>",
                escape(name),
                number(*value)
            );
            x += length;
        }
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\">{} us</text>",
            x + 6.0,
            y + 12.5,
            number(sum(row))
        );
    }
    svg += "</svg>";
    svg += &legend(parts);
    svg + "</figure>"
}

/// A curve: its name and its points.
pub(super) type Curve = (String, Vec<(f64, f64)>);

/// The scale of the horizontal axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// Percentiles; each further nine gets the same width.
    Percentile,
    /// Linear, from 0.
    Linear,
    /// Logarithmic with a mark at each value, for sweeps whose values grow by factors.
    Logarithmic,
}

/// Draws curves; the vertical axis is logarithmic if the values span a wide range.
pub(super) fn curves(title: &str, axis: Axis, unit: &str, rows: &[Curve]) -> String {
    let points = || rows.iter().flat_map(|row| &row.1);
    let place = |x: f64| match axis {
        Axis::Percentile => -(1.0 - (x / 100.0).min(0.99999)).log10(),
        Axis::Linear => x,
        Axis::Logarithmic => x.max(1.0).ln(),
    };
    let (least_x, most_x) = bounds(points().map(|point| place(point.0)));
    let (least, most) = bounds(points().map(|point| point.1).filter(|value| *value > 0.0));
    let logarithmic = least > 0.0 && most / least > 20.0;
    let scale = |value: f64| match logarithmic {
        true => (value.max(least).ln() - least.ln()) / (most.ln() - least.ln()).max(1e-9),
        false => value / most.max(1e-9),
    };
    let (left, top, width, height) = (70.0, 10.0, 640.0, 220.0);
    let x_at = |x: f64| left + (place(x) - least_x) / (most_x - least_x).max(1e-9) * width;
    let y_at = |y: f64| top + height - scale(y) * height;
    let mut svg = open(title, 760.0, 270.0);
    for tick in ticks(least, most, logarithmic) {
        let y = y_at(tick);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{left} {y:.1}H{}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left + width,
            left - 6.0,
            y + 4.0,
            number(tick)
        );
    }
    let marks: Vec<f64> = match axis {
        Axis::Percentile => vec![50.0, 90.0, 99.0, 99.9, 99.99],
        Axis::Linear => (0..=4).map(|part| most_x * f64::from(part) / 4.0).collect(),
        Axis::Logarithmic => {
            let mut all: Vec<f64> = points().map(|point| point.0).collect();
            all.sort_by(f64::total_cmp);
            all.dedup();
            all
        }
    };
    for mark in marks {
        let text = if axis == Axis::Percentile {
            format!("p{mark}")
        } else {
            number(mark)
        };
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            x_at(mark),
            top + height + 18.0
        );
    }
    for (index, (_, points)) in rows.iter().enumerate() {
        let line: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{:.1} {:.1}", x_at(*x), y_at(*y)))
            .collect();
        if !line.is_empty() {
            let _ = write!(
                svg,
                "<path class=\"line l{}{}\" d=\"M{}\"/>",
                index % COLOURS,
                dashed(index),
                line.join("L")
            );
        }
    }
    let _ = write!(
        svg,
        "<text x=\"{left}\" y=\"{}\">{}</text></svg>",
        top + height + 36.0,
        escape(unit)
    );
    let names: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    svg + &legend(&names) + "</figure>"
}

const COLOURS: usize = 10;

/// Returns the class that distinguishes curves of the same color.
fn dashed(index: usize) -> &'static str {
    if index < COLOURS { "" } else { " dashed" }
}

fn open(title: &str, width: f64, height: f64) -> String {
    let title = escape(title);
    format!(
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">"
    )
}

fn legend(names: &[&str]) -> String {
    let one = |(index, name): (usize, &&str)| {
        format!(
            "<span><i class=\"c{}{}\"></i>{}</span>",
            index % COLOURS,
            dashed(index),
            escape(name)
        )
    };
    format!(
        "<p class=\"legend\">{}</p>",
        names.iter().enumerate().map(one).collect::<String>()
    )
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = values.fold((f64::MAX, f64::MIN), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    if least > most {
        (0.0, 1.0)
    } else {
        (least, most)
    }
}

fn ticks(least: f64, most: f64, logarithmic: bool) -> Vec<f64> {
    if !logarithmic {
        return (0..=4).map(|part| most * f64::from(part) / 4.0).collect();
    }
    let from = least.log10().floor() as i32;
    let to = most.log10().ceil() as i32;
    (from..=to)
        .map(|power| 10_f64.powi(power))
        .filter(|tick| *tick >= least && *tick <= most)
        .collect()
}

/// Escapes text for HTML and SVG.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_spreads_powers_evenly() {
        let points = [1.0, 100.0, 10_000.0].map(|x| (x, 5.0)).to_vec();
        let svg = curves(
            "t",
            Axis::Logarithmic,
            "by routes",
            &[("a".to_owned(), points)],
        );
        assert!(svg.contains("M70.0 10.0L390.0 10.0L710.0 10.0"), "{svg}");
        assert!(
            svg.contains(">10,000</text>") && svg.contains(">100</text>"),
            "{svg}"
        );
    }
}
