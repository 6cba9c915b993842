//! Parameters of types of other crates.

#![allow(unused_imports, reason = "each feature uses some")]

use super::param::{ParamWriter, ToParam, params};

#[cfg(feature = "uuid")]
params! {
    uuid::Uuid: |value, writer| writer.typed("uuid", &value.to_string());
}

#[cfg(feature = "rust_decimal")]
params! {
    rust_decimal::Decimal: |value, writer| writer.typed("decimal", &value.to_string());
}

#[cfg(feature = "chrono")]
params! {
    chrono::NaiveDate: |value, writer| writer.typed("date", &value.to_string());
    chrono::NaiveTime: |value, writer| writer.typed("time", &value.to_string());
    chrono::NaiveDateTime: |value, writer| {
        writer.typed("timestamp", &value.format("%Y-%m-%dT%H:%M:%S%.f").to_string());
    };
}

#[cfg(feature = "chrono")]
impl<Zone: chrono::TimeZone> ToParam for chrono::DateTime<Zone> {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        let utc = self.with_timezone(&chrono::Utc);
        let text = utc.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        writer.typed("timestamp", &text);
    }
}

#[cfg(feature = "time")]
mod time_crate {
    use time::format_description::FormatItem;
    use time::macros::format_description;
    use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

    use super::{ParamWriter, ToParam, params};

    const DATE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");
    const TIME: &[FormatItem<'_>] = format_description!("[hour]:[minute]:[second].[subsecond]");

    fn date(date: Date) -> String {
        date.format(DATE).unwrap_or_default()
    }

    fn time(time: Time) -> String {
        time.format(TIME).unwrap_or_default()
    }

    params! {
        Date: |value, writer| writer.typed("date", &date(*value));
        Time: |value, writer| writer.typed("time", &time(*value));
        PrimitiveDateTime: |value, writer| {
            writer.typed("timestamp", &format!("{}T{}", date(value.date()), time(value.time())));
        };
        OffsetDateTime: |value, writer| {
            let value = value.to_offset(UtcOffset::UTC);
            writer.typed("timestamp", &format!("{}T{}Z", date(value.date()), time(value.time())));
        };
    }
}
