//! Number formatting for reports.

/// Formats a number with three significant digits.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 1000.0 => {
            let digits = format!("{value:.0}");
            let mut text = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers() {
        for (value, text) in [
            (1_234_567.0, "1,234,567"),
            (999.6, "1000"),
            (99.96, "100.0"),
            (0.5, "0.500"),
            (0.0, "0"),
        ] {
            assert_eq!(super::number(value), text);
        }
    }
}
