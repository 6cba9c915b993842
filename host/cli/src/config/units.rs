//! Parsing and formatting of sizes and durations.

/// Parses a size in bytes: a whole number with an optional unit KiB, MiB or GiB.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "kib" | "k" => 10,
        "mib" | "m" => 20,
        "gib" | "g" => 30,
        _ => return Err(format!("use KiB, MiB or GiB instead of `{unit}`")),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| "use a whole number with an optional unit, such as `512KiB`".to_owned())?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| "the size does not fit in 64 bits; use a smaller one".to_owned())
}

/// Parses a duration into milliseconds: seconds by default, or with a unit ms, s or m.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits
        .trim()
        .parse()
        .map_err(|_| "use a number with an optional unit, such as `30s` or `500ms`".to_owned())?;
    match &text[digits.len()..] {
        "" | "s" => seconds(number),
        "ms" => seconds(number / 1000.0),
        "m" => seconds(number * 60.0),
        unit => Err(format!("use ms, s or m instead of `{unit}`")),
    }
}

/// Converts seconds to milliseconds; the range is 1 ms to one day.
pub(crate) fn seconds(number: f64) -> Result<u64, String> {
    if !(0.001..=86_400.0).contains(&number) {
        return Err("use a duration from 1ms to 86400s (one day)".to_owned());
    }
    Ok((number * 1000.0).round() as u64)
}

/// Formats a size so that [`size`] parses it.
pub(crate) fn show_size(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let whole = |(_, shift): &(&str, u32)| bytes != 0 && bytes.trailing_zeros() >= *shift;
    match units.iter().find(|unit| whole(unit)) {
        Some((unit, shift)) => format!("{}{unit}", bytes >> shift),
        None => bytes.to_string(),
    }
}

/// Formats milliseconds so that [`duration`] parses them.
pub(crate) fn show_duration(milliseconds: u64) -> String {
    match milliseconds % 1000 {
        0 => format!("{}s", milliseconds / 1000),
        _ => format!("{milliseconds}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("10MiB"), Ok(10 << 20));
        assert_eq!(size("512"), Ok(512));
        assert_eq!(size("1 k"), Ok(1024));
        assert!(size("x").is_err() && size("-1").is_err());
        assert!(size("1 light-year").is_err());
        assert!(size("99999999999999GiB").is_err());
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(500));
        assert_eq!(duration("1.5"), Ok(1500));
        assert_eq!(duration("2m"), Ok(120_000));
        for bad in ["0", "-1s", "x", "1h", "NaN", "inf", ""] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn formatted_values_parse() {
        for bytes in [0, 1, 1000, 1024, 1 << 20, (1 << 20) + 1, 3 << 30] {
            assert_eq!(size(&show_size(bytes)), Ok(bytes));
        }
        for ms in [1, 999, 1000, 1001, 60_000, 86_400_000] {
            assert_eq!(duration(&show_duration(ms)), Ok(ms));
        }
        assert_eq!(show_size(512 << 20), "512MiB");
    }
}
