//! Reader for JSON objects that rejects unknown members.

use serde_json::{Map, Value};

/// The members of a policy that have not been read yet.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    policy: &'a str,
    rest: Map<String, Value>,
}

impl<'a> Members<'a> {
    /// Returns the members of a policy, or `None` if the policy is disabled.
    pub(crate) fn of(policy: &'a str, value: &Value) -> Result<Option<Self>, String> {
        let mut rest = match value {
            Value::Bool(true) => Map::new(),
            Value::Bool(false) | Value::Null => return Ok(None),
            Value::Object(members) => members.clone(),
            _ => return Err(format!("unknown value `{value}` of `{policy}`")),
        };
        let off = rest.remove("enabled") == Some(Value::Bool(false));
        Ok((!off).then_some(Self { policy, rest }))
    }

    /// Removes and returns a member with any of these names. The first name that exists wins;
    /// null counts as missing.
    pub(crate) fn take(&mut self, names: &[&str]) -> Option<Value> {
        names
            .iter()
            .find_map(|name| self.rest.remove(*name))
            .filter(|value| !value.is_null())
    }

    /// Reads a non-negative integer.
    pub(crate) fn number(&mut self, names: &[&str]) -> Result<Option<u64>, String> {
        self.typed(names, "a whole number", Value::as_u64)
    }

    /// Reads a boolean.
    pub(crate) fn flag(&mut self, names: &[&str]) -> Result<Option<bool>, String> {
        self.typed(names, "a boolean", Value::as_bool)
    }

    /// Reads a string.
    pub(crate) fn text(&mut self, names: &[&str]) -> Result<Option<String>, String> {
        self.typed(names, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// Reads an array. A single value becomes an array of one item.
    pub(crate) fn list(&mut self, names: &[&str]) -> Option<Vec<Value>> {
        self.take(names).map(|value| match value {
            Value::Array(items) => items,
            item => vec![item],
        })
    }

    fn typed<T>(
        &mut self,
        names: &[&str],
        what: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.take(names) else {
            return Ok(None);
        };
        let wrong = || format!("`{}` of `{}` is {value}, not {what}", names[0], self.policy);
        read(&value).map(Some).ok_or_else(wrong)
    }

    /// Returns an error that names a member that has not been read, if one is left.
    pub(crate) fn finish(self) -> Result<(), String> {
        match self.rest.keys().next() {
            Some(name) => Err(format!("unknown member `{name}` of `{}`", self.policy)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_member_must_be_read() {
        let value = json!({"enabled": true, "a": 1, "c": "x", "d": null});
        let mut members = Members::of("p", &value).expect("members").expect("on");
        assert_eq!(members.number(&["b", "a"]), Ok(Some(1)));
        assert_eq!(members.flag(&["z"]), Ok(None));
        assert_eq!(members.list(&["c"]), Some(vec![json!("x")]));
        let error = members.finish().expect_err("`d` is left");
        assert_eq!(error, "unknown member `d` of `p`");
    }

    #[test]
    fn a_member_has_its_type() {
        let value = json!({"a": "1"});
        let mut members = Members::of("p", &value).expect("members").expect("on");
        let error = members.number(&["a"]).expect_err("a text");
        assert_eq!(error, "`a` of `p` is \"1\", not a whole number");
    }

    #[test]
    fn a_policy_may_be_off() {
        assert!(Members::of("p", &json!(false)).is_ok_and(|it| it.is_none()));
        assert!(Members::of("p", &json!({"enabled": false})).is_ok_and(|it| it.is_none()));
        assert!(Members::of("p", &json!(true)).is_ok_and(|it| it.is_some()));
        assert!(Members::of("p", &json!(3)).is_err());
    }
}
