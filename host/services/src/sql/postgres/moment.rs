//! Dates and times as ISO 8601. PostgreSQL counts from 2000-01-01, and further than other libraries do.

const DAY: i64 = 86_400_000_000;
/// Days from 1970-01-01 to 2000-01-01.
const EPOCH: i64 = 10_957;

/// A date, in days.
pub(super) fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => day(days.into()),
    }
}

/// A time of the day, in microseconds.
pub(super) fn time(microseconds: i64) -> String {
    let seconds = microseconds / 1_000_000;
    let fraction = microseconds % 1_000_000;
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    match fraction {
        0 => clock,
        fraction if fraction % 1000 == 0 => format!("{clock}.{:03}", fraction / 1000),
        fraction => format!("{clock}.{fraction:06}"),
    }
}

/// A moment, in microseconds.
pub(super) fn timestamp(microseconds: i64, zone: bool) -> String {
    match microseconds {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        microseconds => {
            let zone = if zone { "Z" } else { "" };
            format!(
                "{}T{}{zone}",
                day(microseconds.div_euclid(DAY)),
                time(microseconds.rem_euclid(DAY))
            )
        }
    }
}

/// A day of the Gregorian calendar (`civil_from_days` of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms").
fn day(days: i64) -> String {
    let shifted = days + EPOCH + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        // The expanded form, which JavaScript also reads.
        format!("{year:+07}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (days, expected) in [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (-1, "1999-12-31"),
            (9498, "2026-01-02"),
            (-730_120, "0000-12-31"),
            (-730_486, "-000001-12-31"),
            (2_921_940, "+010000-01-01"),
            (i32::MAX, "infinity"),
            (i32::MIN, "-infinity"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn moments() {
        assert_eq!(timestamp(0, true), "2000-01-01T00:00:00Z");
        assert_eq!(timestamp(-1, false), "1999-12-31T23:59:59.999999");
        assert_eq!(timestamp(678_000, true), "2000-01-01T00:00:00.678Z");
        assert_eq!(timestamp(i64::MIN, true), "-infinity");
        assert_eq!(
            timestamp(i64::MAX - 1, true).len(),
            "+294247-01-10T04:00:54.775806Z".len()
        );
        assert_eq!(time(11_045_000_000), "03:04:05");
    }
}
