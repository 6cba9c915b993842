//! Tests of the limit table, and of its copy in docs/configuration.md.

use super::*;
use crate::config::docs_table::assert_table;

const BEGIN: &str = "<!-- limits: from host/cli/src/config/limits.rs -->\n";
const END: &str = "<!-- end of limits -->";

#[test]
fn table_order_and_defaults_are_valid() {
    for (place, limit) in TABLE.iter().enumerate() {
        assert_eq!(limit.key as usize, place);
        assert_eq!(
            limit.check(limit.default()),
            Ok(limit.default()),
            "{limit:?}"
        );
        let shown = limit.show(limit.default());
        assert_eq!(limit.parse(&shown), Ok(limit.default()), "{limit:?}");
        let variable = limit.flag.to_uppercase().replace('-', "_");
        assert_eq!(limit.variable, format!("SPIKARD_WASM_{variable}"));
        assert_eq!(
            Limit::find(limit.table, limit.name).map(|it| it.key),
            Some(limit.key)
        );
    }
}

#[test]
fn docs_match_the_table() {
    let mut table =
        "| key | flag | default | min, max | meaning |\n|---|---|---|---|---|\n".to_owned();
    for limit in &TABLE {
        table += &format!(
            "| `{}.{}` | `--{}` | {} | {}, {} | {} |\n",
            limit.table,
            limit.name,
            limit.flag,
            limit.show_default(),
            limit.show(limit.min),
            limit.show(limit.max),
            limit.about
        );
    }
    assert_table(BEGIN, END, &table);
}

#[test]
fn reads_toml_values() {
    let memory = Limit::find("limits", "memory").unwrap();
    let time = Limit::find("limits", "queue_time").unwrap();
    let queue = Limit::find("limits", "queue").unwrap();
    assert_eq!(memory.read(&"1GiB".into()), Ok(1 << 30));
    assert_eq!(memory.read(&(1_i64 << 30).into()), Ok(1 << 30));
    assert_eq!(time.read(&5.into()), Ok(5000));
    assert_eq!(time.read(&0.25.into()), Ok(250));
    assert_eq!(time.read(&"250ms".into()), Ok(250));
    assert_eq!(queue.read(&0.into()), Ok(0));
    for (limit, bad) in [
        (memory, toml::Value::from(true)),
        (memory, 5.into()),
        (memory, "5TiB".into()),
        (time, "soon".into()),
        (time, 0.into()),
        (queue, "7".into()),
        (queue, (-1).into()),
    ] {
        assert!(limit.read(&bad).is_err(), "{bad}");
    }
}
