//! Templates in the texts of fixtures: `{{ repeat 'x' 2000 times }}`.

use serde_json::{Map, Value};

/// Maximum size of an expanded template, in bytes.
const LONGEST: usize = 64 << 20;

/// Expands every template in a value, recursively.
///
/// # Errors
/// Fails if a template is unknown.
pub(crate) fn expand(value: &Value) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::String(expand_text(text)?),
        Value::Array(items) => items.iter().map(expand).collect::<Result<_, _>>()?,
        Value::Object(members) => Value::Object(expand_members(members)?),
        other => other.clone(),
    })
}

/// Expands every template in the members of an object.
///
/// # Errors
/// Fails if a template is unknown.
pub(crate) fn expand_members(members: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let expanded = members
        .iter()
        .map(|(key, value)| Ok((key.clone(), expand(value)?)));
    expanded.collect()
}

/// Expands every template in a text.
///
/// # Errors
/// Fails if a template is unknown.
pub(crate) fn expand_text(text: &str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((template, after)) = after.split_once("}}") else {
            break;
        };
        expanded += before;
        let unknown = || format!("unknown template `{{{{{template}}}}}`");
        expanded += &repeat(template.trim()).ok_or_else(unknown)?;
        rest = after;
    }
    Ok(expanded + rest)
}

/// Expands a template such as `repeat 'x' 2000 times`, or returns `None` if it is unknown or
/// its result too long.
fn repeat(template: &str) -> Option<String> {
    let rest = template.strip_prefix("repeat")?.trim_start();
    let quote = rest.chars().next().filter(|first| "'\"".contains(*first))?;
    let (unit, count) = rest[1..].split_once(quote)?;
    let count = count.trim().strip_suffix("times").unwrap_or(count);
    let count: usize = count.trim().parse().ok()?;
    (unit.len().checked_mul(count)? <= LONGEST).then(|| unit.repeat(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn repeats() {
        let value = json!({"a": ["<{{ repeat 'ab' 3 times }}>", 1]});
        assert_eq!(expand(&value), Ok(json!({"a": ["<ababab>", 1]})));
        assert_eq!(expand_text("{{ a"), Ok("{{ a".to_owned()));
        assert_eq!(expand_text("{}{{repeat \"x\" 2}}"), Ok("{}xx".to_owned()));
    }

    #[test]
    fn names_what_it_does_not_know() {
        let error = expand_text("{{ now }}").expect_err("an unknown template");
        assert!(error.contains("`{{ now }}`"), "{error}");
        assert!(expand_text("{{ repeat 'x' 99999999999 times }}").is_err());
    }
}
